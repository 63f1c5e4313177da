"""The terminal program `flowtally`."""

__all__ = ["insight", "local_aws", "queries", "terminal", "uploading"]
