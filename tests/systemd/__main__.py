"""Boots systemd in a container, installs the daemon with its script, and puts it through its paces.

    python -m tests.systemd

Prints one line for each thing that holds; the first that does not ends it, with the journal.
"""

import datetime
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from clients.engine import EmbeddedEngine
from cloudformation.leases import deploy_leases
from cloudformation.stack import deploy_stack, storage_template
from models.aws import client
from models.deployment import Deployment
from perf.generate import generate_day
from tests.oracle import daily_totals_by_duckdb
from tests.support import is_at_rest, keys, merged, statistics_of, stored_days, stored_statistics, upload
from tests.systemd.container import Container, Unfit, prepare

ROOT = Path(__file__).parent.parent.parent
CACHE = ROOT / "build" / "systemd"
UNITS = ["flowtally-consolidate.service", "flowtally-summarize@1.service", "flowtally-summarize@2.service"]
WATCHDOG = 30  # seconds, instead of three minutes; an idle queue gives a sign of life every 20 s
EXPOSURE = 1.5
PATIENCE = 120  # seconds


def main() -> None:
    """Runs everything; exit status 2 if this machine is not fit for it."""
    began = time.monotonic()
    try:
        tree = prepare(CACHE)
        done("the Debian tree is there", began)
        with TemporaryDirectory() as scratch, EmbeddedEngine() as engine:
            os.environ |= engine.environment()
            package = build_package(Path(scratch))
            done("the package is built", began)
            with Container(tree, {"/srv/flowtally": package}) as container:
                done("systemd has booted", began)
                test = Test(container, Path(scratch))
                try:
                    for step in test.steps():
                        step()
                        done((step.__doc__ or "").strip(), began)
                except BaseException:
                    click.echo(container.run("journalctl", "--no-pager", "--lines=60", check=False))
                    raise
    except Unfit as reason:
        sys.exit(f"make test-systemd {reason}")


def done(what: str, began: float) -> None:
    click.echo(f"{time.monotonic() - began:6.1f} s  {what}")


