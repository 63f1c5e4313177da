"""Makes a failing schedule short: fewer events, workers, files and faults, as long as it still fails."""

from dataclasses import replace

from tests.simulation.schedule import Cut, ScheduleResult, prepared, run_schedule
from tests.simulation.world import START

_RUNS = 300


class _Shrinker:
    def __init__(self, seed: int, outcome: ScheduleResult) -> None:
        self.seed = seed
        self.wanted = {kind_of(broken) for broken in outcome.broken}
        self.cut = Cut()
        self.outcome = outcome
        self.runs = 0

    def try_cut(self, cut: Cut) -> bool:
        """Keeps a cut if the schedule still breaks the same invariants, or some of them, and no others."""
        if self.runs >= _RUNS:
            return False
        self.runs += 1
        outcome = run_schedule(self.seed, cut)
        # Others than before would come from the cut: without workers, for one, nothing is counted.
        found = {kind_of(broken) for broken in outcome.broken}
        if not found or not found <= self.wanted:
            return False
        self.cut, self.outcome = cut, outcome
        return True

    def shrink_faults(self) -> None:
        """Halves, then single faults."""
        kept = list(range(self.outcome.faults_drawn)) if self.cut.faults is None else sorted(self.cut.faults)
        size = max(1, len(kept) // 2)
        while kept:
            for start in range(0, len(kept), size):
                fewer = kept[:start] + kept[start + size :]
                if self.try_cut(replace(self.cut, faults=frozenset(fewer))):
                    kept = fewer
                    break
            else:
                if size == 1:
                    return
                size = max(1, size // 2)

    def shrink_others(self) -> None:
        """Events, workers and files, one by one."""
        for event in self.outcome.events:
            self.try_cut(replace(self.cut, events=self.cut.events | {event}))
        for worker in self.outcome.workers:
            stage = worker.rstrip("-0123456789").rpartition("-")[2]
            left = {name for name in self.outcome.workers if stage in name} - self.cut.workers - {worker}
            if left:  # without any, nothing could be right
                self.try_cut(replace(self.cut, workers=self.cut.workers | {worker}))
        files = frozenset(range(self.outcome.files)) if self.cut.files is None else self.cut.files
        for file in sorted(files):
            if self.try_cut(replace(self.cut, files=files - {file})):
                files -= {file}


def kind_of(broken: str) -> str:
    """The invariant that a finding is about."""
    return broken.partition(":")[0]


def shrink(seed: int, outcome: ScheduleResult) -> Cut:
    """The smallest cut of a failing schedule that was found; it breaks no other invariants."""
    shrinker = _Shrinker(seed, outcome)
    for _ in range(2):
        shrinker.shrink_others()
        shrinker.shrink_faults()
    return shrinker.cut


def trace_of(seed: int, cut: Cut) -> tuple[list[str], list[str]]:
    """What happens in a schedule, line by line, and what is broken at its end."""
    lines: list[str] = []

    def note(name: str, text: str) -> None:
        seconds = schedule.world.scheduler.now - START
        lines.append(f"{seconds:12.3f}  {name:24} {text}")

    schedule = prepared(seed, cut, note)
    return lines, schedule.run().broken
