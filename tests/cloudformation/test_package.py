"""The packages: reproducible, small, complete, and made for where they run."""

import ast
import io
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import get_args

import pytest

from clients.local_aws.lambda_service.libraries import link_libraries
from cloudformation import package
from cloudformation.package import Architecture, Package, Target, requirements
from models.deployment import Deployment
from models.errors import FlowtallyError, UsageError
from tests.helpers.deployed import client
from tests.helpers.packages import built, built_for_vms
from tests.helpers.project import ROOT
from tests.helpers.template import TEMPLATES

MEGABYTE = 1_000_000
INTERPRETERS = ("3.11", "3.12", "3.13", "3.14")
PYENV = Path.home() / ".pyenv" / "versions"


@pytest.fixture(scope="module")
def packages() -> dict[Architecture, Package]:
    """The package of each architecture."""
    return {machine: built(Target(machine)) for machine in get_args(Architecture)}


def names(package: Package) -> list[str]:
    return zipfile.ZipFile(io.BytesIO(package.content)).namelist()


def test_the_same_sources_give_the_same_bytes_anywhere_and_any_day(
    packages: dict[Architecture, Package], tmp_path: Path
) -> None:
    """Built from a copy elsewhere, with other times, permissions and time zone: the same digest."""
    for room in ("handlers", "models", "vm_daemon", "cloudformation"):
        for source in (ROOT / room).rglob("*"):
            if source.is_file() and "__pycache__" not in source.parts:
                copy = tmp_path / source.relative_to(ROOT)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(source.read_bytes())
                copy.chmod(0o600)
                os.utime(copy, (1_000_000_000, 1_000_000_000))
    code = (
        "from cloudformation.package import *\n"
        "for target in Target(), Target.here(): print(build_package(target).digest)\n"
        "print(build_vm_package().digest)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path), "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
    )
    here = [packages["arm64"], built(Target.here()), built_for_vms()]
    assert done.stdout.split() == [each.digest for each in here]


def test_the_lambda_package_is_small(packages: dict[Architecture, Package]) -> None:
    """Below 3 MB for each architecture; a tenth of that today."""
    assert all(len(each.content) < 3 * MEGABYTE for each in packages.values())


@pytest.mark.parametrize(("machine", "built_for"), [("arm64", "aarch64"), ("x86_64", "x86_64")])
def test_native_code_is_for_the_target(
    packages: dict[Architecture, Package], machine: Architecture, built_for: str
) -> None:
    """Each shared library is for the function's processor, and for the runtime's Python if it needs one."""
    libraries = [name for name in names(packages[machine]) if name.endswith(".so")]
    assert libraries == [
        f"models/flow_csv/row_counters/native_row_counter-{built_for}.so",
        f"orjson/orjson.cpython-313-{built_for}-linux-gnu.so",
    ]


def test_only_what_the_handlers_need_is_packaged(packages: dict[Architecture, Package]) -> None:
    """Handlers, models and two libraries with their licences; neither boto3 nor any other room."""
    tops = {name.split("/")[0].split("-")[0] for name in names(packages["arm64"])}
    assert tops == {"handlers", "models", "orjson", "pynamodb"}
    assert any("LICENSE" in name for name in names(packages["arm64"]))
    assert not any(name.endswith((".pyi", "RECORD")) for name in names(packages["arm64"]))


def test_modules_are_compiled_where_that_can_be_done() -> None:
    """For the Python that packages, each module has its compiled form; for another none, and it runs too."""
    here = names(built(Target.here()))
    assert sum(name.endswith(".pyc") for name in here) == sum(name.endswith(".py") for name in here)
    another = next(python for python in INTERPRETERS if python != Target.here().python)
    for_another = built(Target(Target.here().architecture, another))
    assert not any(name.endswith(".pyc") for name in names(for_another))


def test_another_content_has_another_key(packages: dict[Architecture, Package]) -> None:
    """So that CloudFormation renews the functions, and only then."""
    assert len({each.key for each in packages.values()}) == len(packages)


def test_a_package_can_be_made_for_every_runtime_that_can_be_chosen() -> None:
    """Those that are tried here are those of the template, and each has wheels of its own."""
    offered = TEMPLATES["lambda"]["Parameters"]["Runtime"]["AllowedValues"]
    assert offered == [f"python{version}" for version in INTERPRETERS]
    for version in INTERPRETERS:
        wheels = [
            name for name in names(built(Target("arm64", version))) if name.startswith("orjson/orjson.")
        ]
        assert wheels == [f"orjson/orjson.cpython-{version.replace('.', '')}-aarch64-linux-gnu.so"]


def test_pinned_versions_are_those_that_everything_else_is_tested_with() -> None:
    """What is packaged has the versions and hashes of the project's lock."""
    locked = (ROOT / "requirements" / "demo.txt").read_text()
    for line in requirements("requirements.txt").splitlines():
        assert line.removesuffix(" \\") in locked.replace(" \\", "")