def build_package(scratch: Path) -> Path:
    """A folder from which the script installs without a network."""
    package = scratch / "package"
    shutil.copytree(ROOT / "requirements", package / "requirements")
    shutil.copy(ROOT / "vm_daemon" / "install.sh", package)
    wheelhouse, pip = CACHE / "wheelhouse", [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    platforms = [
        f"--platform={tag}_{platform.machine()}"
        for tag in ("manylinux_2_28", "manylinux_2_17", "manylinux2014")
    ]
    target = ["--python-version=3.11", "--implementation=cp", "--only-binary=:all:", *platforms]
    lock = ROOT / "requirements" / "runtime.txt"
    fetch = [
        *pip,
        "download",
        "--require-hashes",
        "--no-deps",
        f"--dest={wheelhouse}",
        *target,
        "-r",
        str(lock),
    ]
    subprocess.run(fetch, check=True)
    shutil.copytree(wheelhouse, package / "wheelhouse")
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", f"--wheel-dir={package}", str(ROOT)]
    subprocess.run(build, check=True)
    return package


class Test:
    """The daemon in a container, the engine on the host, and what must hold, step by step."""

    def __init__(self, container: Container, scratch: Path) -> None:
        self.container = container
        self.files = []
        for number in range(4):
            day = datetime.date(2022, 12, 7) + datetime.timedelta(number)
            self.files.append(scratch / f"data-{day:%Y%m%d}.csv")
            chunks = generate_day(day, seed=number, rows=4000, pairs=300)
            self.files[-1].write_bytes(b"".join(chunks))
        cloudformation = client("cloudformation")
        deploy_stack(cloudformation, "flowtally", storage_template(), {})
        self.deployment = Deployment.from_stack(cloudformation, "flowtally")
        self.settings = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        self.settings |= self.deployment.to_environment()
        self.settings["FLOWTALLY_LEASES"] = deploy_leases(cloudformation, "flowtally")
        self.settings["FLOWTALLY_VISIBILITY"] = "10"

    def steps(self) -> list[Callable[[], None]]:
        """What is done, in order."""
        return [
            self.installs,
            self.verifies,
            self.is_confined,
            self.becomes_ready,
            self.processes_exactly,
            self.logs_with_priorities,
            self.restarts_after_kill,
            self.is_killed_by_the_watchdog,
            self.drains_on_stop,
            self.takes_new_settings,
            self.refuses_wrong_settings,
            self.survives_a_configuration_error,
            self.upgrades,
            self.uninstalls,
        ]

    def installs(self) -> None:
        """the script installs it, without a network"""
        self.write_settings(self.settings)
        drop_in = f"[Service]\nWatchdogSec={WATCHDOG}\n"
        self.container.run("mkdir", "-p", "/etc/systemd/system/flowtally-.service.d")
        self.container.run("tee", "/etc/systemd/system/flowtally-.service.d/test.conf", stdin=drop_in)
        self.install()

    def install(self) -> None:
        self.container.run("sh", "/srv/flowtally/install.sh", "--from", "/srv/flowtally", "--workers", "2")

    def verifies(self) -> None:
        """systemd-analyze verify has nothing to say"""
        assert self.container.run("systemd-analyze", "verify", "flowtally.target", *UNITS) == ""

    def is_confined(self) -> None:
        """the exposure of each unit is at most 1.5"""
        threshold = f"--threshold={EXPOSURE * 10:.0f}"
        for unit in UNITS[:2]:
            self.container.run("systemd-analyze", "security", "--offline=yes", "--no-pager", threshold, unit)

    def becomes_ready(self) -> None:
        """all processes are ready and tell how they do"""
        self.eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))
        for unit in UNITS:
            assert "lag" in self.show(unit, "StatusText"), self.show(unit, "StatusText")

    def processes_exactly(self) -> None:
        """two days are counted and consolidated exactly as DuckDB does"""
        self.upload(0, 1)
        self.assert_tables_hold(2)

    def logs_with_priorities(self) -> None:
        """the journal has JSON with priorities, and the file concerned"""
        entries = self.journal("flowtally-summarize@*")
        counted = [entry for entry in entries if entry["event"] == "file counted"]
        assert len(counted) == 2
        assert all(entry["file"].startswith("incoming/") for entry in counted)
        assert all(entry["priority"] == "6" for entry in counted)

    def restarts_after_kill(self) -> None:
        """killed with -9 in the middle of a file, it starts again, and the tables are exact"""
        before = [self.show(unit, "MainPID") for unit in UNITS]
        counted = len(stored_days(self.deployment))
        self.upload(2)
        self.eventually(lambda: len(stored_days(self.deployment)) > counted)
        self.container.run("systemctl", "kill", "--signal=KILL", *UNITS)
        self.eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))
        assert not set(before) & {self.show(unit, "MainPID") for unit in UNITS}
        self.assert_tables_hold(3)

    def is_killed_by_the_watchdog(self) -> None:
        """stopped with SIGSTOP, it is killed by the watchdog and starts again"""
        stopped = [self.show(unit, "MainPID") for unit in UNITS[:2]]
        self.container.run("systemctl", "kill", "--signal=STOP", *UNITS[:2])
        self.eventually(lambda: all(self.show(unit, "MainPID") not in (*stopped, "0") for unit in UNITS[:2]))
        said = self.container.run("journalctl", "--no-pager", "_PID=1", "--unit=flowtally-*")
        assert said.count("Watchdog timeout") >= 2, said
        self.eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))

    def drains_on_stop(self) -> None:
        """systemctl stop lets the file in hand be finished"""
        counted = len(stored_days(self.deployment))
        self.upload(3)
        self.eventually(lambda: len(stored_days(self.deployment)) > counted)
        self.container.run("systemctl", "stop", "flowtally.target")
        self.eventually(lambda: all(self.show(unit, "ActiveState") == "inactive" for unit in UNITS))
        assert {self.show(unit, "Result") for unit in UNITS} == {"success"}
        assert not keys(self.deployment, "incoming/")
        assert stored_days(self.deployment) == merged(map(daily_totals_by_duckdb, self.files))
        self.container.run("systemctl", "start", "flowtally.target")
        self.assert_tables_hold(4)

    def takes_new_settings(self) -> None:
        """systemctl reload takes new settings, in the same process"""
        pid = self.show(UNITS[1], "MainPID")
        self.write_settings(self.settings | {"FLOWTALLY_VISIBILITY": "11"})
        self.container.run("systemctl", "reload", UNITS[1])
        self.eventually(lambda: "FLOWTALLY_VISIBILITY=11" in self.environment_of(pid))
        self.eventually(lambda: self.show(UNITS[1], "ActiveState") == "active")
        assert self.show(UNITS[1], "MainPID") == pid

    def refuses_wrong_settings(self) -> None:
        """systemctl reload with wrong settings changes nothing, and the journal says why"""
        pid = self.show(UNITS[0], "MainPID")
        self.write_settings(self.settings | {"FLOWTALLY_QUEUE_URL": ""})
        self.container.run("systemctl", "reload", UNITS[0])
        self.eventually(lambda: self.said(UNITS[0], "3", "settings not taken"))
        assert self.said(UNITS[0], "3", "FLOWTALLY_QUEUE_URL not set")
        assert self.show(UNITS[0], "MainPID") == pid

    def survives_a_configuration_error(self) -> None:
        """started with wrong settings, it says so, keeps trying, and works when they are right"""
        self.container.run("systemctl", "restart", "--no-block", UNITS[1])
        self.eventually(lambda: int(self.show(UNITS[1], "NRestarts")) >= 2)
        assert self.said(UNITS[1], "2", "FLOWTALLY_QUEUE_URL not set")
        self.write_settings(self.settings)
        self.eventually(lambda: self.show(UNITS[1], "ActiveState") == "active")

    def upgrades(self) -> None:
        """the script run again replaces it, and keeps the settings"""
        before = self.container.run("readlink", "/opt/flowtally/current")
        self.install()
        assert self.container.run("readlink", "/opt/flowtally/current") != before
        self.eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))
        self.assert_tables_hold(4)

    def uninstalls(self) -> None:
        """the script removes it, and nothing is left"""
        self.container.run("rm", "/etc/systemd/system/flowtally-.service.d/test.conf")
        self.container.run("sh", "/srv/flowtally/install.sh", "--remove")
        left = self.container.run("find", "/", "-xdev", "-not", "-path", "/srv/*", "-iname", "*flowtally*")
        assert left == "", left
        assert self.container.run("systemctl", "list-units", "--all", "--no-legend", "flowtally*") == ""
        assert "flowtally" not in self.container.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")

    def write_settings(self, settings: dict[str, str]) -> None:
        self.container.run("mkdir", "-p", "/etc/flowtally")
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        self.container.run("tee", "/etc/flowtally/flowtally.env", stdin=lines)

    def upload(self, *numbers: int) -> None:
        for number in numbers:
            file = self.files[number]
            upload(self.deployment, f"incoming/paris/{file.name}", file.read_bytes())

    def assert_tables_hold(self, files: int) -> None:
        expected = merged(map(daily_totals_by_duckdb, self.files[:files]))
        self.eventually(lambda: is_at_rest(self.deployment) and stored_days(self.deployment) == expected)
        assert stored_statistics(self.deployment) == statistics_of(expected)

    def show(self, unit: str, what: str) -> str:
        return self.container.run("systemctl", "show", "--value", f"--property={what}", unit)

    def environment_of(self, pid: str) -> str:
        return self.container.run("sh", "-c", f"tr '\\0' '\\n' < /proc/{pid}/environ", check=False)

    def journal(self, unit: str) -> list[dict[str, str]]:
        """What the daemon logged, with the priority that the journal has for it."""
        lines = self.container.run("journalctl", "--output=json", f"--unit={unit}").splitlines()
        entries = [json.loads(line) for line in lines]
        return [
            json.loads(entry["MESSAGE"]) | {"priority": entry["PRIORITY"]}
            for entry in entries
            if str(entry["MESSAGE"]).startswith("{")
        ]

    def said(self, unit: str, priority: str, text: str) -> bool:
        return any(text in entry["event"] and entry["priority"] == priority for entry in self.journal(unit))

    def eventually(self, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"still not so after {PATIENCE} s"
            time.sleep(0.5)


if __name__ == "__main__":
    main()
