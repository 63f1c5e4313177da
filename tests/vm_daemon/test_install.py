"""The installation script, as far as it can be tried without a machine: `make test-systemd` does the rest."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.project import ROOT

UNITS = ROOT / "vm_daemon" / "systemd"


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "vm_daemon" / "install.sh"
    return subprocess.run(["sh", str(script), *arguments], capture_output=True, text=True, check=False)


def test_it_tells_its_usage() -> None:
    """Every option that the script takes is in its help."""
    told = install("--help")
    assert told.returncode == 0
    for option in ("--from", "--environment", "--stages", "--workers", "--remove"):
        assert option in told.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--what"], "what is --what?"),
        (["--workers"], "--workers needs a value"),
        (["--from", "/no/such"], "--from /no/such: no such folder"),
    ],
)
def test_wrong_options_change_nothing(arguments: list[str], reason: str) -> None:
    """They end it with status 2 and a line that says what is wrong."""
    refused = install(*arguments)
    assert refused.returncode == 2
    assert reason in refused.stderr


# What the script calls, played: as much of it as an installation needs.
_CALLED = {
    "id": "echo 0",
    "nproc": "echo 4",
    "groupadd": "",
    "chgrp": 'echo "$*" >>"$PIP.groups"',
    "python3.13": """
        test "$1" = -m || exit 0  # it will do
        mkdir -p "$3/bin" "$3/lib/python3.13/site-packages/vm_daemon"
        cp -R "$SYSTEMD" "$3/lib/python3.13/site-packages/vm_daemon/"
        cp "$PIP" "$3/bin/pip"
    """,
    "played-pip": """
        echo "$*" >>"$PIP.calls"
        case " $* " in *" wheel "*) touch "$(dirname "$0")/../flowtally-0-py3-none-any.whl" ;; esac
    """,
    "systemctl": """
        test "$1" = enable || exit 0
        mkdir -p "$ENABLED"
        for unit in $(echo "$*" | tr ' ' '\\n' | grep flowtally-); do ln -s "../$unit" "$ENABLED"; done
    """,
}


class Machine:
    """A folder that the script takes for a machine: its places are moved there, what it calls is played."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._enabled = root / "etc/systemd/system/flowtally.target.wants"
        for place in ("bin", "run/systemd/system", "etc/systemd/system"):
            (root / place).mkdir(parents=True)
        for name, does in _CALLED.items():
            (root / "bin" / name).write_text(f"#!/bin/sh\n{does}")
            (root / "bin" / name).chmod(0o755)
        self._script = (ROOT / "vm_daemon" / "install.sh").read_text()
        for place in ("/opt/flowtally", "/etc/flowtally", "/etc/systemd/system", "/run/systemd/system"):
            assert place in self._script
            self._script = self._script.replace(place, f"{root}{place}")
        self._environment = {
            "PATH": f"{root}/bin:{os.environ['PATH']}",
            "SYSTEMD": str(UNITS),
            "PIP": f"{root}/bin/played-pip",
            "ENABLED": str(self._enabled),
        }

    def install(self, *options: str, umask: int = -1) -> set[str]:
        """Runs the script, and gives the units that the target starts then."""
        command = ["sh", "-s", "--", "--from", str(ROOT), *options]
        subprocess.run(command, input=self._script, env=self._environment, text=True, check=True, umask=umask)
        return {link.name for link in self._enabled.iterdir()}


CONSOLIDATING = {"flowtally-consolidate.service", "flowtally-verify.timer"}


def counting(workers: int) -> set[str]:
    return {f"flowtally-summarize@{number + 1}.service" for number in range(workers)}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A new machine."""
    return Machine(tmp_path)


@pytest.mark.parametrize(
    ("options", "role"),
    [
        ([], CONSOLIDATING | counting(4)),
        (["--workers", "2"], CONSOLIDATING | counting(2)),
        (["--stages", "summarize", "--workers", "1"], counting(1)),
        (["--stages", "consolidate"], CONSOLIDATING),
    ],
)
def test_an_upgrade_keeps_what_a_machine_does(machine: Machine, options: list[str], role: set[str]) -> None:
    """Run again without options, the script leaves stages and workers as they were installed."""
    assert machine.install(*options) == role
    assert machine.install() == role


@pytest.mark.parametrize(
    ("before", "options", "role"),
    [
        (["--stages", "summarize", "--workers", "1"], ["--workers", "3"], counting(3)),
        (["--workers", "2"], ["--stages", "consolidate"], CONSOLIDATING),
        (["--workers", "2"], ["--stages", "summarize"], counting(2)),
        (["--stages", "consolidate"], ["--stages", "summarize"], counting(4)),
    ],
)
def test_an_upgrade_changes_what_its_options_say(
    machine: Machine, before: list[str], options: list[str], role: set[str]
) -> None:
    """An option goes before what is installed; what no option says stays."""
    machine.install(*before)
    assert machine.install(*options) == role


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_umask_of_whoever_installs_does_not_matter(machine: Machine, umask: int) -> None:
    """What is installed can be read by the services and changed by its owner alone."""
    machine.install(umask=umask)
    installed = [path for place in ("opt", "etc/systemd") for path in (machine.root / place).rglob("*")]
    assert installed
    modes = {path: path.stat().st_mode for path in installed if not path.is_symlink()}
    assert [path for path, mode in modes.items() if mode & 0o022] == []
    assert [path for path, mode in modes.items() if not mode & 0o004] == []


def test_settings_are_for_root_and_the_services(machine: Machine) -> None:
    """Nobody else can enter their folder, however files in it are written; an upgrade closes an open one."""
    settings = machine.root / "etc/flowtally"
    settings.mkdir(mode=0o755)
    (settings / "flowtally.env").write_text("FLOWTALLY_LAYOUT=2\n")
    machine.install()
    assert settings.stat().st_mode & 0o777 == 0o750
    assert (machine.root / "bin/played-pip.groups").read_text() == f"flowtally {settings}\n"
    assert "Group=flowtally" in (UNITS / "flowtally-.service.d/common.conf").read_text().splitlines()


def test_every_package_is_pinned_by_its_hash(machine: Machine) -> None:
    """Nothing comes from an index but by its hash, what a clone is built with included."""
    machine.install()
    calls = (machine.root / "bin/played-pip.calls").read_text().splitlines()
    assert len(calls) == 5
    for call in calls:
        assert "--require-hashes" in call or "--no-index" in call or "uninstall" in call
    (built,) = [call for call in calls if " wheel " in call]
    assert "--no-build-isolation" in built
    for pinned in ("build", "runtime"):
        assert any(call.endswith(f"-r {ROOT}/requirements/{pinned}.txt") for call in calls)


@pytest.mark.parametrize("bound", ["MemoryMax=1G", "LimitCORE=0"])
def test_a_process_is_bounded(bound: str) -> None:
    """None takes the memory of the others, and none leaves its own behind on the disk."""
    assert bound in (UNITS / "flowtally-.service.d/common.conf").read_text().splitlines()


def test_the_program_is_where_the_units_look_for_it() -> None:
    """Script and units name the same places."""
    script = (ROOT / "vm_daemon" / "install.sh").read_text()
    units = "".join(path.read_text() for path in UNITS.rglob("*") if path.is_file())
    assert "PREFIX=/opt/flowtally" in script
    assert units.count("ExecStart=/opt/flowtally/current/bin/flowtally-daemon") == 3
    assert "SETTINGS=/etc/flowtally" in script
    assert "EnvironmentFile=/etc/flowtally/flowtally.env" in units
