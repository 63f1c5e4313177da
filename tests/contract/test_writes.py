"""Conditional writes of single items, as both protocols use them."""

from functools import partial
from typing import Any

import pytest

from tests.contract.stores import Answer, Store, answer_to, plain

KEY = {"k": {"S": "10.0.0.1>10.0.0.2"}, "t": {"S": "2022-12-07"}}
REFUSED, INVALID = "ConditionalCheckFailedException", "ValidationException"
NINES = 10**38 - 1


def n(value: object) -> dict[str, str]:
    return {"N": str(value)}


def bs(*members: bytes) -> dict[str, list[bytes]]:
    return {"BS": list(members)}


def update(store: Store, expression: str, condition: str = "", **values: dict[str, Any]) -> Answer:
    """Updates the one item; `:name` stands for each value given, `day` is written as #day."""
    request: dict[str, Any] = {"UpdateExpression": expression} if expression else {}
    if condition:
        request["ConditionExpression"] = condition
    if values:
        request["ExpressionAttributeValues"] = {f":{name}": value for name, value in values.items()}
    return answer_to(
        store.dynamodb.update_item,
        TableName=store.daily_totals,
        Key=KEY,
        ReturnValues="ALL_NEW",
        ReturnValuesOnConditionCheckFailure="ALL_OLD",
        **request,
    )


def put(store: Store, item: dict[str, Any], **request: Any) -> Answer:
    return answer_to(store.dynamodb.put_item, TableName=store.daily_totals, Item=KEY | item, **request)


def stored(store: Store) -> dict[str, Any]:
    """The item without its key."""
    item = store.dynamodb.get_item(TableName=store.daily_totals, Key=KEY, ConsistentRead=True).get("Item", {})
    return {name: value for name, value in plain(item).items() if name not in KEY}


def test_not_contains_holds_without_item_or_attribute(store: Store) -> None:
    """`NOT contains(s, :x)` holds without an item, without the set and without the member, and only then."""
    add = partial(update, store, "ADD s :set", "NOT contains(s, :x)")
    assert not add(set=bs(b"a"), x={"B": b"a"}).error
    update(store, "REMOVE s")
    assert not add(set=bs(b"a"), x={"B": b"a"}).error
    assert not add(set=bs(b"b"), x={"B": b"b"}).error
    assert add(set=bs(b"a"), x={"B": b"a"}).error == REFUSED


def test_contains_fails_without_item_or_attribute(store: Store) -> None:
    """`contains` of something that is not there is false, and nothing comes into being."""
    take_out = partial(update, store, "DELETE s :set", "contains(s, :x)", set=bs(b"a"), x={"B": b"a"})
    assert take_out() == Answer(REFUSED, {})
    assert stored(store) == {}
    put(store, {"u": n(1)})
    assert take_out() == Answer(REFUSED, plain(KEY) | {"u": 1})


def test_contains_compares_whole_members(store: Store) -> None:
    """A member of a set is found as a whole; a text or number is no member of a set of bytes."""
    put(store, {"s": bs(b"abcd")})
    assert update(store, "SET x = :one", "contains(s, :x)", one=n(1), x={"B": b"bc"}).error == REFUSED
    assert update(store, "SET x = :one", "contains(s, :x)", one=n(1), x={"S": "abcd"}).error == REFUSED


@pytest.mark.parametrize(("now", "error"), [(4, REFUSED), (5, ""), (6, ""), (10**20, ""), (-1, REFUSED)])
def test_absent_or_not_later(store: Store, now: int, error: str) -> None:
    """`attribute_not_exists(u) OR u <= :now` compares by value, and holds without an item."""
    set_time = partial(update, store, "SET u = :now", "(attribute_not_exists(u) OR u <= :now)")
    assert not set_time(now=n(5)).error
    assert set_time(now=n(now)).error == error


def test_comparison_with_what_is_absent_fails(store: Store) -> None:
    """No comparison but `<>` holds for an attribute that is not there, or is of another type."""
    put(store, {"txt": {"S": "1"}})
    for name in ("absent", "txt"):
        for comparison in ("=", "<", "<=", ">", ">="):
            assert update(store, "SET x = :one", f"{name} {comparison} :one", one=n(1)).error == REFUSED
        assert not update(store, "SET x = :one", f"{name} <> :one", one=n(1)).error


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("a = :one OR a = :two AND b = :one", True),
        ("(a = :one OR a = :two) AND b = :one", False),
        ("NOT a = :two AND b = :two", True),
        ("NOT (a = :one AND b = :two)", False),
        ("attribute_exists(a) AND attribute_not_exists(c)", True),
    ],
)
def test_precedence(store: Store, condition: str, holds: bool) -> None:
    """NOT binds stronger than AND, AND stronger than OR."""
    put(store, {"a": n(1), "b": n(2)})
    values = {name: value for name, value in (("one", n(1)), ("two", n(2))) if f":{name}" in condition}
    assert (not update(store, "REMOVE z", condition, **values).error) is holds


