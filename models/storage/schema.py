"""What is stored: the PynamoDB models of the three tables.

Attribute names are short because DynamoDB bills them as storage; Python uses the full names. The
workers and tools use these models as the schema (names, serialization) and call the client
underneath, which can do what `Model.update` cannot: return the old item of a failed condition.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pynamodb.attributes import (
    Attribute,
    BinaryAttribute,
    BinarySetAttribute,
    UnicodeAttribute,
)
from pynamodb.constants import NUMBER
from pynamodb.models import Model

from models.moments import Moments
from models.traffic import Totals

RawItem = Mapping[str, Mapping[str, Any]]  # an item as the DynamoDB API writes it: {"d": {"N": "12"}}


class IntegerAttribute(Attribute[int]):
    """An exact integer of up to 38 digits; PynamoDB's own numbers may pass through `float`."""

    attr_type = NUMBER

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: str) -> int:
        return int(value) if "E" not in value.upper() and "." not in value else int(Decimal(value))


class DailyTotal(Model):
    """A pair's traffic on one day: the only copy of the data. Nothing deletes these items."""

    class Meta:
        table_name = "DailyTotals"

    pair = UnicodeAttribute(hash_key=True, attr_name="k")
    day = UnicodeAttribute(range_key=True, attr_name="t")
    duration = IntegerAttribute(attr_name="d")  # µs
    packets = IntegerAttribute(attr_name="p")
    flows = IntegerAttribute(attr_name="n")
    revision = IntegerAttribute(attr_name="r")  # how many times this item was changed
    updated_at = IntegerAttribute(attr_name="u")  # epoch seconds of the last change
    sources = BinarySetAttribute(attr_name="s", null=True, legacy_encoding=False)  # 8 bytes of SHA-256 a file

    @property
    def totals(self) -> Totals:
        """The sums without their bookkeeping."""
        return Totals(self.duration, self.packets, self.flows)


class PairStatistics(Model):
    """Running sums over the days on which a pair had flows.

    Beside these attributes an item holds one bookkeeping entry per lately changed day: see
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
    state = UnicodeAttribute(attr_name="st")  # counted, rejected or retracted
    digest = BinaryAttribute(attr_name="g", null=True, legacy_encoding=False)  # SHA-256, once it was read
    rows = IntegerAttribute(attr_name="n", null=True)
    quarantined = IntegerAttribute(attr_name="q", null=True)
    reason = UnicodeAttribute(attr_name="why", null=True)  # of a rejection
    first_day = UnicodeAttribute(attr_name="from", null=True)
    last_day = UnicodeAttribute(attr_name="to", null=True)
    arrived_at = IntegerAttribute(attr_name="a")  # epoch seconds
    completed_at = IntegerAttribute(attr_name="c", null=True)  # epoch seconds
    attempts = IntegerAttribute(attr_name="t")
