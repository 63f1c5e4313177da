"""Days and pairs as tables: plain rectangles that any program reads."""

from collections.abc import Iterable, Iterator

from clients.exporting.table import Cell, Column, Table
from models.history import History
from models.moments import Moments
from models.storage.schema import PairStatistics
from models.traffic import split_pair

_ENDS = (Column("source", "Src IP", "text"), Column("destination", "Dst IP", "text"))
_TOTALS = (
    Column("duration_total_us", "Total Flow Duration (us)", "integer"),
    Column("packets_total", "Total Fwd Pkts", "integer"),
)


def days_table(pairs: Iterable[tuple[str, History]], *, sample: bool = False) -> Table:
    """A row for each day of each pair; figures over these days of the pair stand in each of them.

    Args:
        pairs: the key and the days of each.
        sample: whether the deviations are those of a sample (n − 1).
    """
    day = (Column("day", "Day", "day"), Column("flows", "Flows", "integer"))
    columns = (*_ENDS, *day, *_TOTALS, *_columns_over_days(sample=sample))
    return Table("days", columns, _day_rows(pairs, sample=sample), _deviation(sample=sample))


def pairs_table(pairs: Iterable[tuple[str, Moments, Moments]], *, sample: bool = False) -> Table:
    """A row for each pair.

    Args:
        pairs: the key of each, and the moments of its daily flow duration and packets.
        sample: whether the deviations are those of a sample (n − 1).
    """
    days, *others = _columns_over_days(sample=sample)
    columns = (*_ENDS, days, *_TOTALS, *others)
    return Table("pairs", columns, _pair_rows(pairs, sample=sample), _deviation(sample=sample))


def moments_of_histories(pairs: Iterable[tuple[str, History]]) -> Iterator[tuple[str, Moments, Moments]]:
    """What the rows of pairs are made of, from their days."""
    for pair, history in pairs:
        yield pair, Moments.of(history.durations), Moments.of(history.packets)


def moments_of_statistics(
    pairs: Iterable[PairStatistics], set_aside: list[str]
) -> Iterator[tuple[str, Moments, Moments]]:
    """The same from their statistics.

    Args:
        pairs: the statistics.
        set_aside: gets the keys of those whose sums are not those of their days: these are passed over.
    """
    for pair in pairs:
        key = f"{pair.source}>{pair.destination}"
        if pair.set_aside:
            set_aside.append(key)
        elif pair.days:
            yield key, pair.duration, pair.packets


def _columns_over_days(*, sample: bool) -> tuple[Column, ...]:
    """What is said over the days of a pair; the names of the deviations say which they are."""
    kind, end = ("sample", "_sample") if sample else ("population", "")
    return (
        Column("days", "Days", "integer"),
        Column("duration_avg_us", "Avg Flow Duration (us)", "number"),
        Column(f"duration_std_us{end}", f"Std Flow Duration (us; {kind})", "number"),
        Column("packets_avg", "Avg Fwd Pkts", "number"),
        Column(f"packets_std{end}", f"Std Fwd Pkts ({kind})", "number"),
    )


def _deviation(*, sample: bool) -> str:
    return "sample" if sample else "population"


def _day_rows(pairs: Iterable[tuple[str, History]], *, sample: bool) -> Iterator[list[Cell]]:
    for pair, history in pairs:
        ends = split_pair(pair)
        over = _over_days(Moments.of(history.durations), Moments.of(history.packets), sample=sample)
        numbers = zip(history, history.flows, history.durations, history.packets, strict=True)
        yield from ([*ends, *day, *over] for day in numbers)


def _pair_rows(pairs: Iterable[tuple[str, Moments, Moments]], *, sample: bool) -> Iterator[list[Cell]]:
    for pair, duration, packets in pairs:
        days, *others = _over_days(duration, packets, sample=sample)
        yield [*split_pair(pair), days, duration.total, packets.total, *others]


def _over_days(duration: Moments, packets: Moments, *, sample: bool) -> tuple[Cell, ...]:
    """All digits that a double holds; None for what is not defined."""
    return (
        duration.count,
        duration.mean,
        duration.deviation(sample=sample),
        packets.mean,
        packets.deviation(sample=sample),
    )
