"""Makes daily flow files like VARIoT's: what CICFlowMeter 4 writes about fifteen IoT devices, in any size.

What the traffic tells, for every seed: most pairs are steady; some grow, for two months, daily by 3 % of the
first day; some move to another address every week; the upload of a camera, 192.168.20.42 → 216.58.204.99,
dwarfs the rest; and once a fortnight, from 6 October 2022 on, one of the `SUSPECTS` in turn floods a host.
A file begins two hours before its day, as VARIoT's do, and ends 20 minutes after it: it has three dates.

The same arguments give the same bytes on every machine and Python from 3.11 on: of `random.Random`, only
string seeds, `random()` and `getrandbits()` are used, which stay as they are; of floating point, only + − × ÷
and `fsum`, which are rounded exactly (not `sum`, which changed with Python 3.12); and dates are written by
hand, as `strftime` depends on the platform. A .csv.gz has the same content; its bytes depend on zlib.

It is fast because a row is one of 32 beginnings of its pair (addresses and ports) and one of 512 ends of its
kind of traffic (duration to label) around a timestamp. gzip, which looks back 32 KB, hardly sees them again.
"""

import gzip
from bisect import bisect
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import cache
from itertools import accumulate, count, islice
from math import fsum, inf
from operator import mul
from pathlib import Path
from random import Random
from typing import NamedTuple

import click

from models.errors import UsageError
from perf.data.cicflowmeter import COLUMNS, Kind, clock, head, tail
from perf.data.routes import (
    CLOUDS,
    DEVICES,
    FIXED_ROUTES,
    FLOOD,
    PROBE,
    REMNANT,
    SCAN,
    SERVICES,
    SUSPECTS,
    Route,
)

DEFAULT_ROWS = 17_000  # about 10 MB
DEFAULT_PAIRS = 620
STORY_BEGINS = date(2022, 10, 1)
FLOODED, SCANNED = 5, 9  # days of the fortnight
HEADS, TAILS = 32, 512  # per pair and day, and per kind; powers of two, so that random bits choose
DAY, LEAD, WINDOW = 86_400, 2 * 3600, 26 * 3600 + 20 * 60  # seconds: of a day, in a file before it, in a file
CHUNK = 1024  # rows


class Pair(NamedTuple):
    """What a pair's rows of one day are put together from."""

    heads: list[str]  # Flow ID to Protocol
    tails: list[str]  # Flow Duration to Label
    weight: float  # share of the day's rows, in no particular unit


def generate_day(
    day: date, *, seed: int = 0, rows: int = DEFAULT_ROWS, pairs: int = DEFAULT_PAIRS
) -> Iterator[bytes]:
    """Gives one day's file in chunks of whole lines; the first is the header alone.

    Args:
        day: the day that the file is named after; 8 % of its rows belong to the day before, 1 % to the next.
        seed: which of the many branches that have this story.
        rows: flows in the file, at least one per pair.
        pairs: distinct directed pairs in the file.

    Raises:
        UsageError: more pairs than rows, fewer than are in every file, or a day at the calendar's end.
    """
    _check(day, 1, pairs)
    if rows < pairs:
        raise UsageError(f"{rows} rows for {pairs} pairs", remedy="Ask for more rows or fewer pairs")
    return _chunks(day, seed, rows, _traffic(day, seed, pairs))


def generate(
    directory: Path,
    *,
    first: date,
    days: int,
    seed: int = 0,
    megabytes: float = 10.0,
    pairs: int = DEFAULT_PAIRS,
    compress: bool = False,
    scan: bool = False,
) -> list[Path]:
    """Writes one file a day, `data-YYYYMMDD.csv`, and gives their paths.

    Args:
        directory: where to; made if missing. Files of the same names are replaced.
        first: the first file's day.
        days: how many files.
        seed: as in `generate_day`.
        megabytes: size of each file before compression, in 10⁶ bytes; met within a few per cent.
        pairs: as in `generate_day`.
        compress: write `.csv.gz` instead.
        scan: four days after each flood, a device probes addresses that it never met, beside the `pairs`.

    Raises:
        UsageError: no days, a size too small for the pairs, or as in `generate_day`.
        OSError: the directory or a file cannot be written; no part of a file stays.
    """
    return list(_write_days(directory, first, days, seed, megabytes, pairs, compress, scan))