def test_refusal_brings_the_item(store: Store) -> None:
    """With ALL_OLD a failed condition answers with the whole item, and with none if there is none."""
    never = partial(update, store, "ADD d :one", "r = :one", one=n(1))
    assert never() == Answer(REFUSED, {})
    item: dict[str, Any] = {"d": n(NINES), "r": n(2), "s": bs(b"\0\xff", b"b"), "20221207": n(7)}
    put(store, item)
    assert never() == Answer(REFUSED, plain(KEY | item))
    assert stored(store) == plain(item)


def test_refusal_without_all_old_brings_nothing(store: Store) -> None:
    """The item comes only where it was asked for."""
    put(store, {"r": n(2)})
    answer = put(store, {"r": n(3)}, ConditionExpression="attribute_not_exists(r)")
    assert answer == Answer(REFUSED, {})


def test_all_new_is_the_whole_item(store: Store) -> None:
    """ALL_NEW gives what is stored after the update: key, attributes touched and not touched."""
    put(store, {"d": n(5), "s": bs(b"a")})
    answer = update(store, "ADD d :x SET u = :x", x=n(3))
    assert answer == Answer("", plain(KEY) | {"d": 8, "u": 3, "s": frozenset({b"a"})})


def test_add_remove_and_set_together(store: Store) -> None:
    """All clauses of one update see the item as it was before."""
    put(store, {"a": n(1), "b": n(2), "gone": n(3), "s": bs(b"a", b"b")})
    answer = update(
        store, "SET a = b, c = gone ADD b :five REMOVE gone DELETE s :out", five=n(5), out=bs(b"a")
    )
    assert not answer.error
    assert stored(store) == {"a": 2, "b": 7, "c": 3, "s": frozenset({b"b"})}


def test_placeholders_for_names(store: Store) -> None:
    """Attributes that are named by digits or reserved words are reached by placeholders."""
    answer = answer_to(
        store.dynamodb.update_item,
        TableName=store.daily_totals,
        Key=KEY,
        UpdateExpression="SET #0 = :v ADD #1 :v",
        ConditionExpression="attribute_not_exists(#0)",
        ExpressionAttributeNames={"#0": "20221207", "#1": "count"},
        ExpressionAttributeValues={":v": n(1)},
        ReturnValues="ALL_NEW",
    )
    assert answer == Answer("", plain(KEY) | {"20221207": 1, "count": 1})


@pytest.mark.parametrize("word", ["day", "count", "sum"])
def test_reserved_words_need_placeholders(store: Store, word: str) -> None:
    """An expression that spells out a reserved word is refused."""
    assert update(store, f"SET {word} = :one", one=n(1)).error == INVALID


def test_sets_come_and_go(store: Store) -> None:
    """ADD makes a set and merges, DELETE takes out what is in, the last member takes the set with it."""
    assert update(store, "ADD s :x", x=bs(b"b", b"a")).item["s"] == {b"a", b"b"}
    assert update(store, "ADD s :x", x=bs(b"b", b"\0")).item["s"] == {b"a", b"b", b"\0"}
    assert update(store, "DELETE s :x", x=bs(b"b", b"c", b"\0")).item["s"] == {b"a"}
    assert "s" not in update(store, "DELETE s :x", x=bs(b"a")).item
    assert update(store, "DELETE s :x", x=bs(b"a")) == Answer("", plain(KEY))


@pytest.mark.parametrize(
    ("start", "added", "total"),
    [
        (None, 5, 5),
        (None, -5, -5),
        (5, -8, -3),
        (5, -5, 0),
        (NINES, -NINES, 0),
        (-NINES, -1, -(10**38)),
        (NINES - 1, 1, NINES),
        (NINES, 1, 10**38),
        (10**37, 1, 10**37 + 1),
        (5 * 10**40, 5 * 10**40, 10**41),
    ],
)
def test_numbers_are_exact_to_38_digits(store: Store, start: int | None, added: int, total: int) -> None:
    """ADD is exact, with negative numbers too, as long as the sum has no more than 38 digits."""
    if start is not None:
        update(store, "ADD d :x", x=n(start))
    assert update(store, "ADD d :x", x=n(added)).item["d"] == total
    assert stored(store)["d"] == total


