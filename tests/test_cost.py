"""The costs in the documentation are those that the script computes."""

from perf.cost import SIZES, month, table, total
from tests.conftest import ROOT


def test_the_documented_costs_are_the_computed_ones() -> None:
    """docs/deploy.md has the table that `python -m perf.cost` prints."""
    assert table() in (ROOT / "docs" / "deploy.md").read_text()


def test_lambda_costs_least_until_there_is_much_work() -> None:
    """At each of the three sizes; the work itself costs the same on both."""
    for branches in SIZES.values():
        costs = month(branches)
        assert total(costs, costs.on_lambda) < total(costs, costs.on_vm)
