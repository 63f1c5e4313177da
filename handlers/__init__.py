"""The two stages, summarize and consolidate, and their Lambda entry points."""

__all__ = [
    "assembly",
    "concurrency",
    "consolidate",
    "consolidating",
    "logs",
    "metrics",
    "summarize",
    "summarizing",
    "verify",
]
