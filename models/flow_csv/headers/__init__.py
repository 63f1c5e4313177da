"""Where the columns of a flow file are: by its header line, or without one."""

__all__ = ["columns", "header_lines", "no_header"]
