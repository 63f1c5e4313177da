"""Benchmarks, the data they run on, and the comparison of Lambda with a VM."""

__all__: list[str] = []
