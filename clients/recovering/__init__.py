"""Starting again, taking out, comparing and rebuilding."""
