"""What people see: tables, bars and CSV."""

__all__ = [
    "files",
    "findings",
    "pairs",
    "pipeline_progress",
    "report",
    "stacks",
    "stored",
    "upload_progress",
    "verification",
]
