"""Filter patterns of event source mappings: which records a function is to see at all."""

import operator
from collections.abc import Callable, Mapping
from typing import Any

_COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def matches(pattern: Mapping[str, Any], record: Any) -> bool:
    """Whether a record has, for every key of the pattern, one of the values that it lists.

    As AWS does, numbers are compared only where the record has JSON numbers: those of a DynamoDB record
    are strings, so a numeric rule never matches them.

    Args:
        pattern: keys with patterns of their own, or with lists of rules.
        record: the record, or what lies under the key of an outer pattern.
    """
    if not isinstance(record, Mapping):
        return False
    return all(
        matches(expected, record.get(key))
        if isinstance(expected, Mapping)
        else any(_obeys(rule, key, record) for rule in expected)
        for key, expected in pattern.items()
    )


def _obeys(rule: Any, key: str, record: Mapping[str, Any]) -> bool:
    if not isinstance(rule, Mapping):
        return key in record and bool(record[key] == rule)
    ((kind, operand),) = rule.items()
    value = record.get(key)
    if kind == "exists":
        return (key in record) is bool(operand)
    if kind == "prefix":
        return isinstance(value, str) and value.startswith(operand)
    if kind == "anything-but":
        others = operand if isinstance(operand, list) else [operand]
        return key in record and value not in others
    if kind == "numeric":
        if not isinstance(value, int | float):
            return False
        pairs = zip(operand[::2], operand[1::2], strict=True)
        return all(_COMPARISONS[sign](value, bound) for sign, bound in pairs)
    raise ValueError(f"a filter rule that is not supported here: {kind}")
