"""Reading a stream: shards in order, iterators and records that go away, and sharing."""

from typing import Any

from tests.helpers.streams import Bench, FakeShard, FakeStreams, refused
from vm_daemon.stream.leases import FINISHED


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
