"""What every room knows: traffic and its arithmetic, errors, and where a deployment keeps its things."""

__all__ = [
    "bucket_layout",
    "deployment",
    "errors",
    "flow_csv",
    "load",
    "moments",
    "outliers",
    "s3_events",
    "storage",
    "traffic",
    "visible",
]
