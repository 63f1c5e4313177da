"""What is done to the daemon in the container, step by step, and what must hold then."""

import datetime
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.deploy import deploy_leases, deploy_storage
from cloudformation.package import Package
from models.deployment import Deployment
from models.storage.aws_clients import client
from perf.data.generate import generate_day
from perf.data.oracle import daily_totals_by_duckdb, merged, statistics_of
from tests.helpers.deployed import is_at_rest, keys, stored_days, stored_statistics, upload
from tests.helpers.packages import planted
from tests.helpers.waiting import eventually
from tests.systemd.container import Container
from tests.systemd.launch import launch, take_python_away

WORKERS = len(os.sched_getaffinity(0))
UNITS = [
    "flowtally-consolidate.service",
    *(f"flowtally-summarize@{number + 1}.service" for number in range(WORKERS)),
]
VERIFY = "flowtally-verify.service"
WATCHDOG = 30  # seconds, instead of three minutes; an idle queue gives a sign of life every 20 s
EXPOSURE = 1.1


class Steps:
    """The daemon in a container, the engine on the host, and what must hold, step by step."""

    def __init__(self, container: Container, engine: EmbeddedEngine, package: Package, scratch: Path) -> None:
        self.container = container
        self.engine = engine
        self.package = package
        self.files = []
        for number in range(4):
            day = datetime.date(2022, 12, 7) + datetime.timedelta(number)
            self.files.append(scratch / f"data-{day:%Y%m%d}.csv")
            chunks = generate_day(day, seed=number, rows=4000, pairs=300)
            self.files[-1].write_bytes(b"".join(chunks))
        cloudformation = client("cloudformation")
        deploy_storage(cloudformation, "flowtally")
        self.deployment = Deployment.from_stack(cloudformation, "flowtally")
        self.settings = {"AWS_REGION": os.environ["AWS_REGION"], **self.deployment.to_environment()}
        self.settings["FLOWTALLY_LEASES"] = deploy_leases(cloudformation, "flowtally")
        self.settings["FLOWTALLY_VISIBILITY"] = "11"
        client("s3").put_object(Bucket=self.deployment.bucket, Key=package.key, Body=package.content)

    def all(self) -> list[Callable[[], None]]:
        """What is done, in order."""
        return [
            self.installs,
            self.verifies,
            self.is_confined,
            self.tells_how_it_does,
            self.processes_exactly,
            self.logs_with_priorities,
            self.verifies_every_week,
            self.keeps_settings_to_itself,
            self.takes_new_settings,
            self.restarts_after_kill,
            self.is_killed_by_the_watchdog,
            self.drains_on_stop,
            self.refuses_wrong_settings,
            self.survives_a_configuration_error,
            self.upgrades,
            self.keeps_its_role,
            self.uninstalls,
            self.runs_nothing_but_what_was_deployed,
            self.reports_that_it_cannot_work,
        ]

    def installs(self) -> None:
        """the user data of the template installs it, and the stack is complete when all units are ready"""
        sooner = f"[Service]\nWatchdogSec={WATCHDOG}\nEnvironment=FLOWTALLY_VISIBILITY=10\n"
        self.container.write("/etc/systemd/system/flowtally-.service.d/test.conf", sooner)
        take_python_away(self.container)
        outcome, said = self.launch()
        assert outcome == "CREATE_COMPLETE", said
        assert self.container.run("readlink", "/opt/flowtally/current/bin/python") == "python3.13"
        states = {unit: self.show(unit, "ActiveState") for unit in UNITS[:2]}
        assert set(states.values()) == {"active"}, states

    def launch(self, **parameters: str) -> tuple[str, str]:
        return launch(
            self.container, self.engine.endpoint_url, {"CodeDigest": self.package.digest} | parameters
        )

    def verifies(self) -> None:
        """systemd-analyze verify has nothing to say"""
        assert (
            self.container.run(
                "systemd-analyze", "verify", "flowtally.target", "flowtally-verify.timer", *UNITS
            )
            == ""
        )

    def is_confined(self) -> None:
        """the exposure of each unit is at most 1.1, its memory is bounded, and it leaves no core dumps"""
        threshold = f"--threshold={EXPOSURE * 10:.0f}"
        for unit in (*UNITS[:2], VERIFY):
            self.container.run("systemd-analyze", "security", "--offline=yes", "--no-pager", threshold, unit)
            assert self.show(unit, "MemoryMax") == str(1 << 30)
            assert self.show(unit, "LimitCORE") == "0"

    def tells_how_it_does(self) -> None:
        """all processes are ready and show their lag"""
        eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))
        for unit in UNITS:
            assert "lag" in self.show(unit, "StatusText"), self.show(unit, "StatusText")

    def processes_exactly(self) -> None:
        """two days are counted and consolidated exactly as DuckDB does"""
        self.upload(0, 1)
        self.assert_tables_hold(2)

    def logs_with_priorities(self) -> None:
        """the journal has JSON with priorities, and the file concerned"""
        entries = self.container.journal("flowtally-summarize@*")
        counted = [entry for entry in entries if entry["event"] == "file counted"]
        assert len(counted) == 2
        assert all(entry["file"].startswith("incoming/") for entry in counted)
        assert all(entry["priority"] == "6" for entry in counted)

    def verifies_every_week(self) -> None:
        """what the timer starts every week repairs damaged statistics, and ends"""
        assert self.show("flowtally-verify.timer", "ActiveState") == "active"
        source, destination = next(iter(stored_statistics(self.deployment)))
        client("dynamodb").delete_item(
            TableName=self.deployment.pair_statistics, Key={"src": {"S": source}, "dst": {"S": destination}}
        )
        self.container.run("systemctl", "start", VERIFY)
        self.assert_tables_hold(2)
        eventually(lambda: self.show(VERIFY, "ActiveState") == "inactive")
        assert self.show(VERIFY, "Result") == "success"

    def keeps_settings_to_itself(self) -> None:
        """others with an account on the machine cannot read the settings, with the key that names files"""
        read = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "cat")
        said = self.container.run(*read, "/etc/flowtally/flowtally.env", check=False)
        assert said.endswith("Permission denied"), said
        for unit in UNITS:
            said = self.container.run(*read, f"/proc/{self.show(unit, 'MainPID')}/environ", check=False)
            assert said.endswith("Permission denied"), said

    def takes_new_settings(self) -> None:
        """systemctl reload takes new settings, in the same processes"""
        before = {unit: self.show(unit, "MainPID") for unit in UNITS}
        self.write_settings(self.settings)
        self.container.run("systemctl", "reload", *UNITS)
        for unit, pid in before.items():
            eventually(partial(self.has_visibility, pid, 11))
            eventually(partial(self.is_active, unit))
            assert self.show(unit, "MainPID") == pid

    def restarts_after_kill(self) -> None:
        """killed with -9 in the middle of a file, it starts again, and the tables are exact"""
        before = [self.show(unit, "MainPID") for unit in UNITS]
        counted = len(stored_days(self.deployment))
        self.upload(2)
        eventually(lambda: len(stored_days(self.deployment)) > counted)
        self.container.run("systemctl", "kill", "--signal=KILL", *UNITS)
        eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))
        assert not set(before) & {self.show(unit, "MainPID") for unit in UNITS}
        self.assert_tables_hold(3)
        assert self.container.run("find", "/run", "-path", "*/in-hand/*") == ""

    def is_killed_by_the_watchdog(self) -> None:
        """stopped with SIGSTOP, it is killed by the watchdog and starts again"""
        stopped = [self.show(unit, "MainPID") for unit in UNITS[:2]]
        self.container.run("systemctl", "kill", "--signal=STOP", *UNITS[:2])
        eventually(lambda: all(self.show(unit, "MainPID") not in (*stopped, "0") for unit in UNITS[:2]))
        said = self.container.run("journalctl", "--no-pager", "_PID=1", "--unit=flowtally-*")
        assert said.count("Watchdog timeout") >= 2, said
        eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))

    def drains_on_stop(self) -> None:
        """systemctl stop lets the file in hand be finished"""
        counted = len(stored_days(self.deployment))
        self.upload(3)
        eventually(lambda: len(stored_days(self.deployment)) > counted)
        self.container.run("systemctl", "stop", "flowtally.target")
        eventually(lambda: all(self.show(unit, "ActiveState") == "inactive" for unit in UNITS))
        assert {self.show(unit, "Result") for unit in UNITS} == {"success"}
        assert not keys(self.deployment, "incoming/")
        assert stored_days(self.deployment) == merged(map(daily_totals_by_duckdb, self.files))
        self.container.run("systemctl", "start", "flowtally.target")
        self.assert_tables_hold(4)

    def refuses_wrong_settings(self) -> None:
        """systemctl reload with wrong settings changes nothing, and the journal says why"""
        pid = self.show(UNITS[0], "MainPID")
        self.write_settings(self.settings | {"FLOWTALLY_QUEUE_URL": ""})
        self.container.run("systemctl", "reload", UNITS[0])
        eventually(lambda: self.said(UNITS[0], "3", "settings not taken"))
        assert self.said(UNITS[0], "3", "FLOWTALLY_QUEUE_URL not set")
        assert self.show(UNITS[0], "MainPID") == pid

    def survives_a_configuration_error(self) -> None:
        """started with wrong settings, it says so, tries later each time, and works when they are right"""
        before = len(self.waits(UNITS[1]))
        self.container.run("systemctl", "restart", "--no-block", UNITS[1])
        # By hand, so without a delay at first, though there were failures before.
        eventually(lambda: self.waits(UNITS[1])[before:] == [2, 4])
        assert self.said(UNITS[1], "2", "FLOWTALLY_QUEUE_URL not set")
        self.write_settings(self.settings)
        eventually(lambda: self.show(UNITS[1], "ActiveState") == "active")

    def upgrades(self) -> None:
        """the script run again replaces it, and keeps the settings"""
        before = self.container.run("readlink", "/opt/flowtally/current")
        self.install()
        assert self.container.run("readlink", "/opt/flowtally/current") != before
        eventually(lambda: all(self.show(unit, "ActiveState") == "active" for unit in UNITS))
        self.assert_tables_hold(4)

    def keeps_its_role(self) -> None:
        """options change what the machine does, and an upgrade without them leaves that as it is"""
        counts = UNITS[1]
        self.install("--stages", "summarize", "--workers", "1")
        self.install()
        assert self.container.run("ls", "/etc/systemd/system/flowtally.target.wants") == counts
        eventually(lambda: self.show(counts, "ActiveState") == "active")
        others = [unit for unit in UNITS if unit != counts]
        assert {self.show(unit, "ActiveState") for unit in others} == {"inactive"}

    def install(self, *options: str) -> None:
        """Runs the script, from the package that is unpacked in the container."""
        self.container.run("sh", "/srv/flowtally/install.sh", "--from", "/srv/flowtally", *options)

    def uninstalls(self) -> None:
        """the script removes it, and nothing is left"""
        self.container.run("rm", "/etc/systemd/system/flowtally-.service.d/test.conf")
        self.container.run("sh", "/srv/flowtally/install.sh", "--remove")
        left = self.container.run("find", "/", "-xdev", "-not", "-path", "/srv/*", "-iname", "*flowtally*")
        assert left == "", left
        assert self.container.run("systemctl", "list-units", "--all", "--no-legend", "flowtally*") == ""
        assert "flowtally" not in self.container.run("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        assert "flowtally" not in self.container.run("getent", "group")

    def runs_nothing_but_what_was_deployed(self) -> None:
        """of a package that is not the one that was deployed nothing runs, and the stack fails"""
        place = {"Bucket": self.deployment.bucket, "Key": self.package.key}
        client("s3").put_object(**place, Body=planted("install.sh", "touch /srv-planted"))
        outcome, said = self.launch()
        client("s3").put_object(**place, Body=self.package.content)
        assert outcome in ("CREATE_FAILED", "ROLLBACK_COMPLETE"), (outcome, said)
        assert "is not what was deployed" in said
        assert (
            self.container.run("find", "/srv-planted", "/tmp/flowtally", check=False).count("No such file")
            == 2
        )

    def reports_that_it_cannot_work(self) -> None:
        """with a wrong setting, the user data reports a failure, and the stack fails"""
        outcome, said = self.launch(Leases="")
        assert outcome in ("CREATE_FAILED", "ROLLBACK_COMPLETE"), (outcome, said)
        assert self.said(UNITS[0], "2", "FLOWTALLY_LEASES not set")

    def write_settings(self, settings: dict[str, str]) -> None:
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        self.container.write("/etc/flowtally/flowtally.env", lines)

    def upload(self, *numbers: int) -> None:
        for number in numbers:
            file = self.files[number]
            upload(self.deployment, f"incoming/paris/{file.name}", file.read_bytes())

    def assert_tables_hold(self, files: int) -> None:
        expected = merged(map(daily_totals_by_duckdb, self.files[:files]))
        eventually(lambda: is_at_rest(self.deployment) and stored_days(self.deployment) == expected)
        assert stored_statistics(self.deployment) == statistics_of(expected)

    def show(self, unit: str, what: str) -> str:
        return self.container.run("systemctl", "show", "--value", f"--property={what}", unit)

    def has_visibility(self, pid: str, seconds: int) -> bool:
        return f"FLOWTALLY_VISIBILITY={seconds}" in self.environment_of(pid)

    def is_active(self, unit: str) -> bool:
        return self.show(unit, "ActiveState") == "active"

    def environment_of(self, pid: str) -> str:
        return self.container.run("sh", "-c", f"tr '\\0' '\\n' < /proc/{pid}/environ", check=False)

    def waits(self, unit: str) -> list[object]:
        """The delays before starts, so far."""
        entries = self.container.journal(unit)
        return [entry["seconds"] for entry in entries if entry["event"] == "failed before, waiting"]

    def said(self, unit: str, priority: str, text: str) -> bool:
        entries = [entry for entry in self.container.journal(unit) if entry["priority"] == priority]
        return any(text in entry["event"] or text in entry.get("reason", "") for entry in entries)
