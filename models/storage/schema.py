"""What is stored: the PynamoDB models of the three tables.

Attribute names are short because DynamoDB bills them as storage; Python uses the full names. The
workers and tools use these models as the schema (names, serialization) and call the client
underneath, which can do what `Model.update` cannot: return the old item of a failed condition.
"""

from collections.abc import Mapping
from typing import Any

from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BinarySetAttribute,
    UnicodeAttribute,
    UnicodeSetAttribute,
)
from pynamodb.constants import NUMBER
from pynamodb.models import Model

from models.errors import FlowtallyError
from models.moments import Moments
from models.storage.numbers import integer
from models.traffic import DaysOfWeek, Totals

RawItem = Mapping[str, Mapping[str, Any]]  # an item as the DynamoDB API writes it: {"d": {"N": "12"}}


class IntegerAttribute(Attribute[int]):
    """An exact integer of up to 38 digits; PynamoDB's own numbers may pass through `float`."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        try:
            return integer(value)
        except ValueError as error:
            raise FlowtallyError(
                f"a stored number was changed by hand: {error}",
                remedy="Mend it; one of the statistics, by `flowtally verify --all --repair`",
            ) from error


COUNTED = ("counted", "duplicate")  # states of a file whose whole content is in the totals
PARTLY = "partly counted"  # of one of which some is, or may be
IN_TOTALS = (*COUNTED, PARTLY)

DAY_ATTRIBUTES = {weekday: (f"d{weekday}", f"p{weekday}", f"n{weekday}") for weekday in range(1, 8)}


class Week(Model):
    """A pair's daily totals in one ISO week: the only copy of the data. Nothing deletes these items.

    Each day with flows has its three numbers, named after the ISO weekday: `d3`, `p3`, `n3` are total flow
    duration (µs), total forward packets and number of flows of Wednesday. `totals_in` reads them.
    """

    class Meta:
        table_name = "DailyTotals"

    pair = UnicodeAttribute(hash_key=True, attr_name="k")
    monday = UnicodeAttribute(range_key=True, attr_name="t")
    d1, d2, d3, d4, d5, d6, d7 = (IntegerAttribute(null=True) for _ in range(7))
    p1, p2, p3, p4, p5, p6, p7 = (IntegerAttribute(null=True) for _ in range(7))
    n1, n2, n3, n4, n5, n6, n7 = (IntegerAttribute(null=True) for _ in range(7))
    revision = IntegerAttribute(attr_name="r")  # how many times this item was changed
    updated_at = IntegerAttribute(attr_name="u")  # epoch seconds of the last change
    sources = BinarySetAttribute(attr_name="s", null=True, legacy_encoding=False)  # 8 bytes a file


class PairStatistics(Model):
    """Running sums over the days on which a pair had flows.

    Beside these attributes an item holds one bookkeeping entry per lately changed week: see
    `models.storage.pair_statistics`.
    """

    class Meta:
        table_name = "PairStatistics"

    source = UnicodeAttribute(hash_key=True, attr_name="src")
    destination = UnicodeAttribute(range_key=True, attr_name="dst")
    days = IntegerAttribute(attr_name="n")
    duration_sum = IntegerAttribute(attr_name="d")
    duration_squares = IntegerAttribute(attr_name="dd")
    packets_sum = IntegerAttribute(attr_name="p")
    packets_squares = IntegerAttribute(attr_name="pp")
    revision = IntegerAttribute(attr_name="r")
    horizon = IntegerAttribute(attr_name="h", null=True)  # epoch seconds; entries up to here may be gone
    set_aside = UnicodeAttribute(attr_name="x", null=True)  # why the sums are not those of the daily totals

    @property
    def duration(self) -> Moments:
        """Of the daily total flow duration, in µs."""
        return Moments(self.days, self.duration_sum, self.duration_squares)

    @property
    def packets(self) -> Moments:
        """Of the daily total of forward packets."""
        return Moments(self.days, self.packets_sum, self.packets_squares)


class File(Model):
    """What became of one uploaded file. The protocols never read it; people and reports do."""

    class Meta:
        table_name = "Files"

    branch = UnicodeAttribute(hash_key=True)
    key = UnicodeAttribute(range_key=True)  # the object key below `incoming/<branch>/`
    state = UnicodeAttribute(attr_name="st")  # counted, duplicate, partly counted, rejected or retracted
    digest = BinaryAttribute(attr_name="g", null=True, legacy_encoding=False)  # SHA-256, once it was read
    length = IntegerAttribute(attr_name="l", null=True)  # bytes of the uncompressed content
    first_row = BinaryAttribute(attr_name="f", null=True, legacy_encoding=False)  # 8 bytes of its hash
    rows = IntegerAttribute(attr_name="n", null=True)
    quarantined = IntegerAttribute(attr_name="q", null=True)
    commonest = UnicodeAttribute(attr_name="qr", null=True)  # reason of quarantined rows
    commonest_line = IntegerAttribute(attr_name="ql", null=True)  # the first with that reason
    notes = UnicodeSetAttribute(attr_name="as", null=True)  # what was assumed, as short codes
    reason = UnicodeAttribute(attr_name="why", null=True)  # of a rejection, or of what is not counted
    first_day = UnicodeAttribute(attr_name="from", null=True)
    last_day = UnicodeAttribute(attr_name="to", null=True)
    arrived_at = IntegerAttribute(attr_name="a")  # epoch seconds
    completed_at = IntegerAttribute(attr_name="c", null=True)  # epoch seconds
    attempts = IntegerAttribute(attr_name="t")


def totals_in(week: RawItem) -> DaysOfWeek:
    """The totals of each day that an item of the daily totals has numbers of.

    Raises:
        KeyError: a day lacks one of its three numbers.
        ValueError: one of them is no integer.
    """
    return {
        weekday: Totals(integer(week[duration]["N"]), integer(week[packets]["N"]), integer(week[flows]["N"]))
        for weekday, (duration, packets, flows) in DAY_ATTRIBUTES.items()
        if flows in week or duration in week or packets in week
    }
