"""The change stream of the daily totals: records, images, order, places to read from."""

from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.contract.stores import Store, answer_to, plain, read_shard, read_stream, shards_of

DAY = {"k": {"S": "10.0.0.1>10.0.0.2"}, "t": {"S": "2022-12-07"}}
NINES = 10**38 - 1


def add(store: Store, number: int, key: dict[str, Any] = DAY, **request: Any) -> str:
    """Adds to an item and gives the error, if any."""
    return answer_to(
        store.dynamodb.update_item,
        TableName=store.daily_totals,
        Key=key,
        UpdateExpression="ADD d :x",
        ExpressionAttributeValues={":x": {"N": str(number)}},
        **request,
    ).error


def names(store: Store) -> list[str]:
    return [record["eventName"] for record in read_stream(store)]


def test_an_insert_has_the_new_image_only(store: Store) -> None:
    """The first write of an item is one INSERT with key and new image."""
    store.dynamodb.update_item(
        TableName=store.daily_totals,
        Key=DAY,
        UpdateExpression="ADD d :d, s :s SET u = :u",
        ExpressionAttributeValues={":d": {"N": str(-NINES)}, ":s": {"BS": [b"\0", b"a"]}, ":u": {"N": "7"}},
    )
    (record,) = read_stream(store)
    assert record["eventName"] == "INSERT"
    assert record["dynamodb"]["Keys"] == DAY
    assert "OldImage" not in record["dynamodb"]
    new = plain(record["dynamodb"]["NewImage"])
    assert new == plain(DAY) | {"d": -NINES, "s": frozenset({b"\0", b"a"}), "u": 7}


def test_a_change_has_both_images(store: Store) -> None:
    """A MODIFY has the item before and after, whole, with attributes that came and went."""
    item: dict[str, Any] = DAY | {"d": {"N": "1"}, "s": {"BS": [b"a"]}, "kept": {"N": str(NINES)}}
    store.dynamodb.put_item(TableName=store.daily_totals, Item=item)
    store.dynamodb.update_item(
        TableName=store.daily_totals,
        Key=DAY,
        UpdateExpression="ADD d :d SET u = :d DELETE s :s",
        ExpressionAttributeValues={":d": {"N": "2"}, ":s": {"BS": [b"a"]}},
    )
    change = read_stream(store)[1]["dynamodb"]
    assert plain(change["OldImage"]) == plain(item)
    assert plain(change["NewImage"]) == plain(DAY) | {"d": 3, "u": 2, "kept": NINES}


def test_a_removal_has_the_old_image_only(store: Store) -> None:
    """A REMOVE has the item that was; after it, the item is new again."""
    add(store, 1)
    store.dynamodb.delete_item(TableName=store.daily_totals, Key=DAY)
    add(store, 2)
    first, removal, second = read_stream(store)
    assert [first["eventName"], removal["eventName"], second["eventName"]] == ["INSERT", "REMOVE", "INSERT"]
    assert plain(removal["dynamodb"]["OldImage"]) == plain(DAY) | {"d": 1}
    assert "NewImage" not in removal["dynamodb"]
    assert "OldImage" not in second["dynamodb"]


def test_a_refused_write_leaves_no_record(store: Store) -> None:
    """A failed condition and an invalid update are not in the stream."""
    add(store, 1)
    assert add(store, 2, ConditionExpression="attribute_not_exists(d)")
    assert add(store, NINES * 10 + 1)
    assert names(store) == ["INSERT"]


def test_a_write_that_changes_nothing_leaves_no_record(store: Store) -> None:
    """Adding nothing, removing what is absent, or putting the same item again is not in the stream."""
    add(store, 1)
    add(store, 0)
    store.dynamodb.update_item(TableName=store.daily_totals, Key=DAY, UpdateExpression="REMOVE x")
    store.dynamodb.put_item(TableName=store.daily_totals, Item=DAY | {"d": {"N": "1"}})
    assert names(store) == ["INSERT"]


def test_changes_of_an_item_are_in_order(store: Store) -> None:
    """Each change is there once; the new image of one is the old image of the next."""
    keys = [DAY | {"t": {"S": str(day)}} for day in range(3)]
    for number in range(60):
        add(store, 1, keys[number % 3])
    records = read_stream(store)
    for key in keys:
        changes = [record["dynamodb"] for record in records if record["dynamodb"]["Keys"] == key]
        assert [int(change["NewImage"]["d"]["N"]) for change in changes] == list(range(1, 21))
        assert all(plain(b["OldImage"]) == plain(a["NewImage"]) for a, b in pairwise(changes))


