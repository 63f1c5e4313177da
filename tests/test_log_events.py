"""The events that the workers log: constant texts, each of them explained in docs/operations.md."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.helpers.project import ROOT

ROOMS = ("handlers", "vm_daemon")
PAGE = ROOT / "docs" / "operations.md"
LEVELS = {
    "exception": "error",
    "warning": "warning",
    "info": "info",
    "error": "error",
    "critical": "critical",
}


class Logged(NamedTuple):
    """A call of a logger."""

    module: Path
    line: int
    level: str
    event: str  # empty if it is no constant


def logged() -> Iterator[Logged]:
    """Every call of a logger in the workers' rooms."""
    for module in (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))):
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                owner = node.func.value
                if isinstance(owner, ast.Name) and owner.id == "log":
                    event = node.args[0].value if isinstance(node.args[0], ast.Constant) else ""
                    yield Logged(module, node.lineno, LEVELS[node.func.attr], str(event))


def explained() -> list[tuple[str, str]]:
    """Event and level of every row of the tables of events."""
    rows = re.findall(r"^\| `([^`]+)` \| (\w+) \| [^|]+ \| [^|]+ \|$", PAGE.read_text(), re.MULTILINE)
    assert rows
    return rows


def test_an_event_can_be_searched_for() -> None:
    """It is one constant text; what differs from case to case stands in fields of its own."""
    assert [call for call in logged() if not call.event or re.search(r"[%{}`|]", call.event)] == []


def test_every_event_is_explained() -> None:
    """docs/operations.md has each event of the code once, with its level, and no event that nothing logs."""
    assert sorted(explained()) == sorted({(call.event, call.level) for call in logged()})
