"""Templates, and their deployment."""

__all__ = ["change_sets", "deploy", "package", "plan", "stack", "templates"]
