"""Makes months of daily totals in which something happens, and says what: to measure what is found of it.

Who talks: the devices of a branch and their services, steadily, by office hours or now and then, half of them
answered; beside them ordinary churn, pairs that appear and last at most twelve days. Some days are no story
either: weekends, a holiday, a file that never came whole, and the ends of the first and the last file.

How much a pair varies comes from campus, real traffic: a day's total is a sum of flows, so its variance
relative to the square of its mean is (F + c²) ÷ N, with N flows a day. F, the variance over the mean of the
number of flows in a time, and c, the deviation over the mean of a flow's duration, are drawn from what the
pairs of campus have. Pairs with few flows are wild, as there, and tempt to false findings; stories are told
of pairs calm enough (a deviation of 12 % at most) for a person to see a doubling.

The same arguments give the same totals everywhere: of `random.Random`, string seeds and `random()`; of
floating point, + − × ÷ and the square root.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import sqrt
from random import Random
from typing import NamedTuple

from models.traffic import Totals, join_pair

# Deciles, from the pairs of campus with 20 flows a day or more, and 8 or more.
FANO = (1.7, 3.3, 3.8, 4.1, 4.4, 5.1, 6.6, 7.1, 8.3)
FLOW_VARIATION = (0.3, 0.5, 0.7, 0.9, 1.0, 1.2, 1.4, 1.6, 2.1)
FLOWS_A_DAY = (4, 8, 15, 40, 120, 400, 900, 1_600, 2_600)
CALM = 0.12
FEWEST_DAYS = 45

BURST, STEP, GROWTH, SILENT, SCAN, NEW_PEERS, QUIET_DAY = KINDS = (
    *("burst", "step", "growth", "silent", "scan", "new peers", "quiet day"),
)
History = dict[str, Totals]  # by day
Factor = tuple[float, float, float]  # of duration, packets and flows


class Story(NamedTuple):
    """Something that happens, and is to be found."""

    kind: str
    subjects: frozenset[str]  # any of these may be named: the pairs of a conversation, or a device
    day: str | None  # None: any
    size: float


@dataclass
class Month:
    """Daily totals, and the truth about them."""

    histories: dict[str, History]
    stories: list[Story]
    ordinary: dict[str, list[str]]  # what looks like a story and is none, by what it is


@dataclass
class _Conversation:
    """A service that a device uses, and how."""

    device: str
    service: str
    flows: float  # a day
    duration: float  # µs a flow
    packets: float  # a flow
    variation: float  # deviation over mean of a day's total
    is_answered: bool
    rhythm: tuple[float, ...]  # of the days from Monday on
    presence: float = 1.0  # share of days with flows
    lives: range = field(default_factory=lambda: range(-1, 10_000))
    story: "Callable[[int], Factor] | None" = None

    @property
    def pairs(self) -> frozenset[str]:
        """Its directed pairs."""
        one, other = join_pair(self.device, self.service), join_pair(self.service, self.device)
        return frozenset((one, other) if self.is_answered else (one,))


_ALWAYS = (1.0,) * 7
_OFFICE = (1.0, 1.05, 1.05, 1.0, 0.95, 0.3, 0.25)
_CLOSED = (1.0, 1.05, 1.05, 1.0, 0.95, 0.0, 0.0)
_AT_HOME = (0.8, 0.8, 0.8, 0.8, 1.1, 1.8, 1.9)
_RHYTHMS = (_ALWAYS, _ALWAYS, _ALWAYS, _OFFICE, _OFFICE, _CLOSED, _AT_HOME)


def tell(seed: int, *, days: int = 60, first: date = date(2022, 10, 3), conversations: int = 110) -> Month:
    """Makes a branch's months.

    Args:
        seed: which branch.
        days: how long, `FEWEST_DAYS` at least.
        first: the first whole day.
        conversations: how many services its devices use steadily.
    """
    return _Teller(seed, days, first, conversations).month()


class _Teller:
    """Puts a month together."""

    def __init__(self, seed: int, days: int, first: date, conversations: int) -> None:
        if days < FEWEST_DAYS:
            raise ValueError(f"{days} days are too few for stories, {FEWEST_DAYS} are enough")
        self._random = Random(f"stories {seed}")
        self._days, self._first = days, first
        self._devices = [f"192.168.20.{host}" for host in range(10, 10 + max(12, conversations // 5))]
        self._stories: list[Story] = []
        self._conversations = [self._conversation() for _ in range(conversations)]
        self._holiday = self._weekday_between(15, days - 8)
        self._late = self._between(16, days - 6)

    def month(self) -> Month:
        """The totals and what is true of them."""
        self._tell_of_pairs()
        self._tell_of_devices()
        churn = self._churn()
        self._stories.append(Story(QUIET_DAY, frozenset(["network"]), self._date(self._late), 0.08))
        histories: dict[str, History] = {}
        for conversation in (*self._conversations, *churn):
            for pair, day, totals in self._traffic(conversation):
                histories.setdefault(pair, {})[day] = totals
        ordinary = {
            "holiday": [self._date(self._holiday)],
            "churn": sorted(pair for one in churn for pair in one.pairs),
            "now and then": sorted(p for one in self._conversations if one.presence < 1 for p in one.pairs),
        }
        return Month(histories, self._stories, ordinary)

    def _tell_of_pairs(self) -> None:
        """Bursts, steps, growth and silence, each of a conversation of its own."""
        calm = [one for one in self._conversations if one.variation <= CALM and one.presence == 1]
        told = iter(sorted(calm, key=lambda _: self._random.random()))
        for kind, teller in ((BURST, self._burst), (STEP, self._step), (GROWTH, self._growth)):
            for _ in range(5):
                if (conversation := next(told, None)) is not None:
                    day, size, conversation.story = teller(conversation)
                    named = None if kind == GROWTH else self._date(day)
                    self._stories.append(Story(kind, conversation.pairs, named, size))
        regular = [c for c in self._conversations if c.presence == 1 and c.story is None and c.flows >= 30]
        for conversation in regular[:5]:
            last = self._between(20, self._days - 9)
            while not self._has_flows(conversation, last):
                last -= 1
            conversation.lives = range(-1, last + 1)
            self._stories.append(Story(SILENT, conversation.pairs, self._date(last), 0))

    def _burst(self, conversation: _Conversation) -> tuple[int, float, Callable[[int], Factor]]:
        day = self._between(10, self._days - 1)
        while not self._has_flows(conversation, day) or day == self._late:
            day = self._between(10, self._days - 1)
        size = 2 + 6 * self._random.random() ** 2
        longer, heavier = ((size, size), (size, 1.0), (1.0, size))[int(3 * self._random.random())]
        flows = size if longer == heavier else 1.0
        return day, size, lambda at: (longer, heavier, flows) if at == day else (1.0, 1.0, 1.0)

    def _step(self, conversation: _Conversation) -> tuple[int, float, Callable[[int], Factor]]:
        day = self._between(14, self._days - 14)
        while not self._has_flows(conversation, day):
            day += 1
        size = 1.5 + 2 * self._random.random()
        return day, size, lambda at: (size, size, size) if at >= day else (1.0, 1.0, 1.0)

    def _growth(self, _: _Conversation) -> tuple[int, float, Callable[[int], Factor]]:
        begin, rate = self._between(0, 6), 1.01 + 0.02 * self._random.random()

        def factor(day: int) -> Factor:
            size = 1.0
            for _ in range(max(0, day - begin)):
                size *= rate
            return size, size, size

        return begin, rate, factor

    def _tell_of_devices(self) -> None:
        """Scans of many peers and of many ports of one, and devices that find many new peers on a day."""
        devices = sorted(self._devices, key=lambda _: self._random.random())
        for kind, some in ((SCAN, devices[:3]), (NEW_PEERS, devices[3:6])):
            for device in some:
                day = self._between(12, self._days - 2)
                while day == self._late:
                    day = self._between(12, self._days - 2)
                few = 15 if kind == NEW_PEERS else 30
                peers = few + int((15 if kind == NEW_PEERS else 250) * self._random.random() ** 2)
                for _ in range(peers):
                    self._conversations.append(self._passing(device, day, is_probe=kind == SCAN))
                self._stories.append(Story(kind, frozenset([device]), self._date(day), peers))

        for device in devices[6:8]:
            day = self._between(1, self._days - 1)
            scanned = self._passing(device, day, is_probe=True)
            scanned.flows, scanned.duration = 600 + int(1500 * self._random.random()), 90_000
            self._conversations.append(scanned)
            if day != self._late:
                self._stories.append(Story(SCAN, scanned.pairs, self._date(day), scanned.flows))

    def _passing(self, device: str, day: int, *, is_probe: bool) -> _Conversation:
        """A peer that a device meets on a day: once, in a scan, or for some days."""
        one = self._conversation(device)
        one.rhythm, one.presence = _ALWAYS, 1.0
        one.lives = range(day, day + (1 if is_probe else 1 + int(11 * self._random.random())))
        one.packets = max(3.0, one.packets)  # whom one meets in passing, one has a session with
        if is_probe:
            one.flows, one.duration, one.packets, one.variation, one.is_answered = 1, 60, 1, 0, False
        return one

    def _churn(self) -> list[_Conversation]:
        """Pairs that come and go, as many in proportion as in `perf.data.generate`: 17 a day of 620."""
        count = int(self._days * len(self._devices) * 5 * 17 / 620)
        return [
            self._passing(self._one_of(self._devices), self._between(-10, self._days), is_probe=False)
            for _ in range(count)
        ]

    def _conversation(self, device: str | None = None) -> _Conversation:
        draw = self._random.random
        flows = _quantile(FLOWS_A_DAY, draw())
        fano, variation = _quantile(FANO, draw()), _quantile(FLOW_VARIATION, draw())
        network = (3, 13, 18, 34, 35, 44, 52, 54, 99, 108, 142)[int(11 * draw())]
        service = f"{network}.{int(256 * draw())}.{int(256 * draw())}.{1 + int(254 * draw())}"
        return _Conversation(
            device=device or self._one_of(self._devices),
            service=service,
            flows=flows,
            duration=_quantile((20_000, 300_000, 2_000_000, 9_000_000, 30_000_000, 90_000_000), draw()),
            packets=_quantile((1, 3, 6, 12, 40, 300), draw()),
            variation=sqrt((fano + variation * variation) / flows),
            is_answered=draw() < 0.4,
            rhythm=_RHYTHMS[int(len(_RHYTHMS) * draw())],
            presence=1.0 if draw() < 0.85 else 0.3 + 0.5 * draw(),
        )

    def _traffic(self, conversation: _Conversation) -> Iterator[tuple[str, str, Totals]]:
        """What the pairs of a conversation total on the days, the ends of the files among them."""
        lives = conversation.lives
        for day in range(max(-1, lives.start), min(self._days + 1, lives.stop)):
            is_edge = {-1: 0.08, self._days: 0.01, self._late: 0.08}.get(day, 1.0)
            share = is_edge * self._rhythm(conversation, day)
            is_there = self._random.random() < conversation.presence
            noise, own = self._noise(conversation.variation), self._noise(conversation.variation / 3)
            if not is_there or share * conversation.flows < 0.5:
                continue
            longer, heavier, more = conversation.story(day) if conversation.story else (1.0, 1.0, 1.0)
            size = share * noise * conversation.flows
            duration, packets = size * longer * conversation.duration, size * heavier * own
            flows = max(1, int(size * more + 0.5))
            totals = Totals(int(duration) + 1, max(flows, int(packets * conversation.packets)), flows)
            for pair in sorted(conversation.pairs):
                yield pair, self._date(day), totals

    def _noise(self, variation: float) -> float:
        """About 1, skewed as sums of flows are: a normal number, raised so that it stays positive."""
        normal = sum(self._random.random() for _ in range(12)) - 6
        root = max(0.3, 1 + variation * normal / 8)
        square = root * root
        return square * square * square * square

    def _rhythm(self, conversation: _Conversation, day: int) -> float:
        weekday = 6 if day == self._holiday else (self._first.weekday() + day) % 7
        return conversation.rhythm[weekday]

    def _has_flows(self, conversation: _Conversation, day: int) -> bool:
        return self._rhythm(conversation, day) > 0

    def _between(self, least: int, most: int) -> int:
        """Least included, most not."""
        return least + int((most - least) * self._random.random())

    def _weekday_between(self, least: int, most: int) -> int:
        day = self._between(least, most)
        while (self._first.weekday() + day) % 7 >= 5:
            day += 1
        return day

    def _one_of(self, some: list[str]) -> str:
        return some[int(len(some) * self._random.random())]

    def _date(self, day: int) -> str:
        return (self._first + timedelta(days=day)).isoformat()


def _quantile(deciles: tuple[float, ...], share: float) -> float:
    """A number that is distributed as these, evenly between them."""
    place = share * (len(deciles) - 1)
    step = int(place)
    return deciles[step] + (deciles[min(step + 1, len(deciles) - 1)] - deciles[step]) * (place - step)


def matches(story: Story, kind: str, subject: str, day: str) -> bool:
    """Whether a finding is of this story: its kind, its pair or device, within a day."""
    if kind != story.kind or subject not in story.subjects:
        return False
    distance = abs(date.fromisoformat(day) - date.fromisoformat(story.day)).days if story.day else 0
    return distance <= 1


def by_kind(stories: list[Story]) -> Mapping[str, int]:
    """How many stories there are of each kind."""
    return {kind: sum(story.kind == kind for story in stories) for kind in KINDS}
