"""The costs in the documentation are those that the script computes."""

from dataclasses import asdict

import pytest

from perf import cost, prices
from perf.cost import SIZES, month, total
from perf.results import Figures, load
from tests.conftest import ROOT


@pytest.mark.parametrize("computed", [cost.figures(), prices.figures()], ids=lambda it: it.name)
def test_the_documented_costs_are_the_computed_ones(computed: Figures) -> None:
    """What is kept in perf/results, from which docs/deploy.md is made, is what the script computes now."""
    assert asdict(load(computed.name)) == asdict(computed)
    assert computed.markdown() in (ROOT / "docs" / "deploy.md").read_text()


def test_a_bill_is_the_sum_of_its_lines() -> None:
    """Each size, on each compute, to the cent that rounding may take from a line."""
    rows = [[float(cell) for cell in row[1:]] for row in cost.figures().rows]
    *shared, on_lambda, verification, all_on_lambda, on_vm, all_on_vm = rows
    for size in range(len(SIZES)):
        data = sum(row[size] for row in shared)
        assert all_on_lambda[size] == pytest.approx(data + on_lambda[size] + verification[size], abs=0.04)
        assert all_on_vm[size] == pytest.approx(data + on_vm[size], abs=0.04)


def test_lambda_costs_least_until_there_is_much_work() -> None:
    """At each of the three sizes; the work itself costs the same on both."""
    for branches in SIZES.values():
        costs = month(branches)
        assert total(costs, costs.on_lambda + costs.verification) < total(costs, costs.on_vm)
