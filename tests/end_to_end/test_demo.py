"""`flowtally demo` as its users run it: what it shows, and that it leaves nothing behind."""

import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.program import Run
from tests.helpers.project import REAL_DATA, ROOT, needs_real_data
from tests.helpers.waiting import PATIENCE, eventually

pytestmark = pytest.mark.usefixtures("engine_of_its_own")


def demo_program(directory: Path, *arguments: str) -> "subprocess.Popen[str]":
    """The demo in a process group of its own, as in a terminal, its lines readable as they come."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "clients", "demo", *arguments],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        # A shell's background job ignores Ctrl-C, and its children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # no locks in it
        text=True,
    )


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
    done = run("demo", *files)
    assert done.returncode == 0, done.stderr
    for expected in (
        "3 files, 0.1 MB, given",
        "3 files sent",
        "31 rows",
        "312 rows",
        "120 rows",
        "Verified:",
    ):
        assert expected in done.stdout
    assert re.search(r"8\.6\.0\.1 +8\.0\.6\.4 +3 ", done.stdout)
    assert re.search(r"bucket incoming/ +0 +0 B", done.stdout)
    assert "Report, for your browser: demo-output/report.html" in done.stdout
    report = tmp_path / "demo-output" / "report.html"
    assert "<h1>Traffic report: given files</h1>" in report.read_text("utf-8")
    (exported,) = set((tmp_path / "demo-output").iterdir()) - {report}
    assert f"Exported: demo-output/{exported.name}" in done.stdout
    assert exported.read_text().startswith("Src IP,Dst IP,Day,")


def test_demo_ends_with_what_stands_out_in_made_up_files(run: Run, tmp_path: Path) -> None:
    """The scan and the flood that are planted are told in sentences and stand in the report."""
    done = run("demo")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
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


def test_demo_in_which_nothing_is_counted_is_a_failure(run: Run, tmp_path: Path) -> None:
    """When every file is rejected, the reasons are shown and the exit status is 1."""
    (tmp_path / "letter.csv").write_text("Dear all,\nregards\n")
    done = run("demo", "letter.csv")
    assert done.returncode == 1
    assert "no file was counted" in done.stderr
    assert re.search(r"^rejected +letter\.csv  .+", done.stdout, re.MULTILINE)
