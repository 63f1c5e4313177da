"""What was counted, what became of files, and what is stored."""

__all__ = ["counted", "file_report", "item_size", "progress", "scan", "stored"]
