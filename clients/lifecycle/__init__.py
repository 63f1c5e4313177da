"""Making, changing and removing a deployment."""
