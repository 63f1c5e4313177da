"""What people see: tables, bars and CSV."""

__all__ = [
    "files",
    "findings",
    "glance",
    "listing",
    "output",
    "pairs",
    "pipeline_progress",
    "ranking",
    "redrive",
    "report",
    "stacks",
    "stored",
    "unreadable",
    "upload_progress",
    "verification",
]
