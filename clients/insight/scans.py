"""Scans: devices that touch many peers they never met, and sources that touch many ports of one."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import repeat
from math import sqrt
from operator import ge, mul
from typing import NamedTuple

from clients.insight.findings import Finding, Kind, Measure, Severity, Thresholds
from models.days import day_of
from models.history import History
from models.traffic import Totals, split_pair

_SCANNED_DAYS = 1  # at most, on which a pair is scanned
_TOUCHING_PACKETS, _TOUCHING_TIME = 1.25, 200_000  # a flow, the time in µs
_WARM_DAYS = 7  # at the beginning, on which everybody is new
_PROBE_FLOWS, _PROBE_PACKETS = 2, 4  # what a pair has at most that was only touched
_PROBE_SHARE = 0.7  # of the new peers of a scan


class _Met(NamedTuple):
    """Whom a device met on a day for the first time."""

    peers: int = 0
    probes: int = 0  # of these, only touched

    def plus(self, *, is_probe: bool) -> "_Met":
        return _Met(self.peers + 1, self.probes + is_probe)


class Meetings:
    """Counts, by device and day, peers that were never seen before."""

    def __init__(self, rules: Thresholds) -> None:
        self._rules = rules
        self._met: defaultdict[str, dict[int, _Met]] = defaultdict(dict)

    def take(self, pair: str, first_day: int, totals: Totals) -> None:
        """Takes the first day of a pair."""
        source, _ = split_pair(pair)
        is_probe = totals.flows <= _PROBE_FLOWS and totals.packets <= _PROBE_PACKETS
        days = self._met[source]
        days[first_day] = days.get(first_day, _Met()).plus(is_probe=is_probe)

    def findings(self, whole_days: Sequence[int]) -> Iterator[Finding]:
        """The devices that met unusually many, once the data is old enough to know who is new.

        Args:
            whole_days: the days that files cover, rising.
        """
        if len(whole_days) <= _WARM_DAYS:
            return
        warm = whole_days[_WARM_DAYS]
        for device, met in self._met.items():
            for day, (peers, probes) in met.items():
                if day >= warm and peers >= self._rules.new_peers:
                    others = [met[one].peers if one in met else 0 for one in whole_days[1:] if one != day]
                    usual = _mean_without_highest(others)
                    score = (peers - usual) / sqrt(usual + 1)
                    if score >= self._rules.new_peers_deviations:
                        is_scan = peers >= self._rules.scan_peers and probes >= _PROBE_SHARE * peers
                        yield Finding(
                            Kind.SCAN if is_scan else Kind.NEW_PEERS,
                            Severity.HIGH if is_scan else Severity.MEDIUM,
                            device,
                            day_of(day),
                            Measure.PEERS,
                            value=float(peers),
                            expected=usual,
                            score=score,
                            pair_count=peers,
                            series=[(day_of(one), float(its.peers)) for one, its in sorted(met.items())],
                        )


def _mean_without_highest(counts: Sequence[int]) -> float:
    """Of all but the two highest, so that another scan does not hide one."""
    kept = sorted(counts)[: max(1, len(counts) - 2)]
    return sum(kept) / len(kept)


def port_scans(pair: str, history: History, rules: Thresholds) -> Iterator[Finding]:
    """Days on which a source touched its destination often and without a word: one packet a flow.

    Args:
        pair: its key.
        history: its days.
        rules: when it is a finding.
    """
    if max(history.flows) < rules.scan_flows:
        return  # nearly all pairs
    if not any(map(ge, map(mul, history.flows, repeat(_TOUCHING_PACKETS)), history.packets)):
        return  # nearly all others
    touching = [
        packets <= _TOUCHING_PACKETS * flows and duration <= _TOUCHING_TIME * flows
        for duration, packets, flows in zip(history.durations, history.packets, history.flows, strict=True)
    ]
    if touching.count(True) > _SCANNED_DAYS:
        return  # that is how the two talk
    for position, (is_touching, flows) in enumerate(zip(touching, history.flows, strict=True)):
        if not is_touching or flows < rules.scan_flows:
            continue
        others = sorted(history.flows[:position] + history.flows[position + 1 :])
        usual = others[len(others) // 2] if others else 0
        if flows >= rules.short_ratio * usual:
            yield Finding(
                Kind.SCAN,
                Severity.HIGH,
                pair,
                day_of(history.numbers[position]),
                Measure.FLOWS,
                value=float(flows),
                expected=float(usual),
                score=(flows - usual) / sqrt(usual + 1),
                pairs=(pair,),
                pair_count=1,
                series=list(zip(history, map(float, history.flows), strict=True)),
            )
