"""The two stages, summarize and consolidate, and their Lambda entry points."""

__all__ = [
    "alerts",
    "assembly",
    "concurrency",
    "consolidate",
    "consolidate_stage",
    "counting",
    "file_fates",
    "logs",
    "messages",
    "metrics",
    "repair",
    "summarize",
    "verify",
]
