"""What is said of items that could not be read."""

from collections.abc import Sequence

from clients.terminal.console import count_of, warn

_NAMED = 5


def warn_of_unreadable(unreadable: Sequence[str]) -> None:
    """Prints a warning that names the items, if there are any.

    Args:
        unreadable: pair and week of each.
    """
    if unreadable:
        more = ", …" if len(unreadable) > _NAMED else ""
        warn(
            f"{count_of(len(unreadable), 'item')} of the daily totals cannot be read and "
            f"{'is' if len(unreadable) == 1 else 'are'} left out: {', '.join(unreadable[:_NAMED])}{more}. "
            "Somebody changed them by hand: look at them in the table DailyTotals"
        )
