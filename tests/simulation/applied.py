"""Holds, after every single write, what the statistics of a pair say against what they have counted.

A mark names one state of a pair's week. So the sums must always be those of the states that were marked last,
pruned marks included: what is counted twice shows at once, even if a later rebuild would cover it up.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from tests.simulation.expressions import Item
from tests.simulation.traffic import days_in

_SUMS = ("n", "d", "dd", "p", "pp")

Sums = tuple[int, ...]
Marks = Mapping[str, int]  # by week


class Applied:
    """What is in the statistics of each pair, followed from write to write."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], dict[int, Sums]] = defaultdict(dict)  # by pair and week, by mark
        self._current: dict[str, dict[str, int]] = defaultdict(
            dict
        )  # marks of the weeks as they are, by pair
        self._known: dict[str, Marks | None] = defaultdict(dict)  # None after a rebuild from an older reading
        self._by_hand: set[str] = set()  # pairs that somebody interfered with

    def interfered(self, pair: str) -> None:
        """Notes that somebody changed a pair by hand: what its statistics did before tells nothing more."""
        self._by_hand.add(pair)

    def week_changed(self, pair: str, week: str, item: Item) -> None:
        """Notes a new state of a week; an item that is empty was removed by hand."""
        if not item:
            self.interfered(pair)
        if pair in self._by_hand:
            return
        mark = int(item["r"]["N"]) * 10**10 + int(item["u"]["N"])
        days = [(d, p) for d, p, flows in days_in(item).values() if flows]
        shares = ((1, d, d * d, p, p * p) for d, p in days)
        self._states[pair, week][mark] = _added_up(shares)
        self._current[pair][week] = mark

    def written(self, pair: str, before: Item, after: Item, *, is_rebuild: bool) -> Iterator[str]:
        """What is wrong with a write of statistics."""
        if pair in self._by_hand:
            return
        if _number(after, "h") < _number(before, "h"):
            yield f"bookkeeping goes back: the horizon of {pair} falls"
        marks, marks_before = _marks_of(after), _marks_of(before)
        if any(mark < marks_before.get(week, 0) for week, mark in marks.items()):
            yield f"bookkeeping goes back: a mark of {pair} falls"
        if any(mark not in self._states[pair, week] for week, mark in marks.items()):
            yield f"bookkeeping is wrong: a mark of {pair} names no state of its week"
            return
        if is_rebuild:
            self._take_over(pair, {**self._current[pair], **marks}, after)
            return
        known = self._known[pair]
        if known is None:
            return
        self._known[pair] = now = {**known, **marks}
        if self._sums(pair, now) != _sums_of(after):
            yield f"counted wrong: statistics of {pair} are not those of the states they have marked"
            self._known[pair] = None

    def _take_over(self, pair: str, marks: Marks, after: Item) -> None:
        self._known[pair] = marks if self._sums(pair, marks) == _sums_of(after) else None

    def _sums(self, pair: str, marks: Marks) -> Sums:
        return _added_up(self._states[pair, week][mark] for week, mark in marks.items())


def _added_up(shares: Iterable[Sums]) -> Sums:
    return tuple(map(sum, zip((0, 0, 0, 0, 0), *shares, strict=True)))


def _sums_of(item: Item) -> Sums:
    return tuple(_number(item, name) for name in _SUMS)


def _marks_of(item: Item) -> Marks:
    return {f"{n[:4]}-{n[4:6]}-{n[6:]}": int(value["N"]) for n, value in item.items() if n.isdigit()}


def _number(item: Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
