"""What an item of the statistics says, and how it is keyed and written."""

from collections.abc import Mapping
from typing import Any

from models.errors import NotComputable
from models.storage.changes import Bookkeeping, Sums
from models.storage.numbers import integer
from models.storage.schema import PairStatistics, RawItem
from models.traffic import split_pair

SUMS = ("n", "d", "dd", "p", "pp")  # attributes, in the order of the fields of `Sums`

_LONGEST_SOURCE, _LONGEST_DESTINATION = 2048, 1024  # bytes of a partition and of a sort key
_REMEDY = "Find out who writes to the table of daily totals, and have the item removed"


def sums_of(item: RawItem) -> Sums:
    """The sums that a stored item holds; none if there is no item."""
    return Sums(*(integer_in(item, name) for name in SUMS))


def is_set_aside(item: RawItem) -> bool:
    """Whether the sums that a stored item holds are not those of the daily totals, which give none."""
    return PairStatistics.set_aside.attr_name in item


def bookkeeping(item: RawItem) -> Bookkeeping:
    """The marks and the horizon that a stored item holds."""
    marks = {_week_in(name): integer_in(item, name) for name in item if name.isdigit()}
    return Bookkeeping(marks, integer_in(item, "h"))


def attribute_of(week: str) -> str:
    """The attribute in which the mark of a week is kept: `2022-12-05` as `20221205`."""
    return week.replace("-", "")


def _week_in(attribute: str) -> str:
    """The week whose mark an attribute keeps."""
    return f"{attribute[:4]}-{attribute[4:6]}-{attribute[6:]}"


def key_of(pair: str) -> dict[str, Any]:
    ends = split_pair(pair)
    if not is_key(*ends):
        raise NotComputable("the key of an item of the daily totals is no pair", where=pair, remedy=_REMEDY)
    return _key(*ends)


def is_key(source: str, destination: str) -> bool:
    """Whether a table takes a key of these two."""
    lengths = len(source.encode()), len(destination.encode())
    return all(lengths) and lengths[0] <= _LONGEST_SOURCE and lengths[1] <= _LONGEST_DESTINATION


def _key(source: str, destination: str) -> dict[str, Any]:
    return {
        PairStatistics.source.attr_name: {"S": source},
        PairStatistics.destination.attr_name: {"S": destination},
    }


def integer_in(item: RawItem, name: str) -> int:
    """A number of a stored item; 0 if it is not there, or was spoilt by hand: a rebuild replaces it."""
    try:
        return integer(item[name]["N"])
    except (KeyError, ValueError):
        return 0


def as_numbers(values: Mapping[str, int]) -> dict[str, Any]:
    return {name: {"N": str(value)} for name, value in values.items()}
