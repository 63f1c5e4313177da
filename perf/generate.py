"""Makes daily flow files like VARIoT's: what CICFlowMeter 4 writes about fifteen IoT devices, in any size.

What the traffic tells, for every seed: most pairs are steady; some grow (3 % of their first day a day, for two
months); some move to another address every week; one camera's upload, 192.168.20.42 → 216.58.204.99, dwarfs
everything; and once a fortnight from 6 October 2022 on, one of two devices floods a host (`SUSPECTS`). A file
begins two hours before midnight, as VARIoT's do, and ends twenty minutes after the next: three dates in each.

The same arguments give the same bytes on every machine and Python from 3.11 on: of `random.Random` only string
seeds, `random()` and `getrandbits()` are used, which stay as they are; of floating point only + − × ÷ and the square
root, which IEEE 754 rounds exactly (not `exp`, `log`, `**`, nor `sum`, which is another since Python 3.12); and
dates are written by hand, as `strftime` depends on the platform. A .gz has the same content; its bytes depend on zlib.

It is fast because a row is one of 32 beginnings of its pair (addresses and ports) and one of 512 ends of its kind of
traffic (duration to label) around a timestamp. They recur too far apart for gzip, which looks back 32 KB, to notice.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

COLUMNS = (
    "Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts,"
    "TotLen Fwd Pkts,TotLen Bwd Pkts,Fwd Pkt Len Max,Fwd Pkt Len Min,Fwd Pkt Len Mean,Fwd Pkt Len Std,"
    "Bwd Pkt Len Max,Bwd Pkt Len Min,Bwd Pkt Len Mean,Bwd Pkt Len Std,Flow Byts/s,Flow Pkts/s,Flow IAT Mean,"
    "Flow IAT Std,Flow IAT Max,Flow IAT Min,Fwd IAT Tot,Fwd IAT Mean,Fwd IAT Std,Fwd IAT Max,Fwd IAT Min,"
    "Bwd IAT Tot,Bwd IAT Mean,Bwd IAT Std,Bwd IAT Max,Bwd IAT Min,Fwd PSH Flags,Bwd PSH Flags,Fwd URG Flags,"
    "Bwd URG Flags,Fwd Header Len,Bwd Header Len,Fwd Pkts/s,Bwd Pkts/s,Pkt Len Min,Pkt Len Max,Pkt Len Mean,"
    "Pkt Len Std,Pkt Len Var,FIN Flag Cnt,SYN Flag Cnt,RST Flag Cnt,PSH Flag Cnt,ACK Flag Cnt,URG Flag Cnt,"
    "CWE Flag Count,ECE Flag Cnt,Down/Up Ratio,Pkt Size Avg,Fwd Seg Size Avg,Bwd Seg Size Avg,Fwd Byts/b Avg,"
    "Fwd Pkts/b Avg,Fwd Blk Rate Avg,Bwd Byts/b Avg,Bwd Pkts/b Avg,Bwd Blk Rate Avg,Subflow Fwd Pkts,"
    "Subflow Fwd Byts,Subflow Bwd Pkts,Subflow Bwd Byts,Init Fwd Win Byts,Init Bwd Win Byts,Fwd Act Data Pkts,"
    "Fwd Seg Size Min,Active Mean,Active Std,Active Max,Active Min,Idle Mean,Idle Std,Idle Max,Idle Min,Label"
)

DEFAULT_ROWS = 20_000  # about 10 MB
DEFAULT_PAIRS = 620
STORY_BEGINS = date(2022, 10, 1)
HEADS, TAILS = 32, 512  # beginnings per pair, ends per kind; powers of two: a row's few random bits choose
LEAD, WINDOW = 2 * 3600, (2 + 24) * 3600 + 20 * 60  # seconds before midnight, and seconds in a file
CHUNK = 1024  # rows


class Kind(NamedTuple):
    """A kind of traffic: values at equal steps of the distributions (the quantiles) of its flows."""

    duration: tuple[int, ...]  # µs
    forward: tuple[int, ...]  # packets
    backward: tuple[int, ...]  # packets
    payload: tuple[int, int]  # bytes, smallest and largest packet
    header: int  # bytes of a packet's header; 20 and more is TCP


# fmt: off
SESSION = Kind((30, 40_000, 700_000, 6_000_000, 42_000_000, 110_000_000, 120_000_000),
               (1, 2, 5, 9, 14, 40, 900), (1, 1, 4, 8, 12, 44, 860), (0, 1448), 32)
REMNANT = Kind((8, 50, 150, 2_300, 26_000, 90_000), (1, 1, 2, 3, 15), (1, 1, 1, 2), (0, 517), 20)
LOOKUP = Kind((900, 12_000, 18_000, 41_000, 300_000, 9_000_000), (1, 1, 1, 2, 4), (1, 1, 1, 2, 4), (28, 320), 8)
BEACON = Kind((0, 1_500_000, 60_000_000, 110_000_000, 117_000_000, 120_000_000), (1, 2, 9, 30, 60), (0, 0), (40, 430), 8)
RESOLUTION = Kind((0, 30_000_000, 110_000_000, 119_000_000, 120_000_000), (1, 3, 11, 40), (1, 1, 2), (0, 0), 0)
UPLOAD = Kind((90_000_000, 115_000_000, 119_000_000, 120_000_000), (900, 3_000, 9_000, 57_000), (400, 900, 9_000),
              (0, 1448), 32)
FLOOD = Kind((100_000, 60_000_000, 118_000_000, 120_000_000), (800, 9_000, 40_000), (0, 0, 3), (0, 60), 20)
# fmt: on


class Route(NamedTuple):
    """Who starts flows to whom. A port of 0 stands for an ephemeral one."""

    source: str
    destination: str
    ports: tuple[int, int]
    protocol: int
    kind: Kind
    growing: bool = False


LAN = "192.168.20"
DEVICES = tuple(f"{LAN}.{host}" for host in (10, 13, 15, 19, 20, 24, 31, 35, 36, 37, 42, 43, 45, 48, 50))
SUSPECTS = (
    Route(f"{LAN}.24", "45.95.168.110", (0, 443), 6, SESSION),
    Route(f"{LAN}.37", "185.244.25.60", (0, 80), 6, SESSION),
)
FIXED_ROUTES = (
    Route("8.6.0.1", "8.0.6.4", (0, 0), 0, RESOLUTION),  # ARP, seen as IP
    Route(f"{LAN}.13", "255.255.255.255", (49154, 6667), 17, BEACON),
    Route(f"{LAN}.45", "239.255.255.250", (0, 1900), 17, BEACON),
    Route(f"{LAN}.42", "216.58.204.99", (0, 443), 6, UPLOAD),
    Route(f"{LAN}.1", "224.0.0.251", (5353, 5353), 17, BEACON),
    Route(f"{LAN}.19", "239.255.255.250", (0, 1900), 17, BEACON),
    Route(f"{LAN}.42", "8.8.8.8", (0, 53), 17, LOOKUP),
    Route(f"{LAN}.48", "224.0.0.251", (5353, 5353), 17, BEACON),
    Route(f"{LAN}.15", f"{LAN}.255", (137, 137), 17, BEACON),
    Route("0.0.0.0", "255.255.255.255", (68, 67), 17, LOOKUP),  # noqa: S104  # DHCP
    *SUSPECTS,
)


class Pair(NamedTuple):
    """What a pair's rows of one day are put together from."""

    heads: list[str]  # Flow ID to Protocol
    tails: list[str]  # Flow Duration to Label, with the line's end
    weight: float  # share of the day's rows, before normalization


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
        UsageError: the pairs are more than the rows or fewer than `FIXED_ROUTES`, or the day is at the calendar's end.
    """
    _check(day, 1, pairs)
    return _chunks(day, seed, rows, _pairs_of(day, seed, pairs))


def generate(
    directory: Path,
    *,
    first: date,
    days: int,
    seed: int = 0,
    megabytes: float = 10.0,
    pairs: int = DEFAULT_PAIRS,
    compress: bool = False,
) -> Iterator[Path]:
    """Writes one file a day, `data-YYYYMMDD.csv`, and gives its path as soon as it is whole.

    Args:
        directory: where to; made if missing. Files of the same names are replaced.
        first: the first file's day.
        days: how many files.
        seed: as in `generate_day`.
        megabytes: size of each file before compression, in 10⁶ bytes; met within a few per cent.
        pairs: as in `generate_day`.
        compress: write `.csv.gz` instead.

    Raises:
        UsageError: as in `generate_day`, and if there is no day or no size.
    """
