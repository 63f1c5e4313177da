"""Consolidation is measured with alerts and without, on real changes of the stream."""

from models.deployment import Deployment
from perf.insight.alerts import WITH, WITHOUT, figures_of, measure


def test_both_ways_take_turns_on_all_pairs(deployment: Deployment) -> None:
    """In two turns each consolidates each pair once, and the figures hold one against the other."""
    taken = measure(deployment, pairs=40, turns=2)
    assert [one.name for one in taken] == [WITHOUT, WITH, WITH, WITHOUT]
    assert sum(one.pairs for one in taken) == 80
    (first, second) = figures_of(taken).rows
    assert (first[0], first[2], second[0]) == (WITHOUT, "1.000 ×", WITH)
