"""Figures are printed, and kept for the docs only where somebody asks for that."""

import os
import sys
from pathlib import Path
from unittest.mock import patch

import pytest

from perf import figures
from perf.benchmarks import writes
from perf.figures import Figures, options_of, publish

TABLE = Figures("tried", "Title", ["", "a"], [["b", "1"]], "cmd", environment={})


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the figures that are kept, empty."""
    monkeypatch.setattr(figures, "FOLDER", tmp_path)
    return tmp_path


@pytest.mark.parametrize("save", [False, True])
def test_figures_are_kept_only_on_request(
    results: Path, capsys: pytest.CaptureFixture[str], save: bool
) -> None:
    """Either way they are printed; a benchmark that somebody runs in a clone changes no file."""
    publish([TABLE], save=save)
    assert "Title" in capsys.readouterr().out
    assert [path.name for path in results.iterdir()] == (["tried.json"] if save else [])


@pytest.mark.parametrize("save", [False, True])
def test_a_script_asks_for_it_by_an_option(
    results: Path, monkeypatch: pytest.MonkeyPatch, save: bool
) -> None:
    """`--save`, the same in all scripts."""
    monkeypatch.setattr(sys, "argv", ["writes", "--pairs", "3", *(["--save"] if save else [])])
    with patch.dict(os.environ):  # it points to its engine
        writes.main()
    kept = {"bench_writes.json", "write_units.json"}
    assert {path.name for path in results.iterdir()} == (kept if save else set())
    assert options_of("a.script", "What it does.").parse_args([]).save is False


def test_remarks_stand_below_the_table() -> None:
    """In Markdown, as a paragraph between the table and how it was measured."""
    environment = {"date": "d", "processor": "p", "system": "s", "python": "3"}
    made = Figures("x", "Title", ["", "a"], [["b", "1"]], "cmd", {}, environment, ["A remark."])
    assert made.markdown().endswith("| b | 1 |\n\nA remark.\n\nMeasured by `cmd`: d, p, s, Python 3.\n")