def test_sequence_numbers_ascend(store: Store) -> None:
    """Within a shard the sequence numbers ascend; they have 21 to 40 digits."""
    for _ in range(20):
        add(store, 1)
    numbers = [record["dynamodb"]["SequenceNumber"] for record in read_stream(store)]
    assert all(21 <= len(number) <= 40 and number.isdigit() for number in numbers)
    assert all(int(a) < int(b) for a, b in pairwise(numbers))


def test_reading_goes_on_after_a_sequence_number(store: Store) -> None:
    """AFTER_SEQUENCE_NUMBER begins with the record that follows, TRIM_HORIZON with the first."""
    for _ in range(6):
        add(store, 1)
    (shard,) = shards_of(store)
    records = read_shard(store, shard["ShardId"])
    numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
    assert len(set(numbers)) == 6
    for place, number in enumerate(numbers):
        start = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
        rest = read_shard(store, shard["ShardId"], **start)
        assert [record["dynamodb"]["SequenceNumber"] for record in rest] == numbers[place + 1 :]


def test_an_iterator_at_the_end_waits_for_more(store: Store) -> None:
    """An open shard without news answers with no records and another iterator, which sees what comes."""
    (shard,) = shards_of(store)
    start = {"StreamArn": store.stream_arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = store.streams.get_shard_iterator(**start)["ShardIterator"]
    for number in range(3):
        answer = store.streams.get_records(ShardIterator=iterator)
        assert answer["Records"] == []
        add(store, 1)
        answer = store.streams.get_records(ShardIterator=answer["NextShardIterator"])
        assert [int(record["dynamodb"]["NewImage"]["d"]["N"]) for record in answer["Records"]] == [number + 1]
        iterator = answer["NextShardIterator"]


def test_an_unknown_shard_is_not_found(store: Store) -> None:
    """A shard that the stream does not have is a ResourceNotFoundException."""
    with pytest.raises(ClientError) as error:
        read_shard(store, "shardId-00000000000000000000-00000000-not-there")
    assert error.value.response["Error"]["Code"] == "ResourceNotFoundException"


@pytest.mark.moves_time
def test_shards_roll_over(store: Store) -> None:
    """After hours a shard closes and a child goes on: read in order of lineage, nothing is missing."""
    for hours in (5, 0, 5):
        add(store, 1)
        add(store, 1, DAY | {"t": {"S": "2022-12-08"}})
        if hours:
            store.let_hours_pass(hours)
    shards = shards_of(store)
    assert [shard.get("ParentShardId") for shard in shards] == [None, *(s["ShardId"] for s in shards[:-1])]
    assert len(shards) == 3
    changes = [record["dynamodb"] for record in read_stream(store)]
    for day in ("2022-12-07", "2022-12-08"):
        totals = [change["NewImage"]["d"]["N"] for change in changes if change["Keys"]["t"]["S"] == day]
        assert totals == ["1", "2", "3"]


@pytest.mark.moves_time
def test_a_closed_shard_ends(store: Store) -> None:
    """The last records of a closed shard come without another iterator."""
    add(store, 1)
    store.let_hours_pass(5)
    parent, _ = shards_of(store)
    start = {"StreamArn": store.stream_arn, "ShardId": parent["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
    iterator = store.streams.get_shard_iterator(**start)["ShardIterator"]
    answers = [store.streams.get_records(ShardIterator=iterator)]
    while "NextShardIterator" in answers[-1]:
        answers.append(store.streams.get_records(ShardIterator=answers[-1]["NextShardIterator"]))
    assert [len(answer["Records"]) for answer in answers] in ([1], [1, 0])


@pytest.mark.moves_time
def test_records_are_trimmed_after_a_day(store: Store) -> None:
    """Going on after a record that left the stream is a TrimmedDataAccessException."""
    add(store, 1)
    (record,) = read_stream(store)
    store.let_hours_pass(25)
    parent = shards_of(store)[0]
    with pytest.raises(ClientError) as error:
        read_shard(
            store,
            parent["ShardId"],
            ShardIteratorType="AFTER_SEQUENCE_NUMBER",
            SequenceNumber=record["dynamodb"]["SequenceNumber"],
        )
    assert error.value.response["Error"]["Code"] == "TrimmedDataAccessException"
