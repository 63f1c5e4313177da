"""The rooms of the project and the one way in which they may import each other."""

import ast
from collections.abc import Iterator
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
LINES_OF_A_MODULE = 300
LINES_OF_A_FUNCTION = 50  # a screen
# Longer than that today, and to become no longer than they are.
OUTGROWN = {
    "clients/commands/demo.py": 305,
    "clients/lifecycle/deploy.py": 310,
    "cloudformation/stack.py": 312,
    "models/flow_csv/csv_format.py": 302,
    "tests/clients/local_aws/test_lambda_mappings.py": 302,
    "tests/clients/test_deploy.py: test_from_nothing_through_every_compute_to_nothing": 59,
    "tests/clients/test_upload.py": 304,
    "tests/cloudformation/test_templates.py": 323,
    "tests/models/flow_csv/test_flow_file.py": 309,
}


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


def modules() -> Iterator[Path]:
    """All of the project, by their paths in it."""
    for room in sorted(ROOMS):
        yield from (module.relative_to(ROOT) for module in (ROOT / room).rglob("*.py"))


def test_modules_are_short() -> None:
    """A module that outgrows a few screens is to be divided."""
    lengths = {str(module): len((ROOT / module).read_text().splitlines()) for module in modules()}
    too_long = {module: lines for module, lines in lengths.items() if lines > LINES_OF_A_MODULE}
    assert {module: lines for module, lines in too_long.items() if lines > OUTGROWN.get(module, 0)} == {}


def test_functions_fit_on_a_screen() -> None:
    """A function that does not is to be divided by its levels of abstraction."""
    lengths = {
        f"{module}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in modules()
        for node in ast.walk(ast.parse((ROOT / module).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    too_long = {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_FUNCTION}
    assert {name: lines for name, lines in too_long.items() if lines > OUTGROWN.get(name, 0)} == {}
