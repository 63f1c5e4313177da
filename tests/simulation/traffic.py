"""Flow files whose content the generator knows, row by row, and what a batch computation gives for them.

Nothing of production takes part here: which rows count is decided when a row is written.
"""

import gzip
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from hashlib import blake2b, sha256
from random import Random
from typing import Any

PairDayKey = tuple[str, str]  # "source>destination", "2022-12-07"
PairWeekKey = tuple[str, str]  # "source>destination", "2022-12-05": the key of an item of the daily totals
SOURCE_KEY = b"the secret of the deployment"
Share = tuple[int, int, int]  # duration, packets, flows

_HEADERS = (
    "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts",
    " Flow ID, Source IP, Source Port, Destination IP,x,y, Timestamp, Flow Duration, Total Fwd Packets,z",
)
_DEVICES = (
    ("192.168.20.43", "44.227.96.221"),
    ("10.0.0.1", "10.0.0.2"),
    ("2001:db8:1234:5678:9abc:def0:1234:5678", "2001:db8:8765:4321:fedc:ba98:7654:3210"),
    ("10.0.0.2", "10.0.0.1"),
)
_BAD_ROWS = (
    "{id},{src},1,{dst},2,6,{at},-5,3,0",
    "{id},{src},1,{dst},2,6,{at},5,three,0",
    "{id},not-an-address,1,{dst},2,6,{at},5,3,0",
    "{id},{src},1,{dst},2,6,31/02/2022 01:00:00 AM,5,3,0",
    "{id},{src},1,{dst},2",
    "{id},{src},1,{dst},2,6,{at},1000000000001,3,0",
)
_BAD_FILES = (
    b"",
    b"Flow ID,Src IP,Dst IP,Timestamp,Tot Fwd Pkts\n",
    b"PK\x03\x04 is not a flow file",
    gzip.compress(b"Flow ID,Src IP\n" * 50, mtime=0)[:-12],
)


@dataclass
class Content:
    """What a file holds, and the truth about it."""

    stored: bytes  # as it is uploaded
    digest: bytes = b""  # SHA-256 of the uncompressed content
    is_bad: bool = False  # the whole file can never be read
    shares: dict[PairDayKey, Share] = field(default_factory=dict)
    bad_rows: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """Rows that count and rows that do not."""
        return len(self.bad_rows) + sum(flows for _, _, flows in self.shares.values())

    @property
    def source(self) -> bytes:
        """What names it in an item."""
        return blake2b(self.digest, digest_size=8, key=SOURCE_KEY).digest()

    @property
    def weeks(self) -> dict[PairWeekKey, dict[int, Share]]:
        """The shares by item of the daily totals, and in it by ISO weekday."""
        weeks: dict[PairWeekKey, dict[int, Share]] = {}
        for key, share in self.shares.items():
            week, weekday = week_of(key)
            weeks.setdefault(week, {})[weekday] = share
        return weeks


def content(random: Random, number: int, scale: str) -> Content:
    """Makes a file.

    Args:
        random: decides everything.
        number: makes files differ.
        scale: `few` days and several pairs, or `many` days of one pair, or a `backfill` of a pair: days that
            follow each other, or lie so far apart that nearly each has a week of its own.
    """
    if random.random() < 0.12:
        stored = random.choice(_BAD_FILES) + (b"%d" % number if random.random() < 0.5 else b"")
        return Content(stored, sha256(stored).digest(), is_bad=True)
    made = Content(b"")
    lines = [random.choice(_HEADERS)]
    for pair, day in _pair_days(random, scale):
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            lines.append(_row(random, made, len(lines), pair, day))
    if random.random() < 0.3:
        for _ in range(random.randint(1, 3)):
            lines.insert(random.randint(2, len(lines)), _bad_row(random, made, number))
    line_end = random.choice(("\n", "\r\n"))
    plain = (line_end.join([*lines, ""])).encode()
    made.digest = sha256(plain).digest()
    made.stored = gzip.compress(plain, 1, mtime=0) if random.random() < 0.2 else plain
    return made


def _pair_days(random: Random, scale: str) -> list[tuple[tuple[str, str], date]]:
    start = date(2022, 11, 28) + timedelta(random.randrange(12))
    if scale == "few":
        devices = random.sample(_DEVICES, random.randint(1, 3))
        apart = random.choice((1, 7))
        return [(pair, start + timedelta(n * apart)) for pair in devices for n in range(random.randint(1, 3))]
    days = random.randint(8, 25) if scale == "many" else random.choice((40, 60, 90, 90, 300))
    early = date(2022, 1, 1) + timedelta(random.choice((0, 0, 0, 15, 30, 60)))
    pair = random.choice(_DEVICES[:2] if scale == "backfill" else _DEVICES[1:3])
    order = range(days) if random.random() < 0.5 else random.sample(range(days), days)
    apart = random.choice((1, 3, 7, 7))
    return [(pair, early + timedelta(n * apart)) for n in order]


def _row(random: Random, made: Content, line: int, pair: tuple[str, str], day: date) -> str:
    duration = random.choice((0, random.randrange(1000), random.randrange(10**12), 10**12))
    packets = random.choice((0, 1, random.randrange(10**6), random.randrange(10**12)))
    key = (">".join(pair), day.isoformat())
    before = made.shares.get(key, (0, 0, 0))
    made.shares[key] = (before[0] + duration, before[1] + packets, before[2] + 1)
    at = day.strftime("%d/%m/%Y 0%w:15:00 PM")
    return f"{line},{pair[0]},443,{pair[1]},50000,6,{at},{duration},{packets},7"


def _bad_row(random: Random, made: Content, number: int) -> str:
    source, destination = random.choice(_DEVICES)
    row = random.choice(_BAD_ROWS).format(
        id=f"bad-{number}-{len(made.bad_rows)}", src=source, dst=destination, at="01/12/2022 01:00:00 AM"
    )
    made.bad_rows.append(row)
    return row


def week_of(key: PairDayKey) -> tuple[PairWeekKey, int]:
    """The item that a day of a pair belongs to, and its ISO weekday."""
    pair, day = key
    year, week, weekday = date.fromisoformat(day).isocalendar()
    return (pair, date.fromisocalendar(year, week, 1).isoformat()), weekday


def days_in(item: Mapping[str, Mapping[str, Any]]) -> dict[int, Share]:
    """What an item of the daily totals holds, by ISO weekday."""
    numbers = {name: int(value["N"]) for name, value in item.items() if name[0] in "dpn" and len(name) == 2}
    weekdays = {int(name[1]) for name in numbers}
    return {day: (numbers[f"d{day}"], numbers[f"p{day}"], numbers[f"n{day}"]) for day in sorted(weekdays)}


def day_in(week: str, weekday: int) -> str:
    """The day of a week that is named by its Monday."""
    return (date.fromisoformat(week) + timedelta(weekday - 1)).isoformat()


def batch_statistics(days: dict[PairDayKey, Counter[str]]) -> dict[str, tuple[int, int, int, int, int]]:
    """Days, Σx and Σx² of durations and packets of each pair, from the totals of its days."""
    result: dict[str, tuple[int, int, int, int, int]] = {}
    for (pair, _), total in days.items():
        if total["flows"]:
            n, d, dd, p, pp = result.get(pair, (0, 0, 0, 0, 0))
            x, y = total["duration"], total["packets"]
            result[pair] = (n + 1, d + x, dd + x * x, p + y, pp + y * y)
    return result
