"""What many schedules came to, in figures."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from perf.figures import Figures
from tests.simulation import faults as kinds
from tests.simulation.call_sites import CallSite, all_call_sites
from tests.simulation.schedule import ScheduleResult

CRASHES_WANTED = 100  # at each call, before and after, in so many seeds:
IN_SEEDS = 10_000


@dataclass
class Report:
    """The sum of the outcomes of many seeds."""

    schedules: int = 0
    calls: int = 0
    injected: Counter[str] = field(default_factory=Counter)
    crashed: Counter[tuple[CallSite, str]] = field(default_factory=Counter)
    failing: dict[int, list[str]] = field(default_factory=dict)  # by seed

    def add(self, outcome: ScheduleResult) -> None:
        """Adds one."""
        self.schedules += 1
        self.calls += outcome.calls
        self.injected.update(outcome.injected)
        self.crashed.update(outcome.crashed)
        if outcome.broken:
            self.failing[outcome.seed] = outcome.broken

    def lines(self, seconds: float) -> Iterator[str]:
        """The report as text."""
        yield f"{self.schedules:,} schedules, {self.calls:,} calls, {seconds:,.0f} seconds"
        yield f"{self.injected.total():,} faults injected"
        for kind in kinds.KINDS:
            yield f"  {self.injected[kind]:9,}  {kind}"
        yield "crashes at each call of production code, before and after it"
        for site in all_call_sites():
            before, after = (self.crashed[site, kind] for kind in (kinds.CRASH_BEFORE, kinds.CRASH_AFTER))
            yield f"  {before:6,} {after:6,}  {site}"
        yield f"{len(self.failing)} schedules broke an invariant"

    def figures(self, seconds: float) -> Figures:
        """The report as the docs show it."""
        crashes = [
            self.crashed[site, kind]
            for site in all_call_sites()
            for kind in (kinds.CRASH_BEFORE, kinds.CRASH_AFTER)
        ]
        counts = {
            "schedules": self.schedules,
            "schedules that broke an invariant": len(self.failing),
            "calls of services": self.calls,
            "faults injected": self.injected.total(),
            **{f"… {kind}": self.injected[kind] for kind in kinds.KINDS},
            "calls in production code that were crashed at, before and after": len(crashes) // 2,
            "… each at least so often": min(crashes),
            "seconds": round(seconds),
        }
        return Figures(
            name="soak",
            title="Simulated schedules full of faults",
            columns=["what", "how many"],
            rows=[[name, f"{count:,}"] for name, count in counts.items()],
            command=f"make soak SEEDS={self.schedules}",
        )

    def missed_sites(self) -> list[CallSite]:
        """Calls that were crashed at too rarely; too few seeds tell nothing."""
        if self.schedules < IN_SEEDS:
            return []
        crashes = (kinds.CRASH_BEFORE, kinds.CRASH_AFTER)
        return [
            site
            for site in all_call_sites()
            if min(self.crashed[site, kind] for kind in crashes) < CRASHES_WANTED
        ]
