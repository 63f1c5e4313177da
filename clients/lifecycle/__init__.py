"""Making, changing and removing a deployment."""

__all__ = ["deploy", "destroy", "retained_resources"]
