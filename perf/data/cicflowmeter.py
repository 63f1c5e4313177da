"""The text of a CICFlowMeter 4 row: its columns, and values for them that agree with each other.

The same on every machine and Python from 3.11 on: of `random.Random`, only `random()` and `getrandbits()`; of
floating point, only + − × ÷ and the square root, which IEEE 754 rounds exactly (no `exp`, `log` or `**`).
"""

from decimal import Decimal
from functools import cache
from math import sqrt
from random import Random
from typing import NamedTuple

from models.flow_csv.headers.columns import V4_HEADER

COLUMNS = V4_HEADER.decode()
TCP_HEADER = 20  # bytes, at least
IDLE_AFTER = 5_000_000  # µs without a packet


class Kind(NamedTuple):
    """A kind of traffic: of its flows, quantiles at equal steps, with even distribution between them."""

    duration: tuple[int, ...]  # µs
    forward: tuple[int, ...]  # packets
    backward: tuple[int, ...]  # packets
    payload: tuple[int, int]  # bytes in a packet, least and most
    header: int  # bytes of a packet's header; `TCP_HEADER` or more for TCP


class _Packets(NamedTuple):
    """The packets of one direction: how many, and their lengths in bytes."""

    number: int
    total: int = 0
    largest: float = 0.0
    smallest: float = 0.0
    mean: float = 0.0
    deviation: float = 0.0


class _Gaps(NamedTuple):
    """The times between packets, in µs."""

    mean: float | int = 0  # CICFlowMeter writes 0, not 0.0, where there is none
    deviation: float | int = 0
    largest: float | int = 0
    smallest: float | int = 0


def head(source: str, destination: str, ports: tuple[int, int], protocol: int) -> str:
    """Flow ID to Protocol. The ID has the lower address first, its bytes being signed, as Java's are."""
    ends = [(source, ports[0]), (destination, ports[1])]
    (low, low_port), (high, high_port) = sorted(
        ends, key=lambda end: [int(o) ^ 128 for o in end[0].split(".")]
    )
    flow_id = f"{low}-{high}-{low_port}-{high_port}-{protocol}"
    return f"{flow_id},{source},{ports[0]},{destination},{ports[1]},{protocol}"


def tail(kind: Kind, rng: Random) -> str:
    """Flow Duration to Label, of one flow drawn at random."""
    duration = _drawn(kind.duration, rng)
    forward_packets, backward_packets = _drawn(kind.forward, rng), _drawn(kind.backward, rng)
    if duration == 0:
        forward_packets, backward_packets = 1, 0  # only a lone packet lasts no time
    forward, backward = _packets(forward_packets, kind, rng), _packets(backward_packets, kind, rng)
    gaps = _gaps(duration, forward.number + backward.number, rng)
    values = [
        *(duration, forward.number, backward.number, float(forward.total), float(backward.total)),
        *forward[2:],
        *backward[2:],
        *(_rate(forward.total + backward.total, duration), _rate(forward.number + backward.number, duration)),
        *gaps,
        *_direction_gaps(forward, gaps, duration, rng),
        *_direction_gaps(backward, gaps, duration, rng),
        *_headers_and_rates(forward, backward, duration, kind, rng),
        *_packet_lengths(forward, backward, rng),
        *_flags(forward, backward, kind, rng),
        *_segments(forward, backward, rng),
        *_activity(gaps, duration),
    ]
    return (
        ",".join([str(value) if isinstance(value, int) else java_double(value) for value in values])
        + ",No Label"
    )


@cache
def clock() -> list[str]:
    """The 86,400 times of a day as CICFlowMeter writes them, `hh:mm:ss AM`."""
    return [
        f"{(hour - 1) % 12 + 1:02}:{minute:02}:{second:02} {'AM' if hour < 12 else 'PM'}"
        for hour in range(24)
        for minute in range(60)
        for second in range(60)
    ]


def java_double(value: float) -> str:
    """A finite number that is not negative, as Java's `Double.toString` writes it: `0.0`, `1.0129192E7`."""
    if value == 0 or 1e-3 <= value < 1e7:
        return repr(value)
    _, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first, *rest = map(str, digits)
    return f"{first}.{''.join(rest) or '0'}E{int(exponent) + len(rest)}"


def _drawn(quantiles: tuple[int, ...], rng: Random) -> int:
    place = rng.random() * (len(quantiles) - 1)
    step = int(place)
    return quantiles[step] + int((quantiles[step + 1] - quantiles[step]) * (place - step))


