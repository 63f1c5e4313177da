"""When a reader of the stream tells systemd that it can work."""

from typing import Any

from botocore.exceptions import EndpointConnectionError

from tests.helpers.streams import Bench, FakeShard, FakeStreams, refused


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
