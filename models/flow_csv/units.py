"""Durations of the Python cicflowmeter: its releases write seconds or microseconds, and its rows prove which.

The packets of a flow, both directions together, divided by its packets per second are its duration in
seconds. Where the duration of a row is that number, or a million times that number, the row proves a unit.
Of duration and rate, the first 18 digits that count decide; all others are far below the thousandth that the
numbers may differ by.
"""

import ctypes
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_DOWN, ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from models.errors import FileRejected
from models.flow_csv.headers.columns import UnitColumns
from models.flow_csv.headers.header_lines import UNIT_IN_DOUBT
from models.flow_csv.notes import Note
from models.flow_csv.parts import Unit
from models.flow_csv.unusual_values import NEGATIVE_REMEDY, NUMBER_REMEDY, RANGE_REMEDY, check_digits
from models.flow_csv.values import MAX_VALUE, BadRow, amount, is_number

_LEAST, _MOST = Decimal("0.999"), Decimal("1.001")  # of what it should be, that proves it
_EXACT = Context(prec=MAX_PREC, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])  # for any number of digits in a line
_CUT = Context(prec=18, rounding=ROUND_DOWN, Emin=MIN_EMIN, Emax=MAX_EMAX, traps=[])
_SHORT = 200  # bytes of four values that are remembered
_REMEDY = (
    "Export the flows with CICFlowMeter 3 or 4, or make sure that tot_fwd_pkts, tot_bwd_pkts and flow_pkts_s "
    "are those of the flow in each row"
)


class Proofs(ctypes.Structure):
    """What rows prove: those that are read here, and those that `native_row_counter.c` reads."""

    _fields_ = (
        ("seconds", ctypes.c_uint64),  # rows
        ("microseconds", ctypes.c_uint64),  # rows
        ("has_duration", ctypes.c_uint64),  # whether there is one other than 0
        ("is_rounded", ctypes.c_uint64),  # whether one is
        ("is_contrary", ctypes.c_uint64),  # whether the row at which the library stopped is, and else right
    )


class UnitRows:
    """Reads the durations of a file in one unit, and gathers what its rows prove.

    Args:
        unit: the one to read them in.
        columns: where the values stand.

    Attributes:
        proofs: what the rows prove; whoever else reads some adds to it.
    """

    def __init__(self, unit: Unit, columns: UnitColumns) -> None:
        self.unit = unit
        self.columns = columns
        self.proofs = Proofs()

    def amounts(self, fields: list[bytes]) -> tuple[int, int]:
        """Duration in whole µs, and forward packets, of a row.

        Raises:
            BadRow: they are none, or the row proves another unit.
        """
        values = [fields[place].strip() for place in self.columns]
        read = _read if sum(map(len, values)) <= _SHORT else _read.__wrapped__
        packets, has_duration, proved, durations = read(*values)
        self.proofs.has_duration |= has_duration
        self.proofs.seconds += proved is Unit.SECONDS
        self.proofs.microseconds += proved is Unit.MICROSECONDS
        if proved not in {None, self.unit}:
            raise _contrary()
        whole, is_rounded = durations[self.unit is Unit.MICROSECONDS]
        if whole > MAX_VALUE:
            raise BadRow("flow_duration is above 10^12 microseconds", RANGE_REMEDY)
        self.proofs.is_rounded |= is_rounded
        return whole, packets

    def check_what_is_known(self) -> None:
        """Makes sure that the library did not stop at the next row because of its unit.

        Raises:
            BadRow: the row proves another unit, and has nothing else wrong.
        """
        if self.proofs.is_contrary:
            self.proofs.is_contrary = 0
            raise _contrary()

    def proved(self) -> Unit:
        """The unit of the file, by the majority of the rows that prove one.

        Raises:
            FileRejected: no row proves one, though there are durations; or as many prove the other.
        """
        seconds, microseconds = self.proofs.seconds, self.proofs.microseconds
        if seconds == microseconds and (seconds or self.proofs.has_duration):
            proofs = (
                f"as many rows prove the one as the other ({seconds:,})" if seconds else "no row proves it"
            )
            raise FileRejected(f"{UNIT_IN_DOUBT}: {proofs}", remedy=_REMEDY)
        return Unit.SECONDS if seconds > microseconds else Unit.MICROSECONDS

    def notes(self) -> list[Note]:
        """What was assumed about the file."""
        notes = [self.unit.note] if self.proofs.has_duration else []
        return [*notes, Note.ROUNDED] if self.proofs.is_rounded else notes


def _contrary() -> BadRow:
    return BadRow("flow_duration is in another unit than most rows prove", "write it in theirs")


_Duration = tuple[int, bool]  # in whole µs, and whether it was rounded


@lru_cache(maxsize=4096)  # more than rows in a block, so that what one unit has read the other need not
def _read(
    duration: bytes, forward: bytes, backward: bytes, rate: bytes
) -> tuple[int, bool, Unit | None, tuple[_Duration, _Duration]]:
    """Forward packets of a row, whether it has a duration, the unit that it proves, and it in each unit.

    Raises:
        BadRow: duration or packets are none.
    """
    packets = amount(forward, "tot_fwd_pkts")
    if not is_number(duration):
        raise BadRow("flow_duration is not a number", NUMBER_REMEDY)
    check_digits(duration, "flow_duration")
    exact = Decimal(duration.decode("ascii"))
    if exact < 0:
        raise BadRow("flow_duration is negative", NEGATIVE_REMEDY)
    durations = _whole(exact, Unit.SECONDS), _whole(exact, Unit.MICROSECONDS)
    return packets, exact != 0, _proved(exact, packets, backward, rate), durations


def _whole(exact: Decimal, unit: Unit) -> _Duration:
    """A duration, or one that is too long, rounded half to even."""
    scaled = _EXACT.multiply(exact, unit.value)
    if scaled > MAX_VALUE:
        return MAX_VALUE + 1, False
    whole = scaled.to_integral_value(ROUND_HALF_EVEN)
    return int(whole), whole != scaled


def _proved(duration: Decimal, forward: int, backward: bytes, rate: bytes) -> Unit | None:
    """The unit that a row proves, to a thousandth."""
    try:
        packets = forward + amount(backward, "tot_bwd_pkts")
    except BadRow:
        return None
    if not packets or not duration or not is_number(rate):
        return None
    per_second = Decimal(rate.decode("ascii"))
    if per_second <= 0:
        return None
    found = _EXACT.multiply(_CUT.plus(duration), _CUT.plus(per_second))
    for unit in Unit:
        # duration = packets / rate, without a division
        expected = packets * (Unit.SECONDS.value // unit.value)
        if expected * _LEAST <= found <= expected * _MOST:
            return unit
    return None
