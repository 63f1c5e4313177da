"""What DynamoDB bills for an item: the published rule."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.storage.item_size import STORAGE_OVERHEAD, item_size, stored_size, write_units
from models.storage.schema import DAY_ATTRIBUTES, Week


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "abc"}, 3),
        ({"S": "é🚦"}, 6),
        ({"B": b"12345678"}, 8),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"N": "0"}, 1),
        ({"N": "7"}, 2),
        ({"N": "12"}, 2),
        ({"N": "123"}, 3),
        ({"N": "-12"}, 3),
        ({"N": "1200"}, 2),  # trailing zeroes are trimmed, in pairs
        ({"N": "0.05"}, 2),
        ({"N": "9" * 38}, 20),
        ({"SS": ["a", "bc"]}, 3),
        ({"NS": ["1", "123"]}, 5),
        ({"BS": [b"12345678", b"12345678"]}, 16),
        ({"L": []}, 3),
        ({"L": [{"S": "a"}, {"N": "1"}]}, 3 + 1 + 1 + 1 + 2),
        ({"M": {"key": {"S": "a"}}}, 3 + 1 + 3 + 1),
    ],
)
def test_each_type_has_its_size(value: dict[str, Any], size: int) -> None:
    """The value's bytes, beside the two of a name of two letters."""
    assert item_size({"xy": value}) == 2 + size


@given(st.integers(min_value=1, max_value=10**38 - 1))
def test_a_number_takes_a_byte_for_two_digits(number: int) -> None:
    """About half a byte a significant digit and one more, never above the 21 that AWS names."""
    significant = len(str(number).rstrip("0"))
    size = item_size({"": {"N": str(number)}})
    assert significant / 2 + 1 <= size <= significant / 2 + 2
    assert size <= 21


def test_storage_has_an_overhead_for_each_item() -> None:
    """100 bytes, which make most of a small item."""
    assert stored_size({"k": {"S": "v"}}) == 2 + STORAGE_OVERHEAD == 102


def test_a_write_takes_a_unit_for_each_started_kilobyte() -> None:
    """1,024 bytes, the name among them, are one unit; a byte more is a second one."""
    assert write_units({"k": {"S": "x" * 1023}}) == 1
    assert write_units({"k": {"S": "x" * 1024}}) == 2


def test_a_week_of_daily_totals_stays_small() -> None:
    """An ordinary week with eight files is far below the 1,024 bytes of a write unit."""
    week = Week(
        pair="192.168.20.43>44.227.96.221",
        monday="2022-12-05",
        revision=8,
        updated_at=1_700_000_000,
        sources={bytes([number]) * 8 for number in range(8)},
    )
    for weekday, names in DAY_ATTRIBUTES.items():
        for name, number in zip(names, (123_456_789_000 + weekday, 123_456, 1_234), strict=True):
            setattr(week, name, number)
    assert item_size(week.serialize()) < 300
