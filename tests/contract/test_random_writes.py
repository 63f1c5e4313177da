"""Random writes, in step on the simulator and on an engine: every answer and the stream agree."""

from random import Random
from typing import Any

import pytest

from tests.contract.stores import Answer, Store, answer_to, plain, read_stream, simulated_store

WRITES = 250
NUMBERS = [
    0,
    1,
    -1,
    7,
    10**12,
    -(10**12),
    10**35,
    -(10**35),
    3 * 10**35 + 1,
]  # no sum has more than 38 digits
SETS = [[b"a"], [b"b"], [b"a", b"b"], [b"a", b"c"], [b"\0\xff"]]

UPDATES = [
    "ADD d :number, r :one SET u = :other",
    "ADD d :number, s :set SET u = :other",
    "ADD r :one SET h = :other REMOVE d, p",
    "SET d = p, p = d",
    "SET x = d REMOVE d",
    "DELETE s :set ADD p :number",
    "DELETE s :set",
    "ADD s :set",
    "REMOVE s",
    "SET s = :set",
    "SET d = d + :number",
    "ADD d :set",
]
CONDITIONS = [
    "",
    "attribute_not_exists(u) OR u <= :other",
    "NOT contains(s, :member) AND (attribute_not_exists(u) OR u <= :other)",
    "contains(s, :member)",
    "contains(s, :member) AND attribute_exists(d)",
    "d = :number OR p < :other",
    "attribute_not_exists(d) AND (attribute_not_exists(h) OR h < :other)",
    "NOT (d > :number) AND d <> :other",
    "r = :one",
]


def a_write(random: Random) -> tuple[str, dict[str, Any]]:
    """An operation on one of a few items, with its request."""
    key = {"k": {"S": random.choice("ab")}, "t": {"S": random.choice("12")}}
    values = {
        ":number": {"N": str(random.choice(NUMBERS))},
        ":other": {"N": str(random.randint(0, 9))},
        ":one": {"N": "1"},
        ":set": {"BS": random.choice(SETS)},
        ":member": {"B": random.choice([b"a", b"b", b"\0\xff"])},
    }
    condition = random.choice(CONDITIONS)
    request: dict[str, Any] = {"ReturnValuesOnConditionCheckFailure": random.choice(["ALL_OLD", "NONE"])}
    expression = ""
    if random.random() < 0.15:
        operation = "put_item"
        item = {name: values[f":{value}"] for name, value in (("d", "number"), ("s", "set"), ("r", "one"))}
        request["Item"] = key | {name: value for name, value in item.items() if random.random() < 0.7}
    else:
        operation = "update_item"
        expression = random.choice(UPDATES)
        request |= {"Key": key, "UpdateExpression": expression, "ReturnValues": "ALL_NEW"}
    if condition:
        request["ConditionExpression"] = condition
    words = f"{expression} {condition}".replace("(", " ").replace(")", " ").replace(",", " ").split()
    if used := {name: value for name, value in values.items() if name in words}:
        request["ExpressionAttributeValues"] = used
    return operation, request


def answer(store: Store, operation: str, request: dict[str, Any]) -> Answer:
    return answer_to(getattr(store.dynamodb, operation), TableName=store.daily_totals, **request)


def changes(store: Store) -> dict[tuple[str, str], list[tuple[str, Any, Any]]]:
    """What the stream says of each item, in order."""
    found: dict[tuple[str, str], list[tuple[str, Any, Any]]] = {}
    for record in read_stream(store):
        change = record["dynamodb"]
        images = plain(change.get("OldImage", {})), plain(change.get("NewImage", {}))
        key = change["Keys"]["k"]["S"], change["Keys"]["t"]["S"]
        found.setdefault(key, []).append((record["eventName"], *images))
    return found


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_writes_are_answered_alike(store: Store, seed: int) -> None:
    """Each of many random conditional writes has the same answer on this engine as on the simulator."""
    random = Random(seed)
    simulator = simulated_store()
    outcomes: dict[str, int] = {}
    for number in range(WRITES):
        operation, request = a_write(random)
        expected = answer(simulator, operation, request)
        found = answer(store, operation, request)
        assert found == expected, f"write {number} of seed {seed}: {operation} {request}"
        outcomes[found.error] = outcomes.get(found.error, 0) + 1
    assert (
        min(outcomes[error] for error in ("", "ConditionalCheckFailedException", "ValidationException")) > 10
    )
    assert changes(store) == changes(simulator)