def _packets(number: int, kind: Kind, rng: Random) -> _Packets:
    least, most = kind.payload
    if number == 0:
        return _Packets(0)
    largest = least + int((most - least) * rng.random())
    smallest = largest if number == 1 else least
    total = smallest * number + int((largest - smallest) * number * rng.random())
    mean = total / number
    return _Packets(
        number, total, float(largest), float(smallest), mean, _deviation(largest, smallest, mean, rng)
    )


def _deviation(largest: float, smallest: float, mean: float, rng: Random) -> float:
    """One that these three permit: the variance is at most (largest − mean)(mean − smallest)."""
    return sqrt((largest - mean) * (mean - smallest) * rng.random())


def _gaps(span: int, packets: int, rng: Random) -> _Gaps:
    """The gaps of so many packets in a span of µs."""
    if packets < 2:
        return _Gaps()
    mean = span / (packets - 1)
    if packets == 2:
        return _Gaps(mean, 0.0, mean, mean)
    largest = float(min(span, int(mean + (span - mean) * rng.random()) + 1))
    smallest = float(int(mean * rng.random() * rng.random()))
    return _Gaps(mean, _deviation(largest, smallest, mean, rng), largest, smallest)


def _direction_gaps(packets: _Packets, of_flow: _Gaps, duration: int, rng: Random) -> list[float | int]:
    """IAT Tot to IAT Min of one direction, whose first and last packet lie within the flow's."""
    if packets.number < 2:
        return [0, *_Gaps()]
    span = duration - int((duration - of_flow.largest) * rng.random() / packets.number)
    return [float(span), *_gaps(span, packets.number, rng)]


def _rate(number: int, duration: int) -> float:
    """Per second; CICFlowMeter's NaN of an empty span is left out on purpose."""
    return number / (duration / 1e6) if duration else 0.0


def _headers_and_rates(
    forward: _Packets, backward: _Packets, duration: int, kind: Kind, rng: Random
) -> list[float | int]:
    """Fwd PSH Flags to Bwd Pkts/s."""
    pushed = rng.getrandbits(1) if kind.header >= TCP_HEADER and backward.number else 0
    headers = forward.number * kind.header, backward.number * kind.header
    return [0, pushed, 0, 0, *headers, _rate(forward.number, duration), _rate(backward.number, duration)]


def _packet_lengths(forward: _Packets, backward: _Packets, rng: Random) -> list[float | int]:
    """Pkt Len Min to Pkt Len Var."""
    smallest = min(side.smallest for side in (forward, backward) if side.number)
    largest = max(forward.largest, backward.largest)
    mean = (forward.total + backward.total) / (forward.number + backward.number)
    deviation = _deviation(largest, smallest, mean, rng)
    return [smallest, largest, mean, deviation, deviation * deviation]


def _flags(forward: _Packets, backward: _Packets, kind: Kind, rng: Random) -> list[int]:
    """FIN to ECE: how many packets had the flag."""
    if kind.header < TCP_HEADER:
        return [0] * 8
    packets = forward.number + backward.number
    closed = rng.getrandbits(1)
    return [closed, 2 * rng.getrandbits(1), 1 - closed, int(packets * rng.random() / 2), packets, 0, 0, 0]


def _segments(forward: _Packets, backward: _Packets, rng: Random) -> list[float | int]:
    """Down/Up Ratio to Fwd Seg Size Min."""
    packets = forward.number + backward.number
    ratio = float(backward.number // forward.number)
    averages = [ratio, (forward.total + backward.total) / packets, forward.mean, backward.mean]
    bulk = [0, 0, 0] if backward.number < 4 else [backward.total, backward.number, rng.getrandbits(16)]
    subflow = [forward.number, forward.total, backward.number, backward.total]
    windows = [rng.getrandbits(16), rng.getrandbits(9)]
    return [*averages, 0, 0, 0, *bulk, *subflow, *windows, forward.number - 1, 0]


def _activity(gaps: _Gaps, duration: int) -> list[float | int]:
    """Active Mean to Idle Min: at most one idle time, the largest gap."""
    if gaps.largest < IDLE_AFTER:
        return [0] * 8
    active, idle = duration - gaps.largest, gaps.largest
    return [active, 0.0, active, active, idle, 0.0, idle, idle]
