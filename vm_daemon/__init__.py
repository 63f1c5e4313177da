"""The two stages driven by long-lived pollers on a Linux VM."""

__all__: list[str] = []
