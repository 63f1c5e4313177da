"""What was counted, as tables for other programs."""

__all__ = ["csv_table", "full_export"]
