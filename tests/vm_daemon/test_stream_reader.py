"""Reading a stream: shards in order, iterators and records that go away, and sharing."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.streams import Bench, FakeShard, FakeStreams, refused
from vm_daemon.leases import FINISHED

HOUR = 3600


def numbers(shard: str, first: int, last: int) -> list[tuple[str, int]]:
    return [(shard, number) for number in range(first, last + 1)]


def test_parents_are_read_before_their_children() -> None:
    """Every record of a shard comes before any of the shards it was split into, over many pages."""
    bench = Bench(
        FakeStreams(
            a=FakeShard("z", 5),
            b=FakeShard("z", 5),
            z=FakeShard(None, 2500, is_closed=True),
        )
    )
    bench.pass_time(30, bench.reader())
    assert bench.stage.seen[:2500] == numbers("z", 1, 2500)
    assert sorted(bench.stage.seen[2500:]) == [*numbers("a", 1, 5), *numbers("b", 1, 5)]
    assert bench.table.item("shard#z")["sequence_number"] == {"S": FINISHED}


def test_a_parent_that_is_gone_holds_nobody_up() -> None:
    """Its records have left the stream, so its children are read."""
    bench = Bench(FakeStreams(a=FakeShard("gone", 3)))
    bench.pass_time(5, bench.reader())
    assert bench.stage.seen == numbers("a", 1, 3)


def test_an_iterator_that_expired_is_renewed_in_place() -> None:
    """Nothing is skipped and nothing read twice."""
    bench = Bench(FakeStreams(a=FakeShard(None, 3)))
    reader = bench.reader()
    bench.pass_time(5, reader)
    bench.streams.expire_iterators()
    bench.streams.shards["a"].count = 6
    bench.pass_time(5, reader)
    assert bench.stage.seen == numbers("a", 1, 6)


def test_records_that_failed_come_again() -> None:
    """The checkpoint stays before them; they are read until they succeed, and the status tells of it."""
    bench = Bench(FakeStreams(a=FakeShard(None, 9)))
    bench.stage.fails_at = ("a", 4)
    reader = bench.reader()
    bench.pass_time(30, reader)
    assert bench.shown.said[-1].startswith("STATUS=trying again")
    assert bench.stage.seen == numbers("a", 1, 3)
    assert bench.table.item("shard#a")["sequence_number"] == {"S": "3"}
    bench.stage.fails_at = None
    bench.pass_time(5, reader)
    assert bench.stage.seen == numbers("a", 1, 9)


def test_a_closed_shard_whose_end_failed_is_not_finished() -> None:
    """Its children wait until its last record is in."""
    bench = Bench(FakeStreams(a=FakeShard(None, 9, is_closed=True), b=FakeShard("a", 1)))
    bench.stage.fails_at = ("a", 9)
    reader = bench.reader()
    bench.pass_time(100, reader)
    assert bench.stage.seen == numbers("a", 1, 8)
    bench.stage.fails_at = None
    bench.pass_time(5, reader)
    assert bench.stage.seen == [*numbers("a", 1, 9), ("b", 1)]


def test_another_reader_goes_on_at_the_checkpoint() -> None:
    """After a clean stop nothing is read twice."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5)))
    first = bench.reader("one")
    bench.pass_time(5, first)
    first.leave()
    bench.streams.shards["a"].count = 8
    bench.pass_time(5, bench.reader("two"))
    assert bench.stage.seen == numbers("a", 1, 8)
    assert bench.repairs == 1  # of the first start ever


def test_trimmed_records_lead_to_a_repair() -> None:
    """A checkpoint that is older than the stream is noticed, and reading goes on with what there is."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5)))
    reader = bench.reader()
    bench.pass_time(20, reader)
    reader.leave()
    bench.streams.shards["a"].count, bench.streams.shards["a"].trimmed = 20, 10
    bench.pass_time(20, bench.reader())
    assert bench.stage.seen == [*numbers("a", 1, 5), *numbers("a", 11, 20)]
    assert bench.repairs == 2


def test_a_shard_that_is_gone_unread_leads_to_a_repair() -> None:
    """A shard with a checkpoint that is not its end left the stream."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5), b=FakeShard(None, 5)))
    reader = bench.reader()
    bench.pass_time(20, reader)
    del bench.streams.shards["b"]
    bench.pass_time(100, reader)
    assert bench.repairs == 2
    assert not bench.table.item("shard#b")


