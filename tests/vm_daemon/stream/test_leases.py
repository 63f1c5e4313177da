"""How readers share a stream: nobody is alone responsible for a shard twice, and none is left for long."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.stand_ins import Clock
from tests.helpers.streams import LeaseTable
from vm_daemon.stream.leases import FINISHED, LeaseLost, Leases

SHARD = "shard-1"
LEASE = 60


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> LeaseTable:
    return LeaseTable(clock)


@pytest.fixture
def one(table: LeaseTable, clock: Clock) -> Leases:
    """A reader that has the shard."""
    one = table.leases("one", clock)
    one.renew()
    one.refresh()
    one.add(SHARD, clock())
    assert one.take(SHARD)
    return one


def taken_by(other: Leases) -> bool:
    """Whether a reader that has just looked may take the shard, and does."""
    other.renew_if_due()
    other.refresh()
    return other.take(SHARD) is not None


def test_a_shard_of_a_living_reader_is_left_alone(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """As long as its beats go on, nobody takes what a reader has."""
    two = table.leases("two", clock)
    for _ in range(100):
        clock.now += LEASE / 12
        one.renew_if_due()
        assert not taken_by(two)
    one.save(SHARD, "1", 0)


def test_a_dead_reader_is_taken_over_within_the_lease(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """From its last beat on, others take its shard after less than the lease time, not before it gave up."""
    two = table.leases("two", clock)
    died_at = clock()
    while not taken_by(two):
        clock.now += LEASE / 6
        assert clock() - died_at <= LEASE
    assert not one.is_held


def test_a_zombie_writes_no_checkpoint(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """A reader that wakes up after its lease is refused, learns it, and joins again as another."""
    two = table.leases("two", clock)
    assert not taken_by(two)
    clock.now += LEASE
    assert taken_by(two)
    two.save(SHARD, "20", 0)
    with pytest.raises(LeaseLost):
        one.save(SHARD, "10", 0)
    assert table.item(f"shard#{SHARD}")["sequence_number"] == {"S": "20"}
    with pytest.raises(LeaseLost):
        one.renew()
    assert not taken_by(one)


def test_a_reader_started_again_need_not_wait(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """Under the name of its predecessor it takes the shards at once, where they were left off."""
    one.save(SHARD, "10", 0)
    again = table.leases("one", clock)
    assert taken_by(again)
    assert again.snapshot.shards[SHARD].position == "10"


def test_a_reader_that_leaves_is_taken_over_at_once(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """A clean stop leaves nothing to wait for."""
    one.leave()
    assert taken_by(table.leases("two", clock))


def that_see_it_free(table: LeaseTable, clock: Clock, one: Leases) -> tuple[Leases, Leases]:
    """Two readers who looked after the first gave its shard up."""
    one.save(SHARD, "10", 0, release=True)
    two, three = table.leases("two", clock), table.leases("three", clock)
    for reader in (two, three):
        reader.renew()
        reader.refresh()
    return two, three


def test_only_one_of_two_takes_a_free_shard(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """Both saw it free; the second is refused."""
    two, three = that_see_it_free(table, clock, one)
    assert two.take(SHARD)
    assert three.take(SHARD) is None


def test_a_take_whose_answer_was_lost_can_be_repeated(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """The SDK repeats it with what the reader knew before, and the reader finds that it has the shard."""
    one.leave()
    two = table.leases("two", clock)
    two.renew()
    two.refresh()
    known = dict(two.snapshot.shards)
    assert two.take(SHARD)
    two.snapshot.shards = known
    assert two.take(SHARD)


def test_a_shard_that_another_has_finished_is_not_taken(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """A reader that saw it free has no use for it, and would be kept from other shards."""
    two, three = that_see_it_free(table, clock, one)
    assert two.take(SHARD)
    two.save(SHARD, FINISHED, 0, release=True)
    assert three.take(SHARD) is None


def test_a_finished_shard_keeps_no_reader(table: LeaseTable, one: Leases) -> None:
    """What is read to its end is nobody's."""
    one.save(SHARD, FINISHED, 0, release=True)
    assert table.item(f"shard#{SHARD}").keys() == {"stream_arn", "item_name", "sequence_number", "intact_at"}


def test_a_loss_during_a_repair_stays_noted(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """Only the loss that a repair began with is made good by it."""
    one.lost_records()
    one.refresh()
    assert one.take_repair()
    two = table.leases("two", clock)
    two.renew()
    two.lost_records()
    one.repaired()
    two.refresh()
    assert two.snapshot.loss
    assert not two.take_repair()


def test_a_repair_goes_over_to_the_living(table: LeaseTable, clock: Clock, one: Leases) -> None:
    """When the reader that repairs dies, another does it."""
    one.lost_records()
    one.refresh()
    assert one.take_repair()
    two = table.leases("two", clock)
    two.renew()
    two.refresh()
    assert not two.take_repair()
    clock.now += LEASE
    two.renew_if_due()
    two.refresh()
    assert two.take_repair()


class _Reader:
    """A reader that may sleep at any time, with a clock of its own."""

    def __init__(self, table: LeaseTable, name: str, true: Clock, offset: float) -> None:
        self.leases = table.leases(name, lambda: true.now + offset)
        self.has_shard = False

    def step(self) -> None:
        try:
            self.leases.renew_if_due()
            self.leases.refresh()
        except LeaseLost:
            self.has_shard = False
            return
        if not self.has_shard:
            self.has_shard = self.leases.take(SHARD) is not None

    @property
    def reads(self) -> bool:
        return self.has_shard and self.leases.is_held


@settings(deadline=None)
@given(
    offsets=st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3),
    steps=st.lists(st.tuples(st.floats(0, 30), st.integers(0, 2)), max_size=60),
)
def test_no_two_readers_hold_a_shard(offsets: list[float], steps: list[tuple[float, int]]) -> None:
    """Whatever their clocks say and however long they sleep, at most one believes that it has a shard."""
    clock = Clock()
    table = LeaseTable(clock)
    readers = [_Reader(table, str(n), clock, offset) for n, offset in enumerate(offsets)]
    readers[0].leases.add(SHARD, clock())
    for pause, who in steps:
        clock.now += pause
        readers[who].step()
        assert sum(reader.reads for reader in readers) <= 1
