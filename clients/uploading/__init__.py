"""Files on their way from a branch to the bucket."""

__all__ = [
    "content",
    "earlier_states",
    "following",
    "foreseen",
    "into_statistics",
    "local_files",
    "outcome",
    "uploader",
]
