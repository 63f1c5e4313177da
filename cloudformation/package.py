"""What runs in AWS, as zips: the handlers for Lambda, and the daemon for VMs.

The zip for Lambda holds what the handlers need and the runtime does not bring; that for VMs all that
`vm_daemon/install.sh` needs to do without a package index.

The same sources give the same bytes, wherever and whenever it is built (by the same Python): files in
the order of their names, one date, one set of permissions, dependencies pinned by their hashes. boto3
is left to the runtime: it is thirty times larger than everything else together, the runtime has it
compiled, and AWS keeps it patched. For Lambda, docstrings and comments are left out.
"""

import hashlib
import marshal
import platform
import subprocess
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from importlib.resources import files
from importlib.util import MAGIC_NUMBER, source_hash
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, get_args

from cloudformation.lean_source import lean
from models.errors import FlowtallyError, UsageError
from models.flow_csv.row_counters.native_row_counter import library_path

Architecture = Literal["arm64", "x86_64"]

RUNTIME_PYTHON = "3.13"  # of the Lambda runtime that the template names

_THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
_ROOMS = ("handlers", "models")
_MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}  # as wheels and libraries spell them
_GLIBC = ("manylinux_2_28", "manylinux_2_17", "manylinux2014")  # what Amazon Linux 2023 can load
_SOURCES = (".py", ".service", ".target", ".timer", ".conf")
_DEVELOPMENT = {"build_native.py"}  # what only those run who change the program
_DATE = (1980, 1, 1, 0, 0, 0)  # the first that a zip can say
_NOT_RUN = (".pyi", "py.typed", "/RECORD", "/WHEEL", "/METADATA", "/top_level.txt", ".cyclonedx.json")


