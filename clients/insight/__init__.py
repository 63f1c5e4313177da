"""What deserves a look: findings in daily totals, the pairs and devices that matter, and the words for it."""

__all__ = [
    "detector",
    "findings",
    "glance",
    "grouping",
    "overview",
    "quality",
    "ranking",
    "selection",
]
