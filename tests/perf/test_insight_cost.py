"""The made-up table is scanned like a real one, and the commands' cost is measured on it."""

import pytest

from perf.insight.cost import figures_of, measure
from perf.insight.made_table import DEVICES, MadeTable, number_of, pair_of


@pytest.mark.parametrize("number", [0, 1, DEVICES - 1, DEVICES, 99_999])
def test_a_pair_tells_its_number(number: int) -> None:
    """So that a page can go on after the last key of the page before."""
    assert number_of(pair_of(number)) == number


def test_the_commands_read_each_page_once() -> None:
    """On pages that end within a pair, all of the table is read, once, and paid as the commands say."""
    runs = list(measure(900, 60))
    assert [run.command for run in runs] == ["top", "anomalies", "report"]
    table = MadeTable(900, 60)
    assert len({pair_of(number) for number in range(table.pairs)}) == 900
    for run in runs:
        assert (run.pages, run.most) == (4, 1)
        files = 0.5 if run.command == "report" else 0  # its other table
        assert run.units == runs[0].units + files > 0
        assert "read units" in run.cost.output
    assert "top" in str(figures_of(runs, 900, 60).rows)
