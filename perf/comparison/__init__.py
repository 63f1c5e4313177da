"""Lambda against the VM over a whole dataset."""

__all__: list[str] = []
