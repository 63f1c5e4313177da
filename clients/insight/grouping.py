"""Puts findings together that have one cause."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from operator import itemgetter

from clients.insight.findings import NETWORK, PAIRS_KEPT, Finding, Kind
from models.days import ordinal
from models.traffic import split_pair

_OF_PAIRS = (Kind.BURST, Kind.STEP, Kind.GROWTH, Kind.SILENT)
_SAME_DEVICE = 3  # pairs of a device that change alike on a day are one finding of the device
_NETWORK_SHARE = 0.3  # of all regular pairs
_NETWORK_PAIRS = 10
_ALL = "*"  # no device has this name


def grouped(findings: Iterable[Finding], regular_pairs: int) -> list[Finding]:
    """One finding for each cause, the most urgent first.

    Both directions of a conversation, the pairs of a device, and most pairs of the network are taken together
    where the same happens to them within a day.
    """
    rest: list[Finding] = []
    by_kind: dict[Kind, list[Finding]] = {}
    for finding in findings:
        if finding.kind in _OF_PAIRS:
            by_kind.setdefault(finding.kind, []).append(finding)
        else:
            rest.append(finding)
    for some in by_kind.values():
        conversations = _both_directions(some)
        rest += _of_devices(conversations, max(_NETWORK_PAIRS, int(_NETWORK_SHARE * regular_pairs)))
    return sorted(rest, key=lambda one: (-one.severity, -one.score, one.day, one.subject))


def _both_directions(findings: Sequence[Finding]) -> list[Finding]:
    by_ends: dict[frozenset[str], list[Finding]] = {}
    for finding in findings:
        by_ends.setdefault(frozenset(split_pair(finding.subject)), []).append(finding)
    merged: list[Finding] = []
    for some in by_ends.values():
        strongest_first = sorted(some, key=lambda one: -one.score)
        while strongest_first:
            first, *others = strongest_first
            same = [one for one in others if one.subject != first.subject and _near(first, one)]
            merged.append(_together(first, same[:1]))
            strongest_first = [one for one in others if one not in same[:1]]
    return merged


def _near(one: Finding, other: Finding) -> bool:
    return one.kind is Kind.GROWTH or abs(ordinal(one.day) - ordinal(other.day)) <= 1


def _of_devices(findings: list[Finding], whole_network: int) -> list[Finding]:
    """Findings of one kind: those of a day that share a device become one, unless they are of everybody."""
    strongest_first = sorted(findings, key=lambda one: -one.score)
    if strongest_first and strongest_first[0].kind is Kind.GROWTH:
        return strongest_first  # there is no day that they share
    left = _Left(strongest_first)
    done: list[Finding] = []
    for first in strongest_first:
        if first not in left:
            continue
        day = ordinal(first.day)
        if left.count(day) >= whole_network:
            same, subject = left.take(day), NETWORK
        else:
            subject = max(split_pair(first.subject), key=lambda end: left.count(day, end))
            is_group = left.count(day, subject) >= _SAME_DEVICE
            same = left.take(day, subject) if is_group else left.take_one(first)
        together = _together(same[0], same[1:])
        done.append(replace(together, subject=subject) if len(same) > 1 else first)
    return done


class _Left:
    """Findings that are not told yet, by day and by what they share, so that many are grouped quickly.

    Args:
        findings: of pairs, the strongest first.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        self._places = {id(one): place for place, one in enumerate(findings)}
        self._by_day: defaultdict[tuple[int, str], dict[int, Finding]] = defaultdict(dict)
        for place, one in enumerate(findings):
            for key in self._keys(one):
                self._by_day[key][place] = one

    def __contains__(self, finding: Finding) -> bool:
        return self._places[id(finding)] in self._by_day[ordinal(finding.day), _ALL]

    def count(self, day: int, end: str = _ALL) -> int:
        """How many there are within a day, with a device at one end or of all."""
        return sum(len(self._by_day[near, end]) for near in (day - 1, day, day + 1))

    def take(self, day: int, end: str = _ALL) -> list[Finding]:
        """Takes these away, the strongest first."""
        near = [item for number in (day - 1, day, day + 1) for item in self._by_day[number, end].items()]
        taken = [one for _, one in sorted(near, key=itemgetter(0))]
        for one in taken:
            self.take_one(one)
        return taken

    def take_one(self, finding: Finding) -> list[Finding]:
        """Takes one away."""
        for key in self._keys(finding):
            del self._by_day[key][self._places[id(finding)]]
        return [finding]

    @staticmethod
    def _keys(finding: Finding) -> list[tuple[int, str]]:
        day = ordinal(finding.day)
        return [(day, end) for end in {_ALL, *split_pair(finding.subject)}]


def _together(first: Finding, others: Sequence[Finding]) -> Finding:
    pairs = [pair for one in (first, *others) for pair in one.pairs]
    return replace(
        first,
        severity=max(one.severity for one in (first, *others)),
        pairs=tuple(pairs[:PAIRS_KEPT]),
        pair_count=sum(one.pair_count for one in (first, *others)),
    )