def test_the_daemon_is_installed_with_what_it_imports_and_nothing_else() -> None:
    """Its requirements are some of the project's, and those that its rooms name."""
    wanted = set((ROOT / "requirements" / "runtime.in").read_text().splitlines()[1:])
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert wanted <= set(project["dependencies"])
    imported = {name for room in ("models", "handlers", "vm_daemon") for name in imports_of(ROOT / room)}
    named = {re.split(r"\W", line)[0] for line in wanted}
    assert named <= imported <= named | {"botocore", "urllib3"}  # which boto3 brings


def imports_of(room: Path) -> set[str]:
    """The packages from elsewhere that the modules of a room import, but for types."""
    nodes = [node for module in room.rglob("*.py") for node in ast.walk(ast.parse(module.read_text()))]
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    tops = {name.split(".")[0] for name in names} - sys.stdlib_module_names
    return {name for name in tops if not name.startswith("types_boto3")} - {"models", "handlers", "vm_daemon"}


@pytest.mark.parametrize("python", INTERPRETERS)
def test_handlers_import_on_every_python_that_lambda_offers(python: str, tmp_path: Path) -> None:
    """In an interpreter that has nothing but the unpacked zip and boto3, all three handlers import."""
    candidates = sorted(PYENV.glob(f"{python}.*/bin/python{python}"))
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not candidates and python != here:
        pytest.skip(f"no python{python} on this machine")
    interpreter = str(candidates[-1]) if candidates else sys._base_executable  # type: ignore[attr-defined]
    packaged = built(Target(Target.here().architecture, python))
    zipfile.ZipFile(io.BytesIO(packaged.content)).extractall(tmp_path / "task")
    (tmp_path / "runtime").mkdir()
    link_libraries(tmp_path / "runtime")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path / 'task')!r}, {str(tmp_path / 'runtime')!r}]\n"
        "import handlers.summarize, handlers.consolidate, handlers.verify\n"
        "print(handlers.summarize.handler.__module__)"
    )
    done = subprocess.run([interpreter, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "handlers.summarize"), done.stderr


@pytest.mark.parametrize(
    "runtime", [("boto3==1.40.0", "urllib3<2"), ("boto3", "urllib3")], ids=["old", "new"]
)
def test_the_package_writes_with_old_and_new_libraries_of_a_runtime(
    runtime: tuple[str, ...], deployment: Deployment, tmp_path: Path
) -> None:
    """The oldest boto3 that the requirements admit, with urllib3 1.26 as Lambda had it; and the newest.

    All handlers import, and an item is written with the package's own client.
    """
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]
    subprocess.run([*pip, str(tmp_path / "runtime"), *runtime], check=True)
    zipfile.ZipFile(io.BytesIO(built(Target.here()).content)).extractall(tmp_path / "task")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path / 'task')!r}, {str(tmp_path / 'runtime')!r}]\n"
        "import urllib3, handlers.summarize, handlers.consolidate, handlers.verify\n"
        "from models.storage.aws_clients import dynamodb\n"
        f"dynamodb(2).update_item(TableName={deployment.files!r}, UpdateExpression='SET n = :one',\n"
        "    Key={'branch': {'S': 'a'}, 'key': {'S': 'b'}}, ExpressionAttributeValues={':one': {'N': '1'}})\n"
        "print(urllib3.__version__)"
    )
    python = sys._base_executable  # type: ignore[attr-defined]
    ran = subprocess.run([python, "-S", "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("1.26." if "urllib3<2" in runtime else "2.")
    assert client("dynamodb").scan(TableName=deployment.files)["Count"] == 1


def test_a_dependency_that_cannot_be_fetched_is_one_clear_error(tmp_path: Path) -> None:
    """The message has pip's own reason."""
    with pytest.raises(FlowtallyError, match=r"could not be fetched: ERROR.*orjson"):
        package.fetch_wheels(f"orjson==0.0.1 --hash=sha256:{'0' * 64}\n", Target(), tmp_path)


def test_a_computer_that_lambda_does_not_know_is_the_users_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The local service says what it needs."""
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    with pytest.raises(UsageError, match="riscv64"):
        Target.here()


def test_a_vm_installs_from_its_package_without_an_index(tmp_path: Path) -> None:
    """It holds the install script, a wheel of the daemon with its units, and every wheel of the lock."""
    archive = zipfile.ZipFile(io.BytesIO(built_for_vms().content))
    archive.extractall(tmp_path)
    assert (tmp_path / "install.sh").read_bytes() == (ROOT / "vm_daemon" / "install.sh").read_bytes()
    (wheel,) = tmp_path.glob("flowtally-*.whl")
    content = zipfile.ZipFile(wheel).namelist()
    assert {"vm_daemon/cli.py", "handlers/summarizing/stage.py", "models/storage/schema.py"} <= set(content)
    assert any(name.startswith("vm_daemon/systemd/") for name in content)
    locked = {
        line.split("==")[0] for line in requirements("requirements-vm.txt").splitlines() if "==" in line
    }
    held = {wheel.name.split("-")[0].replace("_", "-") for wheel in (tmp_path / "wheelhouse").iterdir()}
    assert held == locked
    installed = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", str(installed), str(wheel)], check=True)
    assert (installed / "bin" / "flowtally-daemon").exists()