@pytest.mark.parametrize("value", [10**38 + 1, -(10**38) - 1, int("9" * 39), 10**45 + 1, "1E126", "", "x"])
def test_values_beyond_38_digits_are_refused(store: Store, value: object) -> None:
    """Nothing is rounded: what is no number, too long or too large is an error, and nothing changes."""
    put(store, {"d": n(1)})
    assert update(store, "ADD d :x SET u = :x", x=n(value)).error == INVALID
    assert stored(store) == {"d": 1}


@pytest.mark.lie_of("ministack", "rounds a sum to 38 digits")
@pytest.mark.parametrize(("start", "added"), [(NINES, 2), (-NINES, -2), (10**38, 1), (10**37, "0.1")])
def test_sums_beyond_38_digits_are_refused(store: Store, start: int, added: object) -> None:
    """A sum that would need more than 38 digits is an error, and nothing changes."""
    put(store, {"d": n(start)})
    assert update(store, "ADD d :x", x=n(added)).error == INVALID
    assert stored(store) == {"d": start}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("ADD s :x", n(1)),
        ("ADD d :x", bs(b"a")),
        ("ADD d :x", {"S": "a"}),
        ("ADD s :x", bs(b"a", b"a")),
        ("DELETE s :x", n(1)),
        ("DELETE d :x", bs(b"a")),
        ("SET d = absent", n(1)),
    ],
)
def test_nonsense_is_refused(store: Store, expression: str, value: dict[str, Any]) -> None:
    """Wrong types, empty sets, absent operands and bad syntax are errors, and nothing changes."""
    item: dict[str, Any] = {"d": n(1), "s": bs(b"a")}
    put(store, item)
    values = {"x": value} if ":x" in expression else {}
    assert update(store, expression, "", **values).error == INVALID
    assert stored(store) == plain(item)


@pytest.mark.lie_of("ministack", "adds an empty set")
def test_an_empty_set_is_refused(store: Store) -> None:
    """There are no empty sets, not even to add nothing by."""
    put(store, {"s": bs(b"a")})
    assert update(store, "ADD s :x", x=bs()).error == INVALID


@pytest.mark.lie_of("ministack", "reads over some errors of syntax")
@pytest.mark.parametrize(
    "expression", ["SET d = :x,", "SET d = :x :x", "SET d := :x", "SET 2022 = :x", "ADD d :x ADD p :x"]
)
def test_bad_syntax_is_refused(store: Store, expression: str) -> None:
    """An expression is read as a whole, has each clause once, and no name that begins with a digit."""
    assert update(store, expression, x=n(1)).error == INVALID


@pytest.mark.lie_of("ministack", "takes two absent attributes for equal")
def test_absent_attributes_are_not_equal(store: Store) -> None:
    """`<>` holds between two attributes that are not there."""
    assert not update(store, "SET d = :x", "a <> b", x=n(1)).error


def test_put_replaces_the_whole_item(store: Store) -> None:
    """A put leaves nothing of what was there, on its condition only."""
    assert not put(store, {"r": n(1), "h": n(9)}, ConditionExpression="attribute_not_exists(r)").error
    unchanged = {"ConditionExpression": "r = :seen", "ExpressionAttributeValues": {":seen": n(1)}}
    assert put(store, {"r": n(2)}, **unchanged) == Answer("", {})
    assert stored(store) == {"r": 2}
    failed = put(store, {"r": n(3)}, ReturnValuesOnConditionCheckFailure="ALL_OLD", **unchanged)
    assert failed == Answer(REFUSED, plain(KEY) | {"r": 2})
    assert stored(store) == {"r": 2}


def test_a_deletion_on_a_condition(store: Store) -> None:
    """An item goes if the condition holds; without a condition, deleting nothing is fine."""
    delete = partial(answer_to, store.dynamodb.delete_item, TableName=store.daily_totals, Key=KEY)
    held = {"ConditionExpression": "r = :seen", "ExpressionAttributeValues": {":seen": n(1)}}
    assert not delete().error
    assert delete(**held).error == REFUSED
    put(store, {"r": n(2)})
    assert delete(**held).error == REFUSED
    assert stored(store) == {"r": 2}
    put(store, {"r": n(1)})
    assert not delete(**held).error
    assert stored(store) == {}
