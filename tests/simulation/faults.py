"""Which fault happens at which call.

Each schedule has its own mixture: some kinds of faults, each with its own probability per call, and
some calls of production code to aim at, so that rare calls meet faults as often as frequent ones.
"""

from collections import Counter
from dataclasses import dataclass, field
from random import Random

from tests.simulation.call_sites import CallSite, all_call_sites

CRASH_BEFORE = "crash before"
CRASH_AFTER = "crash after"
FREEZE_BEFORE = "freeze before"
FREEZE_AFTER = "freeze after"
LOST_REQUEST = "request lost"
LOST_ANSWER = "answer lost"
RETRIED = "answer lost, retried by the SDK"
LATE_REPEAT = "a lost request arrives late"
THROTTLED = "throttled"
SLOW = "slow"
DENIED = "access denied"
REFUSED = "refused for no known reason"

AT_CALLS = (
    CRASH_BEFORE,
    CRASH_AFTER,
    FREEZE_BEFORE,
    FREEZE_AFTER,
    LOST_REQUEST,
    LOST_ANSWER,
    RETRIED,
    LATE_REPEAT,
    THROTTLED,
    SLOW,
    DENIED,
    REFUSED,
)

TORN = "body torn off"
TWICE = "message delivered twice"
REDELIVERED = "batch delivered again"
UNREAD = "keys left unread"
OUTAGE = "outage"
STOPPED = "reader told to stop"
ELSEWHERE = (TORN, TWICE, REDELIVERED, UNREAD, OUTAGE, STOPPED)

KINDS = AT_CALLS + ELSEWHERE

# Calls that few schedules come to are aimed at more often.
_WEIGHTS = {
    "_prune": 40,
    "_evict": 8,
    "leave": 8,
    "forget": 6,
    "repaired": 5,
    "_put": 5,
    "copy_object": 9,
    "_work_on": 4,
    "of_pair": 3,
    "_quarantine": 4,
    "read_items": 4,
    "lost_records": 2,
    "has_room": 60,
    "put": 2,
    "put_unless_counted": 6,
    "_delete": 2,
    "poll": 2,
}

# Calls that are crashed at too rarely all the same, by how often a crash at them is added to a schedule.
# What is drawn for them is drawn apart, so that everything else in a schedule stays as it was.
_ADDED = {
    "Passes._open": 3,
    "FilesTable.put_unless_counted": 3,
    "PairStatisticsStore._prune": 7,
    "PairStatisticsStore.pairs": 1,
    "Leases.forget": 3,
    "Leases._evict": 1,
    "QueuePoller.poll": 1,
}
_SCHEDULES_WITH_AN_ADDED = 0.9

_TARGETED = (
    *(CRASH_BEFORE, CRASH_AFTER) * 3,
    FREEZE_BEFORE,
    FREEZE_AFTER,
    LATE_REPEAT,
    LOST_REQUEST,
    RETRIED,
)


@dataclass(frozen=True)
class Target:
    """A call of production code at which something shall happen."""

    site: CallSite
    kind: str
    hit: int  # how often the call must have been reached before


@dataclass
class Faults:
    """The mixture of one schedule.

    Args:
        random: decides when.
        budget: how many there are at most.
        kept: if given, only the faults with these ordinals happen (to shrink a schedule).
    """

    random: Random
    budget: int
    kept: set[int] | None = None
    rates: dict[str, float] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    crashed: Counter[tuple[CallSite, str]] = field(default_factory=Counter)
    drawn: int = 0
    healed: bool = False
    _rate_of_calls: float = 0.0
    _reached: Counter[CallSite] = field(default_factory=Counter)

    def mix(self) -> None:
        """Draws the mixture."""
        kinds = [kind for kind in KINDS if self.random.random() < 0.5]
        total = self.random.choice((0.01, 0.03, 0.08))
        calls = [kind for kind in kinds if kind in AT_CALLS]
        self.rates = {kind: total / len(calls) for kind in calls}
        self.rates |= {kind: self.random.choice((0.03, 0.2)) for kind in kinds if kind in ELSEWHERE}
        self._rate_of_calls = total if calls else 0.0
        sites = [site for site in all_call_sites() for _ in range(_WEIGHTS.get(site.name, 1))]
        for _ in range(self.random.choice((2, 6, 14))):
            kind = self.random.choice(_TARGETED)
            hit = self.random.choice((0, 0, 0, 1, 3, 10))
            self.targets.append(Target(self.random.choice(sites), kind, hit))

    def aim_at_rare_calls(self, random: Random) -> None:
        """Adds a crash at a call that few schedules come to, in some schedules."""
        if random.random() >= _SCHEDULES_WITH_AN_ADDED:
            return
        sites = [site for site in all_call_sites() for _ in range(_ADDED.get(site.function, 0))]
        self.targets.append(Target(random.choice(sites), random.choice((CRASH_BEFORE, CRASH_AFTER)), 0))

    def aim_at_statistics(self) -> None:
        """Aims at the writes whose races matter where many work on one pair."""
        sites = [site for site in all_call_sites() if site.file.endswith("pair_statistics.py")]
        sites += 4 * [site for site in sites if site.name in ("_prune", "_put", "get")]
        kinds = (CRASH_BEFORE, CRASH_AFTER, FREEZE_BEFORE, FREEZE_BEFORE, FREEZE_AFTER, LATE_REPEAT, REFUSED)
        for _ in range(self.random.choice((0, 4, 8))):
            hit = self.random.choice((0, 0, 1, 2, 4))
            self.targets.append(Target(self.random.choice(sites), self.random.choice(kinds), hit))

    def at_call(self, site: CallSite | None) -> str | None:
        """What happens at this call, if anything."""
        if self.healed or site is None:
            return None
        kind = self._targeted(site) or self._at_random()
        return kind if kind and self.admit(kind) else None

    def happens(self, kind: str) -> bool:
        """Whether a fault elsewhere than at a call happens now."""
        rate = self.rates.get(kind, 0.0)
        return rate > 0 and self.random.random() < rate and self.admit(kind)

    def admit(self, kind: str) -> bool:
        """Whether a fault that is planned may happen."""
        ordinal = self.drawn
        self.drawn += 1
        if self.healed or ordinal >= self.budget or (self.kept is not None and ordinal not in self.kept):
            return False
        self.injected[kind] += 1
        return True

    def _targeted(self, site: CallSite) -> str | None:
        reached = self._reached[site]
        self._reached[site] += 1
        for target in self.targets:
            if target.site == site and target.hit == reached:
                return target.kind
        return None

    def _at_random(self) -> str | None:
        chance = self.random.random()
        if chance >= self._rate_of_calls:
            return None
        for kind in AT_CALLS:
            chance -= self.rates.get(kind, 0.0)
            if chance < 0:
                return kind
        return None
