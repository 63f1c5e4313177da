"""A flow file, from its bytes to its totals per pair and day."""

__all__ = ["byte_stream", "flow_file", "headers", "notes", "parts", "quarantine", "row_counters", "values"]
