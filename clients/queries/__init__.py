"""What was counted, what became of files, and what is stored."""

__all__ = [
    "branches",
    "consolidation",
    "counted",
    "file_report",
    "problems",
    "progress",
    "scan",
    "search",
    "stored",
    "twins",
]
