"""The rooms of the project and the one way in which they may import each other."""

import ast
from pathlib import Path

import pytest

from tests.helpers.project import ROOT

MAY_IMPORT = {
    "models": {"models"},
    "handlers": {"models", "handlers"},
    "vm_daemon": {"models", "handlers", "vm_daemon"},
    "cloudformation": {"models", "cloudformation"},
    "clients": {"models", "cloudformation", "clients"},
}
ROOMS = {*MAY_IMPORT, "perf", "tests"}
LINES_AT_MOST = 350


def imported_rooms(module: Path) -> set[str]:
    """The rooms that a module imports from, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names.add(node.module or "")
    return {name.split(".")[0] for name in names} & ROOMS


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    """models ← handlers ← vm_daemon and models ← clients; nobody imports perf or tests."""
    for module in (ROOT / room).rglob("*.py"):
        assert imported_rooms(module) <= MAY_IMPORT[room], module


def test_modules_are_short() -> None:
    """A module that outgrows a few screens is to be divided."""
    lengths = {
        module.relative_to(ROOT): len(module.read_text().splitlines())
        for room in ROOMS
        for module in (ROOT / room).rglob("*.py")
    }
    assert {module: lines for module, lines in lengths.items() if lines > LINES_AT_MOST} == {}
