"""What a month costs, by the prices of AWS."""

__all__ = ["cost", "prices"]
