"""How many bytes DynamoDB bills for an item, by the rule that AWS publishes ("Item sizes and formats")."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from models.storage.numbers import without_exponent

STORAGE_OVERHEAD = 100  # bytes that each stored item is billed beside its own
LARGEST_ITEM = 400 * 1024  # bytes, what DynamoDB takes

_UNIT = 1024  # bytes of an item that a write unit pays for
_CONTAINER = 3  # bytes of a list or map, and one more for each element


def stored_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes billed for storing an item.

    Args:
        item: as the API gives it, `{"d": {"N": "12"}}`.
    """
    return item_size(item) + STORAGE_OVERHEAD


def item_size(item: Mapping[str, Mapping[str, Any]]) -> int:
    """Bytes of an item as reads and writes count them: names and values."""
    return sum(len(name.encode()) + _value_size(value) for name, value in item.items())


def write_units(item: Mapping[str, Mapping[str, Any]]) -> int:
    """What a write of an item costs: a unit for each started kilobyte of it."""
    return -(-item_size(item) // _UNIT)


def _value_size(typed: Mapping[str, Any]) -> int:
    ((kind, value),) = typed.items()
    return _SIZES[kind](value)


def _list_size(elements: Sequence[Mapping[str, Any]]) -> int:
    return _CONTAINER + sum(1 + _value_size(element) for element in elements)


def _map_size(entries: Mapping[str, Mapping[str, Any]]) -> int:
    return _CONTAINER + sum(1 + len(key.encode()) + _value_size(value) for key, value in entries.items())


def _number_size(text: str) -> int:
    """One byte and one for every two significant digits, aligned to pairs; one more below zero."""
    whole, _, fraction = without_exponent(text).lstrip("+-").partition(".")
    pairs = whole.zfill(len(whole) + len(whole) % 2) + fraction + "0" * (len(fraction) % 2)
    digits = [pairs[at : at + 2] for at in range(0, len(pairs), 2)]
    while digits and digits[0] == "00":
        digits.pop(0)
    while digits and digits[-1] == "00":
        digits.pop()
    return 1 + len(digits) + text.startswith("-")


def _string_size(text: str) -> int:
    return len(text.encode())


_SIZES: Mapping[str, Callable[[Any], int]] = {
    "S": _string_size,
    "N": _number_size,
    "B": len,
    "BOOL": lambda _: 1,
    "NULL": lambda _: 1,
    "L": _list_size,
    "M": _map_size,
    "SS": lambda texts: sum(map(_string_size, texts)),
    "NS": lambda numbers: sum(map(_number_size, numbers)),
    "BS": lambda values: sum(map(len, values)),
}
