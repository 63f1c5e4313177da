"""What was counted, what became of files, and what is stored."""

__all__ = [
    "branches",
    "compute",
    "consolidation",
    "counted",
    "file_report",
    "lag",
    "problems",
    "progress",
    "scan",
    "search",
    "stages",
    "stored",
    "twins",
]
