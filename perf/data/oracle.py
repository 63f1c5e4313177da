"""An independent opinion of what must come out: totals by DuckDB in SQL, statistics computed all at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import duckdb

from models.storage.changes import Sums
from models.traffic import PairDay, Totals

Daily = Mapping[PairDay, Totals]

_DAILY_TOTALS = """
    SELECT "Src IP", "Dst IP",
           strftime(strptime(left("Timestamp", 10), '%d/%m/%Y'), '%Y-%m-%d'),
           sum("Flow Duration"::HUGEINT)::VARCHAR,
           sum("Tot Fwd Pkts"::HUGEINT)::VARCHAR,
           count(*)
    FROM read_csv(?, header = true, all_varchar = true, delim = ',', quote = '', escape = '')
    GROUP BY ALL
"""


def daily_totals_by_duckdb(file: Path) -> dict[PairDay, Totals]:
    """Daily totals of a clean file in the form of CICFlowMeter 4, gzipped or not."""
    with duckdb.connect() as connection:
        rows = connection.execute(_DAILY_TOTALS, [str(file)]).fetchall()
    return {
        PairDay(source, destination, day): Totals(int(duration), int(packets), flows)
        for source, destination, day, duration, packets, flows in rows
    }


def statistics_of(days: Daily) -> dict[tuple[str, str], Sums]:
    """What the statistics of these days must be, computed at once."""
    pairs: dict[tuple[str, str], list[Totals]] = defaultdict(list)
    for day, totals in days.items():
        pairs[day.source, day.destination].append(totals)
    return {
        pair: Sums(
            len(days),
            sum(day.duration for day in days),
            sum(day.duration**2 for day in days),
            sum(day.packets for day in days),
            sum(day.packets**2 for day in days),
        )
        for pair, days in pairs.items()
    }


def merged(files: Iterable[Daily]) -> dict[PairDay, Totals]:
    """The daily totals of several files together."""
    sums: dict[PairDay, Totals] = {}
    for file in files:
        for day, totals in file.items():
            sums[day] = Totals(*(a + b for a, b in zip(sums.get(day, Totals()), totals, strict=True)))
    return sums
