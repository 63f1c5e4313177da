"""Single figures, each by a script: reading, writing, cold starts, latency, memory, keeping up."""

__all__: list[str] = []
