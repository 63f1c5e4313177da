"""Records that left the stream before they were read: noticed, logged, and made good by a repair."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.helpers.streams import Bench, FakeShard, FakeStreams, refused

HOUR = 3600


def numbers(shard: str, first: int, last: int) -> list[tuple[str, int]]:
    return [(shard, number) for number in range(first, last + 1)]


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
