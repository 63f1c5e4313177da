"""What was counted, what became of files, and what is stored."""

__all__ = ["counted", "file_report", "progress", "scan", "search", "stored"]
