"""`flowtally show`: a pair or a device at a glance, for people and for programs."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console

from clients.insight.glance import Glance
from clients.render.glance.day_chart import HEIGHT, DayChart
from clients.terminal.console import duration
from models.days import ordinal
from models.deployment import Deployment
from models.history import History
from models.traffic import Totals
from tests.helpers.program import Run, done
from tests.helpers.terminal import on_terminal

FIRST = ordinal("2022-12-05")


def drawn(values: dict[int, int], width: int, *, color: bool = False, encoding: str = "utf-8") -> list[str]:
    """The lines of a chart of these days, counted from the first."""
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(
        file=file, width=width, force_terminal=color, color_system="standard" if color else None
    )
    mean = sum(values.values()) / len(values)
    deviation = (sum((value - mean) ** 2 for value in values.values()) / len(values)) ** 0.5
    numbers = [FIRST + day for day in values]
    console.print(DayChart(numbers, list(values.values()), mean, deviation, duration))
    file.flush()
    return file.buffer.getvalue().decode(encoding).splitlines()


def test_a_column_for_each_day_as_high_as_its_value() -> None:
    """The highest day fills all lines, half of it half of them, one without flows none, a small one a bit."""
    lines = drawn({0: 80_000_000, 1: 40_000_000, 3: 1}, 60)
    assert len(lines) == HEIGHT + 1
    margin = lines[0].index("█")
    columns = ["".join(line.ljust(60)[margin + 2 * day] for line in lines[:-1]) for day in range(4)]
    assert columns[0] == "█" * 8
    assert columns[1].replace("·", " ") == "    ████"
    assert columns[2].replace("·", " ") == " " * 8
    assert columns[3].replace("·", " ") == " " * 7 + "▁"
    assert lines[0].split()[:2] == ["1.33", "min"]
    assert [place for place, line in enumerate(lines) if "avg" in line] == [3]
    assert lines[-1].split() == ["2022-12-05", "2022-12-08"]


@pytest.mark.parametrize("width", [80, 140, 20])
@pytest.mark.parametrize("days", [1, 30, 365, 3000])
def test_no_chart_is_wider_than_the_terminal(width: int, days: int) -> None:
    """Days share a column where they are too many; the highest is seen all the same, and it is said."""
    values = dict.fromkeys(range(days), 1000) | {days // 2: 9000}
    lines = drawn(values, width)
    if width > 20:  # both dates and the average have room
        assert max(map(len, lines)) <= width
        assert lines[0].count("█") == 1
        assert any("the highest of" in line for line in lines) == (days > width)


def test_days_that_stand_out_have_another_colour() -> None:
    """Two deviations above the average, and only these."""
    values = dict.fromkeys(range(20), 1000) | {10: 9000}
    for line in drawn(values, 80, color=True)[:3]:
        assert re.findall(r"\x1b\[33m(.)", line) == ["█"]
        assert not re.findall(r"\x1b\[36m█", line)


def test_a_terminal_without_blocks_gets_others() -> None:
    """Nothing is drawn that the encoding does not have."""
    lines = drawn({0: 8_000_000, 1: 4_000_000}, 60, encoding="ascii")
    assert [line.count("#") for line in lines] == [1, 1, 1, 1, 2, 2, 2, 2, 0]


def test_a_glance_adds_up_days_and_names_the_busiest() -> None:
    """Days of all pairs are one history; the last are held against its average."""
    one = History.of({"2022-12-05": Totals(1000, 1, 1), "2022-12-06": Totals(3000, 3, 1)})
    other = History.of({"2022-12-06": Totals(2000, 6, 2)})
    glance = Glance.of([("a>b", one), ("c>a", other)])
    assert (glance.pairs, [it.name for it in glance.busiest], glance.total) == (2, ["a>b", "c>a"], 6000)
    duration_, packets, flows = glance.figures()
    assert (duration_.daily.total, duration_.daily.mean, duration_.peak, duration_.peak_day) == (
        *(6000, 3000.0, 5000, "2022-12-06"),
    )
    assert (packets.daily.total, flows.peak) == (10, 3)
    (last,) = glance.last_days(1, sample=False)
    assert last == ("2022-12-06", 5000, 9, 3, 5 / 3, 1.8, 1.0)
    assert Glance.of([("c>a", other)]).last_days(7, sample=True)[0].off is None


def test_programs_get_every_day(counted: Deployment, run: Run) -> None:
    """JSON has figures, all days, the last ones and the pairs; CSV the same, a value a line."""
    document = json.loads(done(run("show", "10.0.0.1", "--json", "--last", "2")))
    assert (document["pair_count"], document["first_day"], document["last_day"]) == (
        *(4, "2022-12-05", "2023-01-02"),
    )
    assert [day["day"] for day in document["last_days"]] == ["2022-12-14", "2023-01-02"]
    assert len(document["days"]) == 11
    assert document["days"][-1]["duration_total_us"] == 3 * (2**53 + 1)
    assert sum(day["packets_total"] for day in document["days"]) == document["figures"][1]["total"]
    rows = list(csv.DictReader(io.StringIO(done(run("show", "10.0.0.2", "192.168.0.1", "--csv")))))
    values = {(row["section"], row["item"], row["measure"]): row["value"] for row in rows}
    assert values["figures", "packets", "avg"] == "9.5"


def test_a_pipe_gets_a_line_for_each_day(counted: Deployment, run: Run) -> None:
    """No chart, no colour."""
    said = done(run("show", "10.0.0.1", "10.1.0.1"))
    assert len(re.findall(r"^2022-12-\d\d  .* (?:ms|s|µs) ", said, re.MULTILINE)) == 10 + 7
    assert "█" not in said
    assert "1 pair, 10 days with flows, 2022-12-05 to 2022-12-14\n" in said


@pytest.mark.parametrize("columns", [80, 140])
def test_a_terminal_shows_a_chart(counted: Deployment, tmp_path: Path, columns: int) -> None:
    """Within its width, in colours, and without where none is wanted."""
    screen = on_terminal("show", "10.0.0.1", directory=tmp_path, columns=columns)
    assert screen.status == 0
    assert max(map(len, screen.text.split("\n"))) <= columns
    assert "█" in screen.text
    assert "avg" in screen.text
    assert "Busiest by duration" in screen.text
    raw = on_terminal("show", "10.0.0.1", directory=tmp_path, columns=columns, NO_COLOR="1").raw
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", raw)


def test_an_unknown_pair_gets_a_helpful_answer(counted: Deployment, run: Run) -> None:
    """As with `export`."""
    failed = run("show", "10.0.0.2", "10.0.0.9")
    assert (failed.returncode, "10.0.0.2 has flows to 192.168.0.1" in failed.stderr) == (1, True)
