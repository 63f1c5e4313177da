"""The rooms of the project and the one way in which they may import each other."""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib import import_module
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
# Inside the terminal program: the work leaves printing to the commands, and knows nothing of them.
_BASICS = {"terminal", "queries"}
CLIENT_ROOMS = {
    "terminal": {"terminal"},
    "queries": _BASICS,
    "uploading": _BASICS | {"uploading"},
    "recovering": _BASICS | {"recovering"},
    "insight": _BASICS | {"insight"},
    "exporting": _BASICS | {"exporting"},
    "lifecycle": _BASICS | {"recovering", "lifecycle"},
    "local_aws": {"terminal", "local_aws"},
}
CLIENT_ROOMS["render"] = {*CLIENT_ROOMS, "render"} - {"local_aws"}
CLIENT_ROOMS["commands"] = {*CLIENT_ROOMS}
# Inside perf: benchmarks and the comparison share what lies in other rooms, and do not know each other.
PERF_ROOMS = {
    "data": {"data"},
    "costs": {"figures", "costs"},
    "measuring": {"measuring"},
    "benchmarks": {"figures", "data", "measuring", "benchmarks"},
    "insight": {"figures", "data", "measuring", "insight"},
    "comparison": {"figures", "data", "measuring", "costs", "comparison"},
}
INNER_ROOMS = {"clients": CLIENT_ROOMS, "perf": PERF_ROOMS}

# Where a program starts another one as a process, by its command: these do not show among the imports.
PROCESSES = {
    ("clients/commands/demo.py", "python -m perf.data.generate"),
    ("clients/local_aws/pipeline.py", "python -m vm_daemon"),
    ("clients/local_aws/engine.py", "Child"),  # ministack, by engine_process.py
    ("clients/local_aws/child.py", "subprocess.Popen"),  # what the three above run in
    ("clients/local_aws/lambda_service/environment.py", "subprocess.Popen"),  # AWS's runtime client
    ("cloudformation/package.py", "subprocess.run"),  # pip
    ("models/flow_csv/row_counters/build_native.py", "subprocess.run"),  # the C compiler
    ("vm_daemon/settings.py", "os.execve"),  # itself, when its settings have changed
}
LINES_OF_A_MODULE = 300
LINES_OF_A_FUNCTION = 50  # a screen
MODULES_OF_A_FOLDER = 13  # about a dozen


def imported_modules(module: Path) -> set[str]:
    """What a module imports, wherever in it the import stands."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            names.add(node.module or "")
    return names


def imported_rooms(module: Path) -> set[str]:
    """The rooms that a module imports from."""
    return {name.split(".")[0] for name in imported_modules(module)} & ROOMS


def started_processes(module: Path) -> Iterator[str]:
    """Each call by which a module starts a process: the Python module, or what is called."""
    for node in ast.walk(ast.parse(module.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        if called == "Child.module":
            yield f"python -m {ast.literal_eval(node.args[1])}"
        elif re.fullmatch(r"Child|subprocess\.\w+|os\.(system|exec\w+|spawn\w+|posix_spawnp?)", called):
            yield called


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room: str) -> None:
    """models ← handlers ← vm_daemon and models ← clients; nobody imports tests, and only they import perf."""
    for module in (ROOT / room).rglob("*.py"):
        assert imported_rooms(module) <= MAY_IMPORT[room], module


@pytest.mark.parametrize(
    ("outer", "room"), [(outer, room) for outer in INNER_ROOMS for room in INNER_ROOMS[outer]]
)
def test_imports_inside_a_room_run_one_way(outer: str, room: str) -> None:
    """terminal ← queries ← the work ← render ← commands in clients; nobody imports cli."""
    for module in (ROOT / outer / room).rglob("*.py"):
        names = {name for name in imported_modules(module) if name.startswith(f"{outer}.")}
        assert {name.split(".")[1] for name in names} <= INNER_ROOMS[outer][room], module


@pytest.mark.parametrize("outer", INNER_ROOMS)
def test_the_rooms_inside_a_room_are_known(outer: str) -> None:
    """A new room finds its place among the others here."""
    rooms = {folder.name for folder in (ROOT / outer).iterdir() if (folder / "__init__.py").exists()}
    assert rooms == INNER_ROOMS[outer].keys()


PACKAGES = [
    ".".join(marker.parent.relative_to(ROOT).parts)
    for room in sorted({*PRODUCT, "perf"})
    for marker in sorted((ROOT / room).rglob("__init__.py"))
]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_names_what_others_may_import(package: str) -> None:
    """Its `__all__` lists modules, or names that it has itself; other rooms import no other. Tests may."""
    loaded, folder = import_module(package), ROOT / package.replace(".", "/")
    inside = {path.stem for path in folder.iterdir() if path.is_dir() or path.suffix == ".py"}
    assert set(loaded.__all__) <= inside | vars(loaded).keys()
    for module in modules():
        name = ".".join(module.with_suffix("").parts)
        if module.parts[0] == "tests" or name.startswith(f"{package}."):
            continue
        below = [
            it.removeprefix(f"{package}.") for it in imported_names(module) if it.startswith(f"{package}.")
        ]
        assert {it.split(".")[0] for it in below} & inside <= set(loaded.__all__), name


@cache
def imported_names(module: Path) -> set[str]:
    """What a module imports, with the names it takes from a module behind that of the module."""
    nodes = ast.walk(ast.parse((ROOT / module).read_text()))
    froms = [node for node in nodes if isinstance(node, ast.ImportFrom)]
    return imported_modules(ROOT / module) | {f"{it.module}.{name.name}" for it in froms for name in it.names}


def test_where_processes_are_started_is_known() -> None:
    """What one program runs as another, past all imports, stands in the list above and nowhere else."""
    found = {
        (str(module), command)
        for module in modules()
        if module.parts[0] in PRODUCT
        for command in started_processes(ROOT / module)
    }
    assert found == PROCESSES


def modules() -> Iterator[Path]:
    """All of the project, by their paths in it."""
    for room in sorted(ROOMS):
        yield from (module.relative_to(ROOT) for module in (ROOT / room).rglob("*.py"))


def test_a_listing_of_a_folder_is_short() -> None:
    """No folder of the product has more than about a dozen modules, but for the commands with a file each."""
    folders = Counter(str(path.parent) for path in modules() if not path.stem.startswith("__"))
    del folders["clients/commands"]
    of_product = {folder: found for folder, found in folders.items() if folder.split("/")[0] in PRODUCT}
    assert {folder: found for folder, found in of_product.items() if found > MODULES_OF_A_FOLDER} == {}


def test_modules_are_short() -> None:
    """A module that outgrows a few screens is to be divided."""
    lengths = {str(module): len((ROOT / module).read_text().splitlines()) for module in modules()}
    assert {module: lines for module, lines in lengths.items() if lines > LINES_OF_A_MODULE} == {}


def test_functions_fit_on_a_screen() -> None:
    """A function that does not is to be divided by its levels of abstraction."""
    lengths = {
        f"{module}: {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for module in modules()
        for node in ast.walk(ast.parse((ROOT / module).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in lengths.items() if lines > LINES_OF_A_FUNCTION} == {}
