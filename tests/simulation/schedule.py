"""One seed from the first upload to the last check."""

import logging
from collections import Counter
from dataclasses import dataclass, field
from random import Random

from models.flow_csv.row_counters import native_row_counter
from models.storage import changes as steps
from models.storage import daily_totals
from tests.simulation import faults as kinds
from tests.simulation import operators
from tests.simulation.call_sites import CallSite
from tests.simulation.connections import Trace
from tests.simulation.daemons import StreamDaemon, positions, queue_daemon, seed_tokens
from tests.simulation.event_loop import NeverAtRest
from tests.simulation.faults import Faults
from tests.simulation.invariants import broken
from tests.simulation.lambdas import QueueMapping, StreamMapping, assemble_from_process
from tests.simulation.themes import CONSOLIDATORS, FILES, HOUR, SPANS, SUMMARIZERS, Theme, theme_of
from tests.simulation.traffic import Content, content
from tests.simulation.world import START, World
from vm_daemon.stream.leases import FINISHED

_CLOSED = ("AccessDeniedException", "ValidationException")
_LARGEST = (*[400 * 1024] * 7, 170)  # bytes of an item of the daily totals
_MARKS = dict.fromkeys(Theme, (steps.MARKS_KEPT, steps.MARKS_AT_MOST)) | {Theme.SHORT_MEMORY: (1, 2)}


@dataclass(frozen=True)
class Cut:
    """What is left out of a schedule, to make it short."""

    files: frozenset[int] | None = None  # ordinals of those kept
    faults: frozenset[int] | None = None  # ordinals of those kept
    workers: frozenset[str] = frozenset()  # left out
    events: frozenset[str] = frozenset()  # left out


@dataclass
class ScheduleResult:
    """What a schedule came to."""

    seed: int
    broken: list[str] = field(default_factory=list)
    calls: int = 0
    files: int = 0
    workers: list[str] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    faults_drawn: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    crashed: Counter[tuple[CallSite, str]] = field(default_factory=Counter)


