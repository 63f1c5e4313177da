"""A pair, a device or a network at a glance: a chart and a few figures."""

from clients.render.glance.listings import (
    DAYS,
    LAST_DAYS,
    days_listing,
    figure_columns,
    figures_listing,
    last_days_listing,
    print_days,
)

__all__ = [
    "DAYS",
    "LAST_DAYS",
    "days_listing",
    "figure_columns",
    "figures_listing",
    "last_days_listing",
    "print_days",
]
