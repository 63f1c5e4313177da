"""What is said of items that could not be read, and of pairs that were set aside."""

from collections.abc import Sequence

from clients.terminal.console import count_of, warn
from models.visible import visible

_NAMED = 5


def warn_of_unreadable(unreadable: Sequence[str]) -> None:
    """Prints a warning that names the items, if there are any.

    Args:
        unreadable: pair and week of each.
    """
    if unreadable:
        warn(
            f"{count_of(len(unreadable), 'item')} of the daily totals cannot be read and "
            f"{'is' if len(unreadable) == 1 else 'are'} left out: {_some(unreadable)}. "
            "Somebody changed them by hand: look at them in the table DailyTotals"
        )


def warn_of_set_aside(pairs: Sequence[str]) -> None:
    """Prints a warning that names pairs without statistics, if there are any.

    Args:
        pairs: their keys.
    """
    if pairs:
        warn(
            f"the statistics of {count_of(len(pairs), 'pair')} were set aside and are left out: "
            f"{_some(pairs)}. `flowtally verify SRC DST` says why"
        )


def _some(names: Sequence[str]) -> str:
    more = ", …" if len(names) > _NAMED else ""
    return visible(", ".join(names[:_NAMED])) + more
