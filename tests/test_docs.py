"""The docs say what is so: commands, options, make targets, links and figures."""

import re
from pathlib import Path

import pytest

from clients.cli import command, flowtally
from perf.figures import with_figures
from tests.helpers.commands_page import PAGE, page
from tests.helpers.project import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
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
def test_links_lead_somewhere(document: Path) -> None:
    """Every link to a file of the project leads to one."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text()):
        assert (document.parent / target).exists(), target


@each_document
def test_figures_are_those_that_were_measured(document: Path) -> None:
    """Every table of figures is what a script wrote to perf/results."""
    text = document.read_text()
    assert with_figures(text) == text
