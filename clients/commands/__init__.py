"""The commands of `flowtally`, a file each: its options, what it calls, what it shows."""

__all__ = [
    "anomalies",
    "completion",
    "demo",
    "deploy",
    "destroy",
    "environment",
    "export",
    "redrive",
    "report",
    "retract",
    "status",
    "top",
    "upload",
    "verify",
]
