"""What a verification found."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from clients.recovering.verify import Difference, PairMoments
from clients.render.listing import Column, Listing
from clients.terminal.console import count_of


class _WrongFigure(NamedTuple):
    """One figure of a pair that is not what it should be."""

    pair: Difference
    figure: str
    stored: int
    expected: int


DIFFERENCES = [
    Column("source", lambda wrong: wrong.pair.source, "Source"),
    Column("destination", lambda wrong: wrong.pair.destination, "Destination"),
    Column("figure", lambda wrong: wrong.figure, "Figure"),
    Column("stored", lambda wrong: wrong.stored, "Stored", kind="integer"),
    Column("expected", lambda wrong: wrong.expected, "Should be", kind="integer"),
]


def differences_listing(differences: Sequence[Difference]) -> Listing:
    """What is stored of each pair, and what it should be: one row per figure that differs."""
    title = "Statistics that are not what the daily totals give"
    wrong = [figure for pair in differences for figure in _wrong_figures(pair)]
    return Listing("differences", title, DIFFERENCES, wrong, is_shown_empty=False)


def _wrong_figures(pair: Difference) -> Iterator[_WrongFigure]:
    expected = _figures(pair.expected)
    for figure, stored in _figures(pair.stored).items():
        if stored != expected[figure]:
            yield _WrongFigure(pair, figure, stored, expected[figure])


def _figures(moments: PairMoments) -> dict[str, int]:
    return {
        "days": moments.duration.count,
        "Σ duration": moments.duration.total,
        "Σ duration²": moments.duration.squares,
        "Σ packets": moments.packets.total,
        "Σ packets²": moments.packets.squares,
    }


def summary_of(pairs: int, days: int) -> str:
    """`626 pairs, 1,204 pair-days`."""
    return f"{count_of(pairs, 'pair')}, {count_of(days, 'pair-day')}"
