"""Holds, after every single write, what the statistics of a pair say against what they have counted.

A mark names one state of a day. So the sums must always be those of the states that were marked last,
pruned marks included: what is counted twice shows at once, even if a later rebuild would cover it up.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from tests.simulation.expressions import Item

_SUMS = ("n", "d", "dd", "p", "pp")

Sums = tuple[int, ...]
Marks = Mapping[str, int]  # by day


class Applied:
    """What is in the statistics of each pair, followed from write to write."""

    def __init__(self) -> None:
        self._states: dict[tuple[str, str], dict[int, Sums]] = defaultdict(dict)  # by pair and day, by mark
        self._current: dict[str, dict[str, int]] = defaultdict(dict)  # marks of the days as they are, by pair
        self._known: dict[str, Marks | None] = defaultdict(dict)  # None after a rebuild from an older reading
        self._by_hand: set[str] = set()  # pairs that somebody interfered with

    def day_changed(self, pair: str, day: str, item: Item) -> None:
        """Notes a new state of a day; an item that is empty was removed by hand."""
        if not item:
            self._by_hand.add(pair)
            return
        duration, packets, flows, revision, changed_at = (int(item[name]["N"]) for name in "dpnru")
        mark = revision * 10**10 + changed_at
        share = (1, duration, duration**2, packets, packets**2) if flows else (0, 0, 0, 0, 0)
        self._states[pair, day][mark] = share
        self._current[pair][day] = mark

    def written(self, pair: str, before: Item, after: Item, *, is_rebuild: bool) -> Iterator[str]:
        """What is wrong with a write of statistics."""
        if pair in self._by_hand:
            return
        if _number(after, "h") < _number(before, "h"):
            yield f"bookkeeping goes back: the horizon of {pair} falls"
        marks, marks_before = _marks_of(after), _marks_of(before)
        if any(mark < marks_before.get(day, 0) for day, mark in marks.items()):
            yield f"bookkeeping goes back: a mark of {pair} falls"
        if any(mark not in self._states[pair, day] for day, mark in marks.items()):
            yield f"bookkeeping is wrong: a mark of {pair} names no state of its day"
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
        shares = (self._states[pair, day][mark] for day, mark in marks.items())
        return tuple(map(sum, zip((0, 0, 0, 0, 0), *shares, strict=True)))


def _sums_of(item: Item) -> Sums:
    return tuple(_number(item, name) for name in _SUMS)


def _marks_of(item: Item) -> Marks:
    return {f"{n[:4]}-{n[4:6]}-{n[6:]}": int(value["N"]) for n, value in item.items() if n.isdigit()}


def _number(item: Item, name: str) -> int:
    return int(item[name]["N"]) if name in item else 0
