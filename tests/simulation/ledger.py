"""What was uploaded and taken back, and what must therefore be counted.

Mostly that is certain. Where somebody outside interferes with a file while a worker has it in hand
(withdraws the only copy half counted, retracts it meanwhile, or in part), each week's share may or may
not be in;
then the sources of the item are taken as the witness, and its totals must agree with them.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from tests.simulation.expressions import Item
from tests.simulation.traffic import Content, PairDayKey, PairWeekKey, week_of


@dataclass
class Claim:
    """Where a content stands."""

    uploads: int = 0
    standing: int = 0  # uploads that were neither withdrawn nor retracted
    doubt: bool = False  # shares may be in although nothing stands
    was_retracted: bool = False


@dataclass
class Ledger:
    """Everything that people did to files."""

    contents: dict[bytes, Content] = field(default_factory=dict)  # by digest
    stored: dict[bytes, Content] = field(default_factory=dict)  # by the bytes uploaded
    keys: dict[str, Content] = field(default_factory=dict)  # the last content under each key
    withdrawn: set[str] = field(default_factory=set)  # keys
    claims: dict[bytes, Claim] = field(default_factory=lambda: defaultdict(Claim))
    removed: dict[tuple[bytes, PairWeekKey], bool] = field(default_factory=dict)  # by hand; True: for certain
    retracting: set[bytes] = field(default_factory=set)  # digests
    partly: set[bytes] = field(default_factory=set)  # digests of what did not fit into every item

    def upload(self, key: str, content: Content) -> None:
        """Notes an upload that stands."""
        if key in self.keys and key not in self.withdrawn:
            self.withdraw(key)
        self.withdrawn.discard(key)
        self.keys[key] = content
        self.contents[content.digest] = self.stored[content.stored] = content
        claim = self.claims[content.digest]
        claim.uploads += 1
        claim.standing += 1
        self.removed = {where: sure for where, sure in self.removed.items() if where[0] != content.digest}

    def withdraw(self, key: str) -> None:
        """Notes that an object was overwritten or deleted by somebody else than a worker, unread perhaps."""
        self.withdrawn.add(key)
        claim = self.claims[self.keys[key].digest]
        claim.standing = max(0, claim.standing - 1)
        claim.doubt = True

    def retract(self, digest: bytes, *, doubt: bool) -> None:
        """Notes that a content was taken out everywhere."""
        self.claims[digest].was_retracted = True
        self.claims[digest].standing = 0
        self.claims[digest].doubt = doubt

    @property
    def is_plain(self) -> bool:
        """Whether nothing was ever taken out again."""
        was_retracted = any(claim.was_retracted for claim in self.claims.values())
        return not (self.retracting or self.removed or was_retracted)

    def remove(self, item: Item, key: PairWeekKey, *, is_in_work: bool) -> None:
        """Notes that an item of the daily totals was deleted by hand."""
        for digest, content in self.contents.items():
            if content.source in item.get("s", {}).get("BS", ()):
                self.removed[digest, key] = not is_in_work

    def must_hold(self, digest: bytes, key: PairWeekKey) -> bool | None:
        """Whether a week must hold the share of a content; None if it may."""
        claim = self.claims[digest]
        if (digest, key) in self.removed:
            return False if self.removed[digest, key] and not claim.doubt else None
        if claim.standing:
            return None if digest in self.partly else True
        return None if claim.doubt else False

    def expected(
        self, sources: dict[PairWeekKey, set[bytes]]
    ) -> tuple[dict[PairDayKey, Counter[str]], list[str]]:
        """What the daily totals must be, and where the sources contradict that."""
        totals: dict[PairDayKey, Counter[str]] = defaultdict(Counter)
        wrong: list[str] = []
        for digest, content in self.contents.items():
            for key, (duration, packets, flows) in content.shares.items():
                week, _ = week_of(key)
                must = self.must_hold(digest, week)
                is_in = content.source in sources.get(week, ())
                if must is not None and must != is_in:
                    wrong.append(f"{key} {'lacks' if must else 'still has'} file {digest[:4].hex()}")
                if must or (must is None and is_in):
                    totals[key].update(duration=duration, packets=packets, flows=flows)
        return totals, wrong