@dataclass(frozen=True)
class Target:
    """What a package is made to run on.

    Args:
        architecture: of the processor, as Lambda spells it.
        python: the version of the interpreter, `3.13`.
    """

    architecture: Architecture = "arm64"
    python: str = RUNTIME_PYTHON

    @classmethod
    def here(cls) -> "Target":
        """This computer and this interpreter.

        Raises:
            UsageError: Lambda knows no such processor.
        """
        machine = {"aarch64": "arm64", "amd64": "x86_64"}.get(
            platform.machine().lower(), platform.machine().lower()
        )
        if sys.platform != "linux" or machine not in get_args(Architecture):
            raise UsageError(
                f"Lambda runs on Linux for {' and '.join(get_args(Architecture))}; this is "
                f"{sys.platform} on {machine}",
                remedy="Run it in a Linux container",
            )
        return cls(machine, _THIS_PYTHON)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Package:
    """A zip, and the name that its content gives it: functions and machines take it by its digest."""

    content: bytes

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hex."""
        return hashlib.sha256(self.content).hexdigest()

    @property
    def key(self) -> str:
        """Where it lies in the bucket: another content has another key, so that functions are renewed."""
        return f"code/{self.digest}.zip"


def build_package(target: Target) -> Package:
    """Builds the package for a target.

    Raises:
        FlowtallyError: the dependencies could not be fetched; the message has pip's reason.
    """
    with TemporaryDirectory(prefix="flowtally-") as folder:
        fetch_wheels(requirements("requirements.txt"), target, Path(folder))
        entries = dict(_sources(_ROOMS, [_MACHINES[target.architecture]]))
        for wheel in sorted(Path(folder).glob("*.whl")):
            entries |= _wheel_files(wheel)
        entries |= {name: lean(source) for name, source in entries.items() if name.endswith(".py")}
        if target.python == _THIS_PYTHON:
            entries |= dict(_compiled(entries))
        archive = Path(folder) / "package.zip"
        _write(archive, entries)
        return Package(archive.read_bytes())


def build_vm_package(target: Target = Target()) -> Package:
    """Builds what a VM installs the daemon from: its wheel, and the wheels that it depends on.

    Args:
        target: what the VM is, by default what the template starts.

    Raises:
        FlowtallyError: the dependencies could not be fetched; the message has pip's reason.
    """
    pinned, version = requirements("requirements-vm.txt"), metadata.version("flowtally")
    with TemporaryDirectory(prefix="flowtally-") as folder:
        fetch_wheels(pinned, target, Path(folder))
        entries = {f"wheelhouse/{wheel.name}": wheel.read_bytes() for wheel in Path(folder).glob("*.whl")}
        entries["requirements/runtime.txt"] = pinned.encode()
        entries["install.sh"] = (files("vm_daemon") / "install.sh").read_bytes()
        wheel = Path(folder) / f"flowtally-{version}-py3-none-any.whl"
        _write(wheel, dict(_daemon_wheel(version)))
        entries[wheel.name] = wheel.read_bytes()
        archive = Path(folder) / "package.zip"
        _write(archive, entries)
        return Package(archive.read_bytes())


def _daemon_wheel(version: str) -> Iterator[tuple[str, bytes]]:
    """The files of a wheel, as the specification of binary distributions wants them."""
    record = []
    info = f"flowtally-{version}.dist-info"
    described = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: flowtally\nVersion: {version}\n".encode(),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": b"[console_scripts]\nflowtally-daemon = vm_daemon.cli:main\n",
    }
    for name, content in sorted(
        {**dict(_sources((*_ROOMS, "vm_daemon"), [*_MACHINES.values()])), **described}.items()
    ):
        digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        record.append(f"{name},sha256={digest},{len(content)}\n")
        yield name, content
    yield f"{info}/RECORD", "".join([*record, f"{info}/RECORD,,\n"]).encode()


def requirements(name: str) -> str:
    """The dependencies of a package, pinned with their hashes."""
    return (files("cloudformation") / name).read_text()


def fetch_wheels(pinned: str, target: Target, folder: Path) -> None:
    """Downloads wheels for a target, which may be another than this computer.

    Args:
        pinned: lines of a requirements file, with hashes.
        target: what the wheels are to run on.
        folder: where to put them.

    Raises:
        FlowtallyError: pip is not there, or could not do it.
    """
    listed = folder / "requirements.txt"
    listed.write_text(pinned)
    machine = _MACHINES[target.architecture]
    command = [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
        *("--require-hashes", "--only-binary=:all:", "--no-deps", "--python-version", target.python),
        *(f"--platform={glibc}_{machine}" for glibc in _GLIBC),
        *("--dest", str(folder), "--requirement", str(listed)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own
    if done.returncode:
        reason = next((line for line in done.stderr.splitlines() if line.startswith("ERROR")), done.stderr)
        raise FlowtallyError(
            f"the dependencies of the Lambda package could not be fetched: {reason.strip()}",
            remedy="pip must be installed beside flowtally, and its package index within reach",
        )


def _sources(rooms: Iterable[str], machines: Collection[str]) -> Iterator[tuple[str, bytes]]:
    """The program, with its libraries for some kinds of machine."""
    libraries = {Path(library_path(machine)).name for machine in machines}
    for room in rooms:
        root = Path(str(files(room)))
        for path in root.rglob("*"):
            is_source = path.suffix in _SOURCES and path.name not in _DEVELOPMENT
            if is_source or path.name in libraries:
                yield f"{room}/{path.relative_to(root).as_posix()}", path.read_bytes()


def _wheel_files(wheel: Path) -> Iterator[tuple[str, bytes]]:
    """What of a wheel is needed to run it, and its licences."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if not name.endswith(("/", *_NOT_RUN)):
                yield name, archive.read(name)


def _compiled(entries: Mapping[str, bytes]) -> Iterator[tuple[str, bytes]]:
    """Compiled modules, where this Python is the one that will run them: a third less to do at a start.

    Lambda cannot keep what it compiles. They name no path and no time, and hold no references, which
    would differ from one run to the next; the hash of the source is in them but not looked at.
    """
    for name, source in entries.items():
        if name.endswith(".py"):
            folder, _, module = name.rpartition("/")
            code = marshal.dumps(compile(source, name, "exec", dont_inherit=True, optimize=0), 2)
            head = MAGIC_NUMBER + (1).to_bytes(4, "little") + source_hash(source)
            yield f"{folder}/__pycache__/{module[:-3]}.{sys.implementation.cache_tag}.pyc", head + code


def _write(path: Path, entries: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(entries):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3  # Unix, so that the permissions below are meant
            entry.external_attr = (0o755 if name.endswith(".so") else 0o644) << 16
            packed = name.endswith(".whl")  # already
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            archive.writestr(entry, entries[name])


def main() -> None:
    """Builds the packages of all architectures into `build/`, and prints their sizes and digests."""
    folder = Path("build")
    folder.mkdir(exist_ok=True)
    packages = {f"lambda-{machine}": build_package(Target(machine)) for machine in get_args(Architecture)}
    for name, package in {**packages, "vm": build_vm_package()}.items():
        path = folder / f"flowtally-{name}.zip"
        path.write_bytes(package.content)
        print(f"{path}: {len(package.content):,} bytes, SHA-256 {package.digest}")  # noqa: T201


if __name__ == "__main__":
    main()
