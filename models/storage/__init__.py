"""Tables and bucket: schema, and the operations that change and read them exactly."""

__all__ = [
    "aws_clients",
    "batch_read",
    "changes",
    "daily_totals",
    "file_records",
    "item_size",
    "numbers",
    "objects",
    "pair_statistics",
    "schema",
    "statistics_item",
]
