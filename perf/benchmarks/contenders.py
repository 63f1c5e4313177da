"""The ways to total a flow file that `perf.benchmarks.summarize` compares.

    python -m perf.benchmarks.contenders NAME FILE

Each prints the same thing: how many pair-days there are, and the sums over all of them. Only flowtally
validates, hashes and quarantines; the others take for granted that the file is clean.
"""

# ruff: noqa: PTH123  # pathlib would weigh on every start

import os
import sys
from collections.abc import Callable

COLUMNS = ("Src IP", "Dst IP", "Timestamp", "Flow Duration", "Tot Fwd Pkts")
Answer = tuple[int, int, int]  # pair-days, total duration, total packets


def flowtally(path: str) -> Answer:
    """Our own reader, with all validation and the digest."""
    from models.flow_csv.flow_file import read_flow_file  # noqa: PLC0415  # each way imports what it needs

    with open(path, "rb", buffering=0) as stream, open(os.devnull, "wb") as quarantine:
        totals = read_flow_file(stream, quarantine).totals
    sums = totals.values()
    return len(totals), sum(day.duration for day in sums), sum(day.packets for day in sums)


def csv_module(path: str) -> Answer:
    """The standard library's reader and a dictionary."""
    import csv  # noqa: PLC0415

    totals: dict[tuple[str, str, str], list[int]] = {}
    with open(path, newline="") as stream:
        rows = csv.reader(stream)
        header = next(rows)
        source, destination, timestamp, duration, packets = (header.index(name) for name in COLUMNS)
        for row in rows:
            key = row[source], row[destination], row[timestamp][:10]
            sums = totals.get(key)
            if sums is None:
                sums = totals[key] = [0, 0]
            sums[0] += int(row[duration])
            sums[1] += int(row[packets])
    return len(totals), sum(day[0] for day in totals.values()), sum(day[1] for day in totals.values())


def polars(path: str) -> Answer:
    """Polars, lazily, with its streaming engine."""
    import polars as pl  # noqa: PLC0415

    frame = (
        pl.scan_csv(path, infer_schema=False)
        .select(
            pl.col("Src IP", "Dst IP"),
            pl.col("Timestamp").str.head(10),
            pl.col("Flow Duration", "Tot Fwd Pkts").cast(pl.Int64),
        )
        .group_by("Src IP", "Dst IP", "Timestamp")
        .sum()
        .collect(engine="streaming")
    )
    return frame.height, int(frame["Flow Duration"].sum()), int(frame["Tot Fwd Pkts"].sum())


def duckdb(path: str) -> Answer:
    """DuckDB's own CSV reader and SQL."""
    import duckdb as engine  # noqa: PLC0415

    query = """
        SELECT count(*), sum(duration), sum(packets) FROM (
            SELECT sum("Flow Duration"::BIGINT) AS duration, sum("Tot Fwd Pkts"::BIGINT) AS packets
            FROM read_csv(?, header = true, all_varchar = true, delim = ',', quote = '', escape = '')
            GROUP BY "Src IP", "Dst IP", left("Timestamp", 10))
    """
    row = engine.execute(query, [path]).fetchone() or (0, 0, 0)
    return int(row[0]), int(row[1]), int(row[2])


def pandas(path: str) -> Answer:
    """Pandas, with its fast parser and only the columns that are needed."""
    import pandas as pd  # noqa: PLC0415

    frame = pd.read_csv(path, usecols=list(COLUMNS), engine="c")
    frame["Timestamp"] = frame["Timestamp"].str.slice(0, 10)
    totals = frame.groupby(["Src IP", "Dst IP", "Timestamp"])[["Flow Duration", "Tot Fwd Pkts"]].sum()
    return len(totals), int(totals["Flow Duration"].sum()), int(totals["Tot Fwd Pkts"].sum())


_AWK = """
    NR > 1 { day = substr($7, 1, 10); duration[$2, $4, day] += $8; packets[$2, $4, day] += $9 }
    END { for (key in duration) { n++; d += duration[key]; p += packets[key] }
          printf "%d %.0f %.0f", n, d, p }
"""

_IN_PYTHON: dict[str, Callable[[str], Answer]] = {
    "flowtally": flowtally,
    "polars": polars,
    "duckdb": duckdb,
    "pandas": pandas,
    "csv module": csv_module,
}
CONTENDERS = (*_IN_PYTHON, "mawk")


def installed() -> list[str]:
    """The contenders that there are on this machine; only mawk may be missing."""
    import shutil  # noqa: PLC0415  # not to burden the contenders with it

    return [name for name in CONTENDERS if name != "mawk" or shutil.which("mawk")]


def command_of(name: str, file: os.PathLike[str]) -> list[str]:
    """What runs a contender. mawk needs no Python around it; its numbers are doubles."""
    if name == "mawk":
        return ["mawk", "-F,", _AWK, str(file)]
    return [sys.executable, "-m", "perf.benchmarks.contenders", name, str(file)]


if __name__ == "__main__":
    print(*_IN_PYTHON[sys.argv[1]](sys.argv[2]))
