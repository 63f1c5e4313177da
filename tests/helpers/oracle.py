"""An independent opinion: daily totals computed by DuckDB in SQL, with nothing of flowtally's own."""

from pathlib import Path

import duckdb

from models.traffic import PairDay, Totals

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
