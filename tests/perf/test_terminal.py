"""The comparison of the terminal program with others: what it sends, and what it makes of the costs."""

from pathlib import Path

from perf.benchmarks.terminal import figures_of, make_files
from perf.measuring.process_cost import Cost


def test_the_least_of_each_is_compared() -> None:
    """Of several rounds the least wall and, on its own, the least CPU time; beside the ratio is its aim."""
    costs = [
        ("2 files sent", Cost(2.0, 9.0, 1, ""), Cost(1.0, 2.0, 1, "")),
        ("start: --help", Cost(0.1, 0.12, 1, ""), Cost(0.1, 0.03, 1, "")),
        ("2 files sent", Cost(3.0, 5.0, 1, ""), Cost(0.5, 4.0, 1, "")),
    ]
    figures = figures_of(costs, files=200, rounds=2, packages={})
    assert figures.rows == [
        ["2 files sent", "5.00 s", "2.00 s", "2.00 s", "0.50 s", "2.50", "4.00", "≤ 1.2"],
        ["start: --help", "0.12 s", "0.03 s", "0.10 s", "0.10 s", "4.00", "1.00", "≤ 4.0"],
    ]
    assert len(figures.columns) == 8
    assert figures.command == "python -m perf.benchmarks.terminal --files 200 --rounds 2"


def test_no_two_files_have_the_same_content(tmp_path: Path) -> None:
    """Neither in a round nor in two: the second of such files would be known, and not sent."""
    for number in range(2):
        make_files(tmp_path / str(number), number, 260)
    contents = [file.read_text() for file in tmp_path.rglob("*.csv")]
    assert len(contents) == len(set(contents)) == 520
