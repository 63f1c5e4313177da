"""Lambda on this computer: the real runtime client and the real package, in processes of their own.

Each execution environment is a process that sees only the unpacked zip and the libraries that AWS's
runtime brings, and talks to a Runtime API of its own. Functions and event source mappings are read from
what is deployed, and their documented semantics followed: see `queue_mapping` and `stream_mapping`.
"""

__all__ = ["environment", "function", "libraries", "service"]
