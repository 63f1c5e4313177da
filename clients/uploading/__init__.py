"""Files on their way from a branch to the bucket."""

__all__ = ["content", "following", "local_files", "uploader"]
