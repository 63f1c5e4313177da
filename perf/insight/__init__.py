"""How well findings tell what happened: measured on stories with their truth."""
