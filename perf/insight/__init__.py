"""How well findings tell what happened: measured on stories with their truth."""

__all__: list[str] = []