class Schedule:
    """A deployment, its workers, and what happens to them.

    Args:
        seed: decides everything.
        cut: what is left out.
        trace: is told of every call.
    """

    def __init__(self, seed: int, cut: Cut = Cut(), trace: Trace | None = None) -> None:
        self._seed = seed
        self._cut = cut
        self._random = Random(f"{seed} schedule")
        kept = None if cut.faults is None else set(cut.faults)
        self._faults = Faults(
            Random(f"{seed} faults"), budget=self._random.choice((0, 3, 10, 40, 40, 40)), kept=kept
        )
        self._theme = theme_of(seed)
        self._faults.mix()
        self._is_busy = self._theme in (Theme.ONE_PAIR, Theme.SHORT_MEMORY)  # with few pairs
        if self._is_busy:
            self._faults.aim_at_statistics()
        self._faults.aim_at_rare_calls(Random(f"{seed} rare calls"))
        shard_life = self._random.choice((2, 4, 4, 12)) * HOUR
        self.world = World(str(seed), self._faults, shard_life, trace)
        seed_tokens(self.world)
        self._span = self._random.choice(SPANS[self._theme])
        self._outcome = ScheduleResult(seed)
        self._stream_daemons: list[StreamDaemon] = []
        self._mappings: list[StreamMapping] = []
        self._reuploads = 0

    def run(self) -> ScheduleResult:
        """Lets everything happen, heals all faults, and checks the invariants when all is quiet."""
        world, outcome = self.world, self._outcome
        self._plan_uploads()
        self._staff()
        self._plan_events()
        try:
            world.scheduler.run(START + self._span)
            self._heal()
            world.scheduler.run()
            if self._needs_repair():
                operators.verify_and_repair(world)
                world.scheduler.run()
        except NeverAtRest as error:
            outcome.broken.append(f"never at rest: {error}")
        outcome.broken += broken(world)
        outcome.calls = world.network.calls
        outcome.faults_drawn = self._faults.drawn
        outcome.injected, outcome.crashed = self._faults.injected, self._faults.crashed
        world.scheduler.close()
        return outcome

    def _plan_uploads(self) -> None:
        random = Random(f"{self._seed} uploads")
        first, others = random.choice(FILES[self._theme])
        for number in range(
            random.choice((3, 5, 8) if first == "many" or self._is_busy else (1, 2, 3, 5, 8))
        ):
            files = Random(f"{self._seed} file {number}")
            made = content(files, number, files.choice((others if number else first).split()))
            at = START + files.random() * self._span * (0.3 if self._theme is Theme.LONG_SILENCE else 0.8)
            if self._cut.files is None or number in self._cut.files:
                self._outcome.files += 1
                self._plan_upload(files, number, made, at)
        self._outcome.files = number + 1

    def _plan_upload(self, random: Random, number: int, made: Content, at: float) -> None:
        world = self.world
        key = f"incoming/paris/f {number}+é.csv"
        notice = random.choice((0.1, 1, 1, 60, 5000))
        self._at(at, f"upload {number}", lambda: world.upload(key, made, notice))
        again = f"incoming/rome/copy {number}.csv"
        if random.random() < 0.2:
            later = at + random.random() * random.choice((1, 60, self._span))
            self._at(later, f"copy {number}", lambda: world.upload(again, made, notice))
        if random.random() < 0.1:
            other = content(random, number + 100, "few")
            self._at(
                at + notice + random.random(), f"overwrite {number}", lambda: world.upload(key, other, notice)
            )
        if random.random() < 0.05:
            self._at(at + notice + random.random(), f"withdraw {number}", lambda: world.withdraw(key))
        if random.random() < 0.15:
            later = at + random.choice((10, 600, self._span))
            is_back = random.random() < 0.6
            at_most = random.choice((None, None, 1, 2))  # weeks
            self._at(later, f"retract {number}", lambda: self._retract(made, at_most, is_back=is_back))

    def _retract(self, made: Content, at_most: int | None, *, is_back: bool) -> None:
        def then() -> None:
            if is_back:
                self._upload_again(made)

        if made.digest in self.world.ledger.contents and not made.is_bad:
            operators.retract(self.world, made, then, at_most)

    def _upload_again(self, made: Content) -> None:
        # Under another name: a worker frozen for days may still delete the object of the old name.
        self._reuploads += 1
        self.world.upload(f"incoming/paris/again {self._reuploads}.csv", made, 1.0)

    def _staff(self) -> None:
        random = self._random
        summarizers = random.choice(SUMMARIZERS)
        consolidators = random.choice(CONSOLIDATORS[self._theme])
        for number in range(summarizers[0]):
            self._hire(f"vm-summarize-{number}", lambda name: queue_daemon(self.world, name))
        if summarizers[1]:
            self._hire("lambda-summarize", lambda _: QueueMapping(self.world, summarizers[1]))
        for number in range(consolidators[0]):
            self._hire(
                f"vm-consolidate-{number}",
                lambda name: self._stream_daemons.append(StreamDaemon(self.world, name)),
            )
        if consolidators[1]:
            self._hire("lambda-consolidate", lambda _: self._mappings.append(StreamMapping(self.world)))

    def _hire(self, name: str, start: object) -> None:
        self._outcome.workers.append(name)
        if name not in self._cut.workers:
            start(name)  # type: ignore[operator]

    def _plan_events(self) -> None:
        random, world = self._random, self.world
        for number in range(random.choice((0, 0, 1, 2))):
            self._at_some_time(f"verify {number}", lambda: operators.verify_and_repair(world))
        for number in range(random.choice((0, 0, 0, 1))):
            self._at_some_time(f"remove {number}", self._remove_by_hand)
        for number in range(random.choice((0, 0, 0, 1))):
            self._at_some_time(f"spoil {number}", lambda: operators.spoil_by_hand(world, self._random))
        for number in range(random.choice((5, 10) if self._is_busy else (0, 2, 5, 10))):
            self._at_some_time(f"old batch {number}", self._process_old_batch)
        if self._theme is Theme.LONG_SILENCE:
            self._at(START + random.random() * 24 * HOUR, "outage", self._stop_consolidation)
        elif kinds.OUTAGE in self._faults.rates:
            self._at_some_time("outage", self._stop_consolidation)
        for number in range(random.choice((0, 0, 3))):
            self._at_some_time(f"split {number}", self._split_a_shard)

    def _process_old_batch(self) -> None:
        operators.process_old_batch(self.world, self._random, self._settled())

    def _remove_by_hand(self) -> None:
        removed = operators.remove_by_hand(self.world, self._random, self._upload_again)
        if removed:
            operators.process_old_batch(self.world, self._random, self._settled(), removed)

    def _stop_consolidation(self) -> None:
        if not self._faults.admit(kinds.OUTAGE):
            return
        longest = self._random.choice((1.1, 1.6))  # days; at 1.1, shards do not vanish as well, and tell it
        shortest = 1.0 if self._theme is Theme.LONG_SILENCE else 0.2
        seconds = self._random.uniform(shortest, longest) * 24 * HOUR
        if self._random.random() < 0.7:
            self.world.trace("people", "nobody may write statistics for a while")
            # A missing permission, or a wrong setting: that must not look as if pairs could not be computed.
            self.world.statistics.closes_with = self._random.choice(_CLOSED)
            self.world.statistics.closed_until = self.world.scheduler.now + seconds
            return
        self.world.trace("people", "nothing is consolidated for a while")
        processes = [it.daemon.process for it in self._stream_daemons]
        for process in [*processes, *(mapping.process for mapping in self._mappings)]:
            self.world.scheduler.freeze(process, seconds)

    def _split_a_shard(self) -> None:
        open_shards = [shard for shard in self.world.streams.kept() if shard.closed_at is None]
        self.world.streams.close(self._random.choice(open_shards), split=self._random.random() < 0.5)

    def _settled(self) -> dict[str, int]:
        settled: dict[str, int] = {}
        noted = {shard: int(at) for shard, at in positions(self.world).items() if at != FINISHED}
        for consumer in [noted, *(mapping.settled for mapping in self._mappings)]:
            for shard, number in consumer.items():
                settled[shard] = max(number, settled.get(shard, 0))
        return settled

    def _at_some_time(self, name: str, action: object) -> None:
        self._at(START + self._random.random() * self._span, name, action)

    def _at(self, time: float, name: str, action: object) -> None:
        self._outcome.events.append(name)
        if name not in self._cut.events:
            self.world.scheduler.at(time, action)  # type: ignore[arg-type]

    def _heal(self) -> None:
        """No further faults: who is frozen wakes, who waits looks around."""
        world = self.world
        world.trace("people", "all faults are healed")
        self._faults.healed = True
        world.statistics.closed_until = 0.0
        for process in [*world.processes, *(mapping.process for mapping in self._mappings)]:
            if process.frozen_until > world.scheduler.now:
                world.scheduler.freeze(process, self._random.uniform(0, 100))
        world.records_came.fire()
        world.messages_came.fire()

    def _needs_repair(self) -> bool:
        """Records that Lambda alone lost are found by nobody; the operations guide says to repair."""
        return not self._stream_daemons and any(mapping.lost for mapping in self._mappings)


def run_schedule(seed: int, cut: Cut = Cut()) -> ScheduleResult:
    """Runs one seed."""
    return prepared(seed, cut).run()


def prepared(seed: int, cut: Cut, trace: Trace | None = None) -> Schedule:
    """A schedule that is about to run, with what its seed decides of the code and of the table."""
    logging.disable()
    assemble_from_process()
    native_row_counter.SECRET[:] = [7, 9]  # so that a seed decides which pairs are read in which pass, too
    steps.MARKS_KEPT, steps.MARKS_AT_MOST = _MARKS[theme_of(seed)]
    schedule = Schedule(seed, cut, trace)
    schedule.world.daily.largest = Random(f"{seed} sizes").choice(_LARGEST)
    daily_totals.FULL = schedule.world.daily.largest - 16  # as in production, sure of what is near the end
    return schedule
