"""Starting again, taking out, comparing and rebuilding."""

__all__ = ["redrive", "repair", "retract", "verify"]
