"""The reader of the daemon on streams whose shards come and go."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.contract.stores import Store, simulated_store
from tests.helpers.stand_ins import Clock
from tests.helpers.streams import LeaseTable
from tests.simulation.errors import refusal
from vm_daemon.stream.stream_reader import StreamReader


class Reading:
    """A reader at work, and what it has read."""

    def __init__(self, store: Store) -> None:
        self.clock = Clock()
        self.totals: list[int] = []
        self.repairs = 0
        leases = LeaseTable(self.clock).leases("reader", self.clock)
        self.reader = StreamReader(
            store.streams, store.stream_arn, self, leases, repair=self.repair, now=self.clock
        )

    def process(self, records: Sequence[Any]) -> None:
        self.totals += [int(record["dynamodb"]["NewImage"]["d"]["N"]) for record in records]

    def repair(self) -> None:
        self.repairs += 1

    def go_on(self) -> None:
        """Some minutes of reading."""
        for _ in range(60):
            self.clock.now += max(1.0, self.reader.round())


def add(store: Store) -> None:
    """Adds 1 to the one daily total."""
    store.dynamodb.update_item(
        TableName=store.daily_totals,
        Key={"k": {"S": "10.0.0.1>10.0.0.2"}, "t": {"S": "2022-12-07"}},
        UpdateExpression="ADD d :one",
        ExpressionAttributeValues={":one": {"N": "1"}},
    )


@pytest.mark.moves_time
def test_it_reads_every_change_once_while_shards_roll_over(store: Store) -> None:
    """What is written before, between and after rollovers arrives once, in order, without a repair."""
    reading = Reading(store)
    reading.go_on()
    assert reading.repairs == 1  # for what a reader that has never run may have missed
    for hours in (1, 5, 5, 1, 5):
        add(store)
        reading.go_on()
        add(store)
        store.let_hours_pass(hours)
        reading.clock.now += hours * 3600
    reading.go_on()
    assert reading.totals == list(range(1, 11))
    assert reading.repairs == 1


@pytest.mark.moves_time
@pytest.mark.parametrize("hours", [(25,), (5, 21), (5, 5, 20), (50, 50)])
def test_it_gets_past_what_was_trimmed(store: Store, hours: tuple[int, ...]) -> None:
    """After an outage of a day and more it repairs, and reads on with what is written from then on."""
    reading = Reading(store)
    add(store)
    reading.go_on()
    for number in hours:
        add(store)
        store.let_hours_pass(number)
        reading.clock.now += number * 3600
    reading.go_on()
    assert reading.repairs > 1
    written = len(hours) + 2
    add(store)
    reading.go_on()
    assert reading.totals[-1] == written
    repairs = reading.repairs
    reading.go_on()
    assert reading.repairs == repairs


@pytest.mark.parametrize("code", ["TrimmedDataAccessException", "ResourceNotFoundException"])
def test_a_shard_of_which_nothing_is_left_holds_nobody_up(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed shard that is listed but cannot be read counts as read; what it held is made good."""
    store = simulated_store()
    add(store)
    store.let_hours_pass(25)
    add(store)
    parent, child = store.streams.shards
    get_records = store.streams.get_records

    def refuse_the_parent(ShardIterator: str) -> Any:  # noqa: N803  # boto3's name
        if ShardIterator.startswith(parent):
            raise refusal(code, "GetRecords")
        return get_records(ShardIterator=ShardIterator)

    monkeypatch.setattr(store.streams, "get_records", refuse_the_parent)
    monkeypatch.setattr(
        store.streams, "kept", lambda: [store.streams.shards[name] for name in (parent, child)]
    )
    reading = Reading(store)
    reading.go_on()
    assert reading.totals == [2]
    assert reading.repairs in (1, 2)
