"""Templates, and their deployment."""

__all__ = ["adoption", "change_sets", "deploy", "package", "plan", "stack", "templates"]
