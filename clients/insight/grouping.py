"""Puts findings together that have one cause."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from clients.insight.findings import NETWORK, PAIRS_KEPT, Finding, Kind
from models.days import ordinal
from models.traffic import split_pair

_OF_PAIRS = (Kind.BURST, Kind.STEP, Kind.GROWTH, Kind.SILENT)
_SAME_DEVICE = 3  # pairs of a device that change alike on a day are one finding of the device
_NETWORK_SHARE = 0.3  # of all regular pairs
_NETWORK_PAIRS = 10


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
    left = sorted(findings, key=lambda one: -one.score)
    done: list[Finding] = []
    while left:
        first = left[0]
        near = [one for one in left if _near(first, one)]
        if len(near) >= whole_network and first.kind is not Kind.GROWTH:
            done.append(replace(_together(near[0], near[1:]), subject=NETWORK))
            left = [one for one in left if one not in near]
            continue
        shared = Counter(end for one in near for end in split_pair(one.subject))
        device = max(split_pair(first.subject), key=lambda end: shared[end])
        same = [one for one in near if device in split_pair(one.subject)]
        if len(same) < _SAME_DEVICE or first.kind is Kind.GROWTH:
            same = [first]
            done.append(first)
        else:
            done.append(replace(_together(first, same[1:]), subject=device))
        left = [one for one in left if one not in same]
    return done


def _together(first: Finding, others: Sequence[Finding]) -> Finding:
    pairs = [pair for one in (first, *others) for pair in one.pairs]
    return replace(
        first,
        severity=max(one.severity for one in (first, *others)),
        pairs=tuple(pairs[:PAIRS_KEPT]),
        pair_count=sum(one.pair_count for one in (first, *others)),
    )