@pytest.mark.parametrize("hours", [11, 25])
def test_after_a_long_time_without_a_reader_all_is_repaired(hours: int) -> None:
    """Shards may have come and gone unseen; the limit allows for clocks that are wrong by hours."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5)))
    first = bench.reader()
    bench.pass_time(20, first)
    first.leave()
    bench.clock.now += hours * HOUR
    bench.pass_time(20, bench.reader())
    assert bench.repairs == (1 if hours < 12 else 2)


def test_a_shard_whose_first_record_fails_for_a_day_leads_to_a_repair() -> None:
    """Without a position to go on from, no error of the stream tells what left it meanwhile."""
    bench = Bench(FakeStreams(a=FakeShard(None, 1)))
    bench.stage.fails_at = ("a", 1)
    reader = bench.reader()
    for hour in range(14):
        bench.pass_time(60, reader)
        assert bench.repairs == (1 if hour < 12 else 2)
        bench.clock.now += HOUR - 60


def trim(bench: Bench) -> None:
    """The records after the checkpoint leave the stream."""
    bench.streams.shards["a"].count, bench.streams.shards["a"].trimmed = 20, 10


def remove(bench: Bench) -> None:
    """The shard leaves the stream before it was read to its end."""
    bench.streams.shards = {"c": FakeShard()}


def wait(bench: Bench) -> None:
    """Nobody reads for a day."""
    bench.clock.now += 25 * HOUR


def empty(bench: Bench) -> None:
    """The shard was closed and is listed with a child, but nothing of it is left."""
    bench.streams.shards = {"a": bench.streams.shards["a"], "b": FakeShard("a")}

    def refuse(**_: Any) -> Any:
        raise refused("ResourceNotFoundException")

    bench.streams.get_records = refuse  # type: ignore[method-assign]


@pytest.mark.parametrize(("lose", "shard"), [(trim, "a"), (remove, "a"), (wait, "any"), (empty, "a")])
def test_lost_records_are_logged(
    lose: Callable[[Bench], None], shard: str, caplog: pytest.LogCaptureFixture
) -> None:
    """However it is noticed, the log has one event for it, with the shard and how it was noticed."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5)))
    reader = bench.reader()
    bench.pass_time(20, reader)
    reader.leave()
    lost = "records left the stream before they were read"
    assert lost not in caplog.text  # that nobody has read a new stream before is no loss
    lose(bench)
    bench.pass_time(100, bench.reader("two"))
    events = [vars(record) for record in caplog.records if record.getMessage() == lost]
    assert shard in {event["shard"] for event in events}
    assert all(event["levelname"] == "ERROR" and event["reason"] for event in events)
    assert bench.repairs == 2


def test_an_idle_shard_that_is_read_leads_to_none() -> None:
    """Days without a record are no reason to repair, also over restarts."""
    bench = Bench(FakeStreams(a=FakeShard(None, 0)))
    for name in ("one", "two"):
        reader = bench.reader(name)
        bench.pass_time(20 * HOUR, reader)
        reader.leave()
    assert bench.repairs == 1


def test_shards_are_shared_fairly() -> None:
    """Each reader has its part; newcomers get theirs within seconds, and leavers leave theirs."""
    bench = Bench(FakeStreams(**{name: FakeShard() for name in "abcd"}))
    one, two, three = (bench.reader(name) for name in ("one", "two", "three"))
    bench.pass_time(20, one)
    assert bench.holders() == ["one"] * 4
    bench.pass_time(21, one, two)
    assert sorted(bench.holders()) == ["one", "one", "two", "two"]
    bench.pass_time(21, one, two, three)
    assert set(bench.holders()) == {"one", "two", "three"} or "-" not in bench.holders()
    two.leave()
    bench.pass_time(21, one, three)
    assert sorted(bench.holders()) == ["one", "one", "three", "three"]


