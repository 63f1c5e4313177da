"""What is made of the costs of exports."""

from perf.insight.export_cost import Export, figures_of
from perf.measuring.process_cost import Cost


def test_memory_stands_beside_that_of_a_quarter() -> None:
    """CPU is told as a whole and by row, memory of both sizes, in the order of the forms."""
    smaller = {form: Export(Cost(1.0, 9.0, 50_000_000, ""), 1) for form in ("csv", "xlsx")}
    whole = {
        "xlsx": Export(Cost(30.0, 90.0, 60_000_000, ""), 8_000_000),
        "csv": Export(Cost(3.0, 9.0, 55_000_000, ""), 2_500_000_000),
    }
    figures = figures_of(100_000, 30, smaller, whole)
    assert figures.rows == [
        ["xlsx", "8", "30", "10.0", "60 MB", "50 MB"],
        ["csv", "2,500", "3", "1.0", "55 MB", "50 MB"],
    ]
    assert "3,000,000 rows" in figures.title
    assert figures.command == "python -m perf.insight.export_cost --pairs 100000 --days 30"
