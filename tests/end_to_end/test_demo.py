"""`flowtally demo` as its users run it: what it shows, and that it leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cloudformation.package import Target
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done
from tests.helpers.project import REAL_DATA, ROOT, needs_real_data
from tests.helpers.terminal import Screen, exported_by, in_terminal, on_terminal
from tests.helpers.waiting import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("engine_of_its_own")


@contextmanager
def demo_program(directory: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """The demo in a process group of its own, as in a terminal, its lines readable as they come."""
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "clients", "demo", *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A shell's background job ignores Ctrl-C, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no locks in it
        text=True,
    ) as program:
        try:
            yield program
        finally:  # where a test fails, nobody else ends it
            if program.poll() is None:
                os.killpg(program.pid, signal.SIGKILL)


def pictures(screen: Screen) -> list[str]:
    """All lines that stood on a screen, each picture of a bar for itself."""
    return Screen(0, screen.raw.replace("\r", "\n")).text.split("\n")


def what_it_started(program: "subprocess.Popen[str]") -> tuple[int, list[int]]:
    """The engine's port and the daemon's process ids, as the demo prints them."""
    assert program.stdout
    port = 0
    pids: list[int] = []
    while not (port and pids):
        line = program.stdout.readline()
        assert line, program.stderr and program.stderr.read()
        if engine := re.match(r"Embedded engine at http://127\.0\.0\.1:(\d+)", line):
            port = int(engine[1])
        if line.startswith("Daemon:"):
            pids = [int(pid) for pid in re.findall(r"\((\d+)\)", line)]
    return port, pids


def is_gone(port: int, pids: list[int]) -> bool:
    """Whether nothing listens on the port and no process is left."""
    with socket.socket() as probe:
        listening = probe.connect_ex(("127.0.0.1", port)) == 0
    return not listening and not any(Path(f"/proc/{pid}").exists() for pid in pids)


@needs_real_data
def test_demo_shows_everything_on_real_files(run: Run, tmp_path: Path) -> None:
    """It counts real days, verifies, shows the busiest pairs, exports one, and leaves nothing behind."""
    files = [REAL_DATA / "campus" / f"2019-11-{day}_Flow.csv.gz" for day in (13, 20, 21)]
    finished = run("demo", *files)
    assert finished.returncode == 0, finished.stderr
    for expected in (
        "3 files, 0.1 MB, given",
        "3 files sent",
        "31 rows",
        "312 rows",
        "120 rows",
        "Verified:",
    ):
        assert expected in finished.stdout
    assert re.search(r"8\.6\.0\.1 +8\.0\.6\.4 +3 ", finished.stdout)
    assert re.search(r"bucket incoming/ +0 +0 B", finished.stdout)
    assert "Report, for your browser: demo-output/report.html" in finished.stdout
    report = tmp_path / "demo-output" / "report.html"
    assert "<h1>Traffic report: given files</h1>" in report.read_text("utf-8")
    (exported,) = set((tmp_path / "demo-output").iterdir()) - {report}
    assert f"Exported: demo-output/{exported.name}" in finished.stdout
    assert exported.read_text().startswith("Src IP,Dst IP,Day,")


def test_demo_ends_with_what_stands_out_in_made_up_files(tmp_path: Path) -> None:
    """The planted scan and flood are told in sentences and stand in the report, on 80 columns."""
    screen = on_terminal("demo", directory=tmp_path, columns=80)
    assert screen.status == 0, screen.text
    assert max(map(len, pictures(screen))) <= 80
    said = " ".join(screen.text.split())
    page = (tmp_path / "demo-output" / "report.html").read_text("utf-8")
    for told in (
        "192.168.20.31 touched 57 addresses that it had never met",
        "192.168.20.24 → 45.95.168.110 had",
    ):
        assert told in said
        assert told in page


@pytest.mark.parametrize(
    ("sent", "status"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)], ids=["Ctrl-C", "killed"]
)
def test_demo_leaves_no_process_when_interrupted(tmp_path: Path, sent: signal.Signals, status: int) -> None:
    """After Ctrl-C, and even after a kill that it cannot notice, engine and daemon are gone."""
    with demo_program(tmp_path) as program:
        started = what_it_started(program)
        os.killpg(program.pid, sent)
        assert program.wait(PATIENCE) == status
        assert program.stderr
        assert "Traceback" not in program.stderr.read()
    eventually(lambda: is_gone(*started))


def pasted(program: "subprocess.Popen[str]") -> dict[str, str]:
    """The settings that a demo which keeps running prints for another terminal."""
    assert program.stdout
    lines = []
    for line in program.stdout:
        lines += [line] if line.startswith("  export AWS_") else []
        if line.startswith("  flowtally top"):
            return exported_by("".join(lines))
    raise AssertionError(program.stderr and program.stderr.read())


def test_what_is_to_be_pasted_survives_a_narrow_terminal(tmp_path: Path) -> None:
    """On 80 columns, each line as it stands there is a command, and together they lead to the engine."""
    (tmp_path / "day.csv").write_bytes(flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1500,3"))
    with in_terminal(["demo", "--keep", "day.csv"], tmp_path, 80) as terminal:
        terminal.wait_for("Runtime=python")
        terminal.interrupt()
        screen = terminal.finish()
    assert screen.status == 0
    lines = [line for line in screen.text.split("\n") if line.startswith("  ") and "=" in line]
    assert max(len(line) for line in lines if "PATH=" not in line) <= 80
    settings = exported_by("\n".join(line for line in lines if "flowtally" not in line))
    assert settings["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "no_proxy"} <= settings.keys()


def test_a_demo_that_is_kept_can_be_played_with(run: Run, tmp_path: Path) -> None:
    """The settings lead another terminal there: commands work, files are counted, and Ctrl-C ends it all.

    When the deployment is destroyed the engine stays, and what is deployed then counts.
    """
    (tmp_path / "day.csv").write_bytes(flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1500,3"))
    with demo_program(tmp_path, "--keep") as program:
        started = what_it_started(program)
        settings = pasted(program)
        assert settings["AWS_ENDPOINT_URL"].endswith(f":{started[0]}")
        for _ in range(2):
            sent = run("upload", "day.csv", "--branch", "paris", "--wait", **settings)
            assert re.search(r"^counted +day\.csv  1 row", done(sent), re.MULTILINE)
            eventually(lambda: run("verify", "10.0.0.1", "10.0.0.2", **settings).returncode == 0)
            assert "Nothing of flowtally is left" in done(run("destroy", "--yes", "--no-export", **settings))
            done(run("deploy", "--yes", *for_here(), **settings))
        os.kill(program.pid, signal.SIGINT)
        said, complained = program.communicate(timeout=PATIENCE)
        assert (program.returncode, complained) == (0, "")
        assert "The deployment was removed" in said
        assert "Everything was stopped" in said
    eventually(lambda: is_gone(*started))


def for_here() -> list[str]:
    """What makes functions run on this computer, as the demo prints it."""
    here = Target.here()
    return ["--set", f"Architecture={here.architecture}", "--set", f"Runtime=python{here.python}"]


def test_demo_tells_of_a_worker_that_died(tmp_path: Path) -> None:
    """When a process of the daemon dies, the demo says which, shows its last words, and stops the others."""
    with demo_program(tmp_path) as program:
        port, pids = what_it_started(program)
        os.kill(pids[-1], signal.SIGKILL)
        assert program.wait(PATIENCE) == 1
        assert program.stderr
        said = program.stderr.read()
        assert "flowtally-daemon consolidate: died with status -9" in said
        assert "Traceback" not in said
    eventually(lambda: is_gone(port, pids))


def test_demo_in_which_nothing_is_counted_is_a_failure(tmp_path: Path) -> None:
    """When every file is rejected, the reasons are shown, without colours if so wanted; the status is 1."""
    (tmp_path / "letter.csv").write_text("Dear all,\nregards\n")
    screen = on_terminal("demo", "letter.csv", directory=tmp_path, columns=140, NO_COLOR="1")
    assert screen.status == 1
    assert "no file was counted" in screen.text
    assert re.search(r"^rejected +letter\.csv  .+", screen.text, re.MULTILINE)
    assert max(len(line) for line in pictures(screen) if not line.startswith("Warning")) <= 140
    assert not re.search(r"\x1b\[[0-9;]*3[0-9]", screen.raw)
