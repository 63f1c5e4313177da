"""The rooms of the project and the one way in which they may import each other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.project import ROOT

PRODUCT = {"models", "handlers", "vm_daemon", "cloudformation", "clients"}
MAY_IMPORT = {
    "models": {"models"},
    "handlers": {"models", "handlers"},
    "vm_daemon": {"models", "handlers", "vm_daemon"},
    "cloudformation": {"models", "cloudformation"},
    "clients": {"models", "cloudformation", "clients"},
    "perf": {*PRODUCT, "perf"},
    "tests": {*PRODUCT, "perf", "tests"},
}
ROOMS = set(MAY_IMPORT)
# What a room in a room may import of that room; modules beside the rooms only, where nothing else is said.
WITHIN: dict[str, dict[str, set[str]]] = {
    "clients": {
        "terminal": set(),
        "local_aws": set(),
        "queries": {"terminal"},
        "uploading": {"terminal"},
        "recovering": {"terminal", "queries"},
        "insight": {"terminal", "queries"},
        "lifecycle": {"terminal", "queries", "recovering", "render"},  # it shows what it asks about
        "render": {"terminal", "queries", "uploading", "recovering", "insight", "lifecycle"},
        "commands": {
            *("terminal", "local_aws", "queries", "uploading"),
            *("recovering", "insight", "lifecycle", "render"),
        },
    },
    "models": {"flow_csv": set(), "storage": set()},
    "perf": {
        "data": set(),
        "costs": set(),
        "measuring": {"data"},
        "benchmarks": {"data", "measuring"},
        "comparison": {"data", "measuring", "costs"},
    },
}
# Programs that one starts as a process: by its command, as everybody does, and not by an import.
STARTED = {
    "clients/commands/demo.py": {"perf.data.generate", "vm_daemon"},
    "perf/benchmarks/contenders.py": {"perf.benchmarks.contenders"},
    "perf/measuring/pipeline.py": {"vm_daemon"},
}
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


def imports(module: Path) -> set[str]:
    """The modules that a module imports from, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in ROOMS}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    """models ← handlers ← vm_daemon and models ← clients; nobody imports tests, and the product not perf."""
    for module in (ROOT / room).rglob("*.py"):
        assert {name.split(".")[0] for name in imports(module)} <= MAY_IMPORT[room], module


@pytest.mark.parametrize(("room", "inner"), [(room, inner) for room in WITHIN for inner in WITHIN[room]])
def test_imports_within_a_room_run_one_way(room: str, inner: str) -> None:
    """terminal ← queries ← the work ← render ← commands in clients, and the like elsewhere."""
    allowed = {inner, *WITHIN[room][inner]}
    for module in (ROOT / room / inner).rglob("*.py"):
        reached = {name.split(".")[1] for name in imports(module) if name.split(".")[0] == room}
        assert reached & set(WITHIN[room]) <= allowed, module


@pytest.mark.parametrize("room", WITHIN)
def test_all_rooms_within_a_room_are_known(room: str) -> None:
    """A new one is given its place among the others."""
    found = {path.parent.name for path in (ROOT / room).glob("*/__init__.py")}
    assert found <= set(WITHIN[room])


def test_a_program_that_another_starts_is_listed() -> None:
    """A module's name in a string is no import, and would be overlooked."""
    found: dict[str, set[str]] = {}
    for module in modules():
        if module.parts[0] != "tests":
            started = _started_by(ast.parse((ROOT / module).read_text()))
            found |= {str(module): started} if started else {}
    assert found == STARTED


def _started_by(tree: ast.AST) -> set[str]:
    """The modules of the project that are named after `-m` in a list, or given to `Child.module`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.List(elts=values) | ast.Tuple(elts=values):
                texts = [getattr(value, "value", None) for value in values]
                named = values[texts.index("-m") + 1 :][:1] if "-m" in texts else []
            case ast.Call(func=ast.Attribute(attr="module"), args=named):
                pass
            case _:
                continue
        names |= {str(value.value) for value in named if isinstance(value, ast.Constant)}
    return {name for name in names if name.split(".")[0] in ROOMS}


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
