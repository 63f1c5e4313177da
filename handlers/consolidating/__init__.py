"""The second stage: from changes of daily totals to the statistics of pairs, and to alerts."""

__all__ = ["alerts", "repair", "stage"]
