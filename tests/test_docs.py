"""The docs say what is so: commands, options, make targets, links and figures."""

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path

import pytest

from clients.cli import command, flowtally
from cloudformation.templates import parameter_default, template
from perf.figures import with_figures
from tests.helpers.commands_page import PAGE, page
from tests.helpers.flow_files import flow_csv
from tests.helpers.project import ROOT
from tests.helpers.waiting import PATIENCE

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = ("models", "handlers", "vm_daemon", "clients", "cloudformation", "perf", "tests")
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def code_in(document: Path) -> str:
    """What stands in code spans and blocks."""
    text = document.read_text()
    blocks = re.findall(r"```.*?\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))])


def test_commands_are_described_as_they_are() -> None:
    """docs/commands.md holds the help of every command, word for word; `make docs` brings it up to date."""
    assert PAGE.read_text() == page()


@each_document
def test_commands_in_the_docs_exist(document: Path) -> None:
    """Every `flowtally …` that a document shows is a command, with options that it has."""
    for name, rest in re.findall(r"^\s*flowtally ([a-z]+)(.*)$", code_in(document), re.MULTILINE):
        assert name in flowtally.commands, name
        known = {spelling for option in command(name).params for spelling in option.opts} | {"--help"}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", rest.partition("#")[0])) <= known, (name, rest)


@each_document
def test_make_targets_in_the_docs_exist(document: Path) -> None:
    """Every `make …` that a document shows is a target."""
    assert set(re.findall(r"^\s*make ([a-z-]+)", code_in(document), re.MULTILINE)) <= TARGETS


@each_document
def test_paths_and_modules_in_the_docs_exist(document: Path) -> None:
    """Every `room/…` that a document shows is a file or folder, every `python -m room.…` a module."""
    code, room = code_in(document), "|".join(ROOMS)
    for path in re.findall(rf"(?:^|\s)((?:{room})/[\w./-]*)", code, re.MULTILINE):
        assert (ROOT / path).exists(), path
    for name in re.findall(rf"python -m ((?:{room})[\w.]*)", code):
        assert find_spec(name), name


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    """Every link to a file of the project leads to one."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), target


@each_document
def test_figures_are_those_that_were_measured(document: Path) -> None:
    """Every table of figures is what a script wrote to perf/results."""
    text = document.read_text()
    assert with_figures(text) == text


def test_how_large_a_file_may_be_follows_from_what_was_measured() -> None:
    """What a function reads in its time is computed from seconds a GB, which are near the latest measured."""
    rows = json.loads((ROOT / "perf" / "results" / "bench_summarize_aims.json").read_text())["rows"]
    (measured,) = (row[-1] for row in rows if row[0] == "CPU seconds a GB, beyond the start")
    memory, whole_core = int(parameter_default(template("lambda"), "Memory")), 1769
    said = " ".join((ROOT / "docs" / "input.md").read_text().split())
    a_gb = float(re.findall(r"a GB of uncompressed content takes (\S+) s", said)[0])
    assert a_gb == pytest.approx(float(measured), rel=0.2)
    on_lambda = a_gb * whole_core / memory
    assert f"the {memory} MB that functions have by default are {memory / whole_core:.2f} of one" in said
    assert f"so {on_lambda:.1f} s a GB, and by the processor alone one run reads some" in said
    assert f"some {round(870 / on_lambda, -1):.0f} GB." in said


def test_a_term_stands_in_the_glossary_once() -> None:
    """One meaning a word: a term that is explained twice would have two."""
    rows = re.findall(
        r"^\| ([^|]+) \| ([^|]+) \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE
    )
    terms = [term for cell, meaning in rows if meaning != "meaning" for term in re.split(r", (?!\d)", cell)]
    assert len(terms) > 40
    assert sorted(terms) == sorted(set(terms))


def test_no_two_names_differ_by_a_letter() -> None:
    """Of the modules of a room, no name is that of another but for a letter more, less or other."""
    for folder in (path for room in ROOMS for path in (ROOT / room).rglob("*") if path.is_dir()):
        names = sorted(path.stem for path in folder.glob("*.py") if not path.stem.startswith("_"))
        near = [(one, other) for one, other in combinations(names, 2) if differ_by_a_letter(one, other)]
        assert near == [], folder


def differ_by_a_letter(one: str, other: str) -> bool:
    """Whether one letter makes one name of the other."""
    short, long = sorted((one, other), key=len)
    same = [a == b for a, b in zip(short, long, strict=False)]
    at = same.index(False) if False in same else len(short)
    return long[at + 1 :] in (short[at:], short[at + 1 :])


def test_what_differs_by_a_letter() -> None:
    """A letter more anywhere, or another one; not two."""
    assert differ_by_a_letter("files_table", "file_tables") is False
    assert differ_by_a_letter("table", "tables")
    assert differ_by_a_letter("fast_rows", "past_rows")
    assert not differ_by_a_letter("summarize", "summarizer_x")


def run_example(name: str, *arguments: str) -> str:
    """What one of the examples prints."""
    command = [sys.executable, str(ROOT / "docs" / "examples" / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_example_of_reading_a_file_runs(tmp_path: Path) -> None:
    """It prints totals and what is quarantined."""
    file = tmp_path / "flows.csv"
    file.write_bytes(flow_csv("10.0.0.1,10.0.0.2,07/12/2022,1000,3", "10.0.0.1,nobody,07/12/2022,1,1"))
    said = run_example("read_a_file.py", str(file)).splitlines()
    assert said[:2] == [
        "2022-12-07  10.0.0.1 → 10.0.0.2  1 flows, 3 packets, 1000 µs",
        "2 rows, 1 quarantined",
    ]
    assert "Dst IP is not an IP address" in said[-1]


@pytest.mark.usefixtures("engine_of_its_own")
def test_the_example_of_a_pair_runs() -> None:
    """Both days are counted and consolidated."""
    said = run_example("follow_a_pair.py").splitlines()
    assert said[-3:] == [
        "2022-12-05: 2 flows, 7 packets, 3000 µs",
        "2022-12-06: 1 flows, 9 packets, 5000 µs",
        "2 days, 16 packets, mean 8 a day",
    ]