def _write_days(
    directory: Path,
    first: date,
    days: int,
    seed: int,
    megabytes: float,
    pairs: int,
    compress: bool,
    scan: bool,
) -> Iterator[Path]:
    _check(first, days, pairs)
    for day in (first + timedelta(days=number) for number in range(days)):
        traffic = _traffic(day, seed, pairs) + (_scan(day, seed) if scan else [])
        chunks = _chunks(day, seed, _rows_in(megabytes, traffic), traffic)
        path = directory / f"data-{day.isoformat().replace('-', '')}.csv{'.gz' if compress else ''}"
        _write(path, chunks, compress)
        yield path


def _check(first: date, days: int, pairs: int) -> None:
    if days < 1:
        raise UsageError(f"{days} days asked for", remedy="Ask for at least one")
    if pairs < len(FIXED_ROUTES):
        least = f"at least {len(FIXED_ROUTES)}, those of multicast, ARP and the story"
        raise UsageError(f"{pairs} pairs asked for", remedy=f"Ask for {least}")
    if not date.min.toordinal() < first.toordinal() <= date.max.toordinal() - days:
        raise UsageError(f"{days} days from {first} on leave the calendar", remedy="Choose another first day")


def _write(path: Path, chunks: Iterator[bytes], compress: bool) -> None:
    """Writes under another name, which becomes the file's own when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("wb") as file:
            if compress:
                with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                    packed.writelines(chunks)
            else:
                file.writelines(chunks)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _rows_in(megabytes: float, traffic: list[Pair]) -> int:
    """How many rows make a file of this size, when each pair has one and the rest go by weight."""
    stamp = len(",31/12/2022 11:59:59 PM,\n")
    sizes = [len(pair.heads[0]) + stamp + sum(map(len, pair.tails)) / TAILS for pair in traffic]
    weights = [pair.weight for pair in traffic]
    least = len(COLUMNS) + fsum(sizes)
    if not least <= megabytes * 1e6 < inf:
        remedy = f"Ask for at least {least / 1e6:.2f}, or for fewer pairs"
        raise UsageError(f"{megabytes} megabytes for {len(traffic)} pairs", remedy=remedy)
    return len(traffic) + int((megabytes * 1e6 - least) * fsum(weights) / fsum(map(mul, sizes, weights)))


def _chunks(day: date, seed: int, rows: int, traffic: list[Pair]) -> Iterator[bytes]:
    """The rows at an even pace over the file's window, each flow begun up to 127 s before its turn."""
    rng = Random(f"rows {seed} {day}")
    dates = [f"{d.day:02}/{d.month:02}/{d.year:04}" for d in (day + timedelta(days=n) for n in (-1, 0, 1))]
    times = clock()
    cumulative = list(accumulate(pair.weight for pair in traffic))
    shuffled = sorted(traffic, key=lambda _: rng.random())
    guaranteed = {place * rows // len(traffic): pair for place, pair in enumerate(shuffled)}
    yield f"{COLUMNS}\n".encode()
    for start in range(0, rows, CHUNK):
        lines = []
        for row in range(start, min(start + CHUNK, rows)):
            share = rng.random() * cumulative[-1]
            pair = guaranteed.get(row) or traffic[bisect(cumulative, share, hi=len(traffic) - 1)]
            bits = rng.getrandbits(21)
            second = max(0, row * WINDOW // rows - (bits & 127)) + DAY - LEAD
            stamp = f"{dates[second // DAY]} {times[second % DAY]}"
            lines.append(f"{pair.heads[bits >> 7 & 31]},{stamp},{pair.tails[bits >> 12]}\n")
        yield "".join(lines).encode()


def _traffic(day: date, seed: int, pairs: int) -> list[Pair]:
    """Who talks on that day, and how much: few pairs often, many rarely."""
    rng = Random(f"day {seed} {day}")
    since = day.toordinal() - STORY_BEGINS.toordinal()
    taken_over = SUSPECTS[since // 14 % len(SUSPECTS)] if since % 14 == FLOODED else None
    traffic = []
    for rank, route in enumerate([*FIXED_ROUTES, *islice(_internet(day, seed), pairs - len(FIXED_ROUTES))]):
        kind, weight = route.kind, (0.85 + 0.3 * rng.random()) / (rank + 10)
        if route.growing:
            weight *= 1 + 0.03 * (since % 60)
        if route is taken_over:
            kind, weight = FLOOD, 4 * weight
        heads = [_head(route, 32_768 + rng.getrandbits(14)) for _ in range(HEADS)]
        traffic.append(Pair(heads, _tails(kind, seed), weight))
    return traffic


def _scan(day: date, seed: int) -> list[Pair]:
    """A flow to each of many addresses, on a day of the fortnight."""
    if (day.toordinal() - STORY_BEGINS.toordinal()) % 14 != SCANNED:
        return []
    rng = Random(f"scan {seed} {day}")
    tails = _tails(PROBE, seed)
    return [Pair([_head(route, 32_768 + rng.getrandbits(14))] * HEADS, tails, 0.0) for route in SCAN]


def _internet(day: date, seed: int) -> Iterator[Route]:
    """Devices and cloud services; every other couple in both directions, one in five moving."""
    for number in count():
        week = (day.toordinal() + number) // 7 if number % 5 == 0 else 0
        rng = Random(f"conversation {seed} {number} {week}")
        device = DEVICES[int(rng.random() * len(DEVICES))]
        cloud = CLOUDS[int(rng.random() * len(CLOUDS))]
        host = f"{cloud}.{rng.getrandbits(8)}.{rng.getrandbits(8)}.{1 + int(254 * rng.random())}"
        port, protocol, kind = SERVICES[int(rng.random() * len(SERVICES))]
        growing = number % 20 == 3
        yield Route(device, host, (0, port), protocol, kind, growing)
        if number % 2 == 1:
            yield Route(host, device, (port, 0), protocol, REMNANT, growing)


def _head(route: Route, ephemeral: int) -> str:
    source_port, destination_port = (
        route.ports if route.protocol == 0 else (p or ephemeral for p in route.ports)
    )
    return head(route.source, route.destination, (source_port, destination_port), route.protocol)


@cache
def _tails(kind: Kind, seed: int) -> list[str]:
    rng = Random(f"flows {seed} {kind!r}")
    return [tail(kind, rng) for _ in range(TAILS)]


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--days", default=30, show_default=True, help="How many files, one a day.")
@click.option(
    "--first",
    type=click.DateTime(["%Y-%m-%d"]),
    default="2022-10-01",
    show_default=True,
    help="Day of the first.",
)
@click.option(
    "--megabytes", default=10.0, show_default=True, help="Size of each file, uncompressed (10⁶ bytes)."
)
@click.option("--pairs", default=DEFAULT_PAIRS, show_default=True, help="Directed device pairs in each file.")
@click.option(
    "--seed", default=0, show_default=True, help="Another seed, another branch with the same story."
)
@click.option(
    "--scan", is_flag=True, help="Once a fortnight, from 10 October 2022 on, a device scans others."
)
@click.option("--gzip", "compress", is_flag=True, help="Write .csv.gz files.")
def main(
    directory: Path,
    days: int,
    first: datetime,
    megabytes: float,
    pairs: int,
    seed: int,
    compress: bool,
    scan: bool,
) -> None:
    """Write made-up daily flow files, data-YYYYMMDD.csv, into DIRECTORY.

    They look like VARIoT's: CICFlowMeter rows of fifteen IoT devices, with multicast, DHCP and ARP. The same
    options give the same bytes everywhere. Files of the same names are replaced.
    """
    try:
        for path in _write_days(directory, first.date(), days, seed, megabytes, pairs, compress, scan):
            print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
    except UsageError as error:
        raise click.UsageError(str(error)) from error
    except OSError as error:
        raise click.ClickException(
            f"{error.filename}: {error.strerror}. Choose another directory."
        ) from error


if __name__ == "__main__":
    main(prog_name="python -m perf.data.generate")
