"""What was counted, as tables for other programs."""

__all__ = ["csv_table", "files", "full_export", "locales", "table", "traffic_tables"]