def test_a_reader_is_spare_where_there_are_fewer_shards() -> None:
    """It takes over when the other dies, within the lease time."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5)))
    one, two = bench.reader("one"), bench.reader("two")
    bench.pass_time(30, one, two)
    assert bench.holders() == ["one"]
    bench.streams.shards["a"].count = 8
    bench.pass_time(60, two)
    assert bench.holders() == ["two"]
    assert bench.stage.seen == numbers("a", 1, 8)


def test_a_frozen_reader_reads_nothing_when_it_wakes() -> None:
    """It first learns that others have its shard."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5)))
    one, two = bench.reader("one"), bench.reader("two")
    bench.pass_time(30, one, two)
    bench.pass_time(60, two)
    bench.streams.shards["a"].count = 8
    one.round()
    assert bench.stage.seen == numbers("a", 1, 5)
    bench.pass_time(60, one, two)
    assert bench.holders() == ["two"]


def test_work_that_outlasts_the_lease_is_the_last() -> None:
    """After a batch that took too long no other shard is read before the leases were looked at."""
    bench = Bench(FakeStreams(a=FakeShard(None, 1), b=FakeShard(None, 1)))
    reader = bench.reader()

    def takes() -> None:
        bench.clock.now += 50

    bench.stage.takes = takes
    reader.round()
    assert bench.stage.seen == [("a", 1)]
    reader.round()
    assert bench.stage.seen == [("a", 1), ("b", 1)]


def test_without_the_table_a_reader_stops_before_others_begin() -> None:
    """A reader that is cut off reads on for as long as nobody can have taken its place, and no longer."""
    bench = Bench(FakeStreams(a=FakeShard(None, 5)))
    one = bench.reader("one")
    bench.pass_time(15, one)
    bench.table.is_cut = True
    bench.pass_time(20, one)
    bench.streams.shards["a"].count = 6
    bench.pass_time(2, one)
    assert bench.stage.seen[-1] == ("a", 6)
    bench.pass_time(30, one)
    bench.streams.shards["a"].count = 7
    bench.pass_time(10, one)
    assert bench.stage.seen[-1] == ("a", 6)
    bench.table.is_cut = False
    bench.pass_time(10, one)
    assert bench.stage.seen[-1] == ("a", 7)


def test_it_polls_once_a_second_when_idle_and_at_once_while_records_flow() -> None:
    """Each call costs money, and each record should not wait."""
    bench = Bench(FakeStreams(a=FakeShard(None, 50)))
    bench.streams.page = 10
    reader = bench.reader()
    assert reader.round() == 0.0
    bench.pass_time(0.05, reader)
    assert len(bench.stage.seen) == 50
    before = bench.streams.calls
    bench.pass_time(60, reader)
    assert 55 <= bench.streams.calls - before <= 61


def test_a_backlog_is_read_in_large_batches() -> None:
    """So that many changes of a pair fall into one write; what is little is taken as it comes."""
    bench = Bench(FakeStreams(a=FakeShard(None, 9300)))
    reader = bench.reader()
    reader.round()
    reader.round()
    reader.round()
    bench.streams.shards["a"].count = 9400
    reader.round()
    assert bench.stage.batches == [4000, 4000, 1300, 100]
    assert bench.stage.seen == numbers("a", 1, 9400)


def test_a_page_that_fails_within_a_batch_loses_nothing() -> None:
    """The pages before it are read again with it."""
    bench = Bench(FakeStreams(a=FakeShard(None, 2000)))
    reader = bench.reader()
    real, calls = bench.streams.get_records, iter(range(100))

    def get_records(**request: Any) -> Any:
        if next(calls) == 1:
            raise refused("InternalServerError")
        return real(**request)

    bench.streams.get_records = get_records  # type: ignore[method-assign]
    bench.pass_time(10, reader)
    assert bench.stage.seen == numbers("a", 1, 2000)
