"""Several readers of one stream, and when one of them is ready."""

from typing import Any

from botocore.exceptions import EndpointConnectionError

from tests.stream_bench import Bench, numbers
from tests.streams import FakeShard, FakeStreams, refused


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


def test_it_is_ready_when_it_can_work() -> None:
    """Not before its check has passed and its shard has answered; then it stays so."""
    bench, checks = Bench(FakeStreams(a=FakeShard(count=1))), []

    def check() -> None:
        checks.append(1)
        if len(checks) < 3:
            raise EndpointConnectionError(endpoint_url="table")

    reader = bench.reader(check=check)
    bench.pass_time(5, bench.reader("a reader that repairs first"))
    bench.shown.said.clear()
    for _ in range(2):
        reader.round()
        assert "READY=1" not in bench.shown.said
    bench.pass_time(120, reader)
    assert bench.shown.said.count("READY=1") == 1
    assert len(checks) == 3
    assert bench.repairs == 1


def test_a_shard_that_is_refused_keeps_it_from_being_ready() -> None:
    """The stream is described, but may not be read: it cannot work, and its status says why."""
    bench = Bench(FakeStreams(a=FakeShard(count=1)))
    bench.pass_time(2, first := bench.reader("a reader that repairs first"))
    first.leave()
    bench.shown.said.clear()

    def refuse(**_: Any) -> Any:
        raise refused("AccessDeniedException")

    bench.streams.get_shard_iterator = refuse  # type: ignore[method-assign]
    bench.pass_time(10, bench.reader())
    assert "READY=1" not in bench.shown.said
    assert any("AccessDeniedException" in line for line in bench.shown.said)


def test_it_is_ready_before_a_repair() -> None:
    """A repair of large tables takes longer than systemd lets a start take."""
    bench = Bench(FakeStreams(a=FakeShard(count=1)))
    bench.pass_time(2, bench.reader())
    assert bench.repairs == 1
    assert "READY=1" in bench.said_before_repair
