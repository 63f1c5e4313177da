"""A flow file, from its bytes to its totals per pair and day."""
