"""What every room knows: traffic and its arithmetic, errors, and where a deployment keeps its things."""

__all__ = [
    "bucket_layout",
    "days",
    "deployment",
    "errors",
    "flow_csv",
    "history",
    "load",
    "moments",
    "outliers",
    "s3_events",
    "storage",
    "traffic",
    "visible",
]
