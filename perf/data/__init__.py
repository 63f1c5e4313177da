"""Traffic to measure with: made up like VARIoT's, or VARIoT's own."""

__all__ = ["generate", "hostile", "oracle", "scan", "stories"]
