"""What needs somebody: `flowtally status --check` tells monitors, `flowtally watch` people."""

import json
import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clients.queries.branches import BranchFiles, days_in_spans, spans_text
from clients.queries.file_report import FileReport, RecentFiles, SetAside
from clients.queries.problems import Limits, problems_of, problems_of_branch
from clients.queries.stored import ObjectUse, Status, Waiting
from clients.render.stored import work_listing
from models.deployment import Deployment
from models.storage.schema import File
from tests.clients.test_status import record, record_rejected
from tests.helpers.deployed import client, upload
from tests.helpers.program import Run, done
from tests.helpers.strange_servers import page_server, silent_server
from tests.helpers.terminal import Screen, in_terminal, on_terminal
from tests.helpers.waiting import PATIENCE

NOW = 1_670_000_000
HOUR, DAY = 3600, 86_400
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_REGION": "us-east-1"}


def file(first: str, last: str, *, state: str = "counted", arrived: int = NOW) -> File:
    """A file of Paris with these days."""
    return File(
        branch="paris",
        key=f"{first}.csv",
        state=state,
        first_day=first,
        last_day=last,
        arrived_at=arrived,
        attempts=1,
        quarantined=2,
    )


def branch_with(*files: File) -> BranchFiles:
    """A branch that sent these."""
    branch = BranchFiles("paris")
    for it in files:
        branch.add(it)
    return branch


def status_with(branch: BranchFiles | None = None, *, incoming: list[float] = [], dead: int = 0) -> Status:  # noqa: B006
    """The status of a deployment in which nothing else is to be found."""
    none = RecentFiles([], 0)
    files = FileReport(Counter(), 0, none, none, none, [], [branch] if branch else [])
    objects = [ObjectUse("incoming/", [], 0, incoming), ObjectUse("rejected/", [], 0, [1.0])]
    return Status([], objects, Waiting(0, 0), Waiting(dead, 0), files)


def test_days_between_files_are_missing() -> None:
    """Files of several days, that overlap, in any order; a rejected or retracted file covers none."""
    branch = branch_with(
        file("2022-12-10", "2022-12-11"),
        file("2022-12-05", "2022-12-06"),
        file("2022-12-06", "2022-12-06"),
        file("2022-12-08", "2022-12-08", state="rejected"),
        file("2022-12-20", "2022-12-20", state="retracted"),
        file("2022-12-13", "2022-12-14"),
    )
    assert spans_text(branch.missing()) == "2022-12-07 – 2022-12-09, 2022-12-12"
    assert days_in_spans(branch.missing()) == 4
    assert (branch.first_day, branch.last_day) == ("2022-12-05", "2022-12-14")
    assert (branch.files, branch.rejected, branch.quarantined) == (6, 1, 12)
    assert spans_text(branch.missing(since="2022-12-09")) == "2022-12-09, 2022-12-12"
    assert branch.missing(since="2022-12-13") == []
    assert BranchFiles("rome").missing() == []


def test_what_is_still_in_order_is_no_problem() -> None:
    """At the limit all is well; beyond it each thing is told by its kind."""
    branch = branch_with(file("2022-12-05", "2022-12-05"))
    fine = status_with(branch, incoming=[NOW - HOUR])
    assert problems_of(fine, Limits(HOUR, DAY), NOW) == []
    assert problems_of(fine, Limits(HOUR, DAY), NOW + DAY)[0].what == "1 file waits too long, for 25.0 h"
    kinds = [problem.kind for problem in problems_of(fine, Limits(HOUR, DAY), NOW + DAY + 1)]
    assert kinds == ["waiting", "silent"]
    assert [it.kind for it in problems_of(status_with(dead=2), Limits(), NOW)] == ["dead_letters"]


@pytest.mark.parametrize(
    ("incoming", "dead", "told"),
    [
        ([2], 1, ["1 file waits too long, for 2.0 h", "1 message failed for good: `flowtally redrive`"]),
        (
            [2, 3],
            2,
            [
                "2 files wait too long, one for 3.0 h",
                "2 messages failed for good: `flowtally redrive`",
            ],
        ),
    ],
)
def test_a_problem_is_told_in_good_english(incoming: list[int], dead: int, told: list[str]) -> None:
    """One of a thing and several of it have verbs and nouns of their own."""
    found = status_with(incoming=[NOW - hours * HOUR for hours in incoming], dead=dead)
    assert [problem.what for problem in problems_of(found, Limits(), NOW)] == told


def test_work_tells_for_how_long_the_oldest_file_has_waited() -> None:
    """Of all that lie in incoming/; 0 where none does, and where the bucket's clock is ahead of this one."""
    for incoming, told in (([NOW - 90.0, NOW - 5], (2, 90)), ([], (0, 0)), ([NOW + 3.0], (1, 0))):
        work = dict(work_listing(status_with(incoming=incoming), NOW).rows)
        found = (work["files in incoming/"], work["seconds that the oldest of these has waited"])
        assert found == told


def test_files_without_a_branch_are_not_missed() -> None:
    """What lies in incoming/ itself is no branch that could go silent."""
    stray = BranchFiles("-")
    stray.add(file("2022-12-05", "2022-12-05", arrived=0))
    assert problems_of(status_with(stray), Limits(), NOW) == []


def test_a_long_list_of_days_is_cut() -> None:
    """The count is told all the same."""
    branch = branch_with(
        *(file(f"2022-{m:02}-{d:02}", f"2022-{m:02}-{d:02}") for m in range(1, 8) for d in (1, 9, 20))
    )
    (problem,) = problems_of(status_with(branch), Limits(), NOW)
    assert problem.what.startswith("180 days missing: 2022-01-02 – 2022-01-08, ")
    assert problem.what.endswith(", …")
    assert len(problem.what) < 250


def test_a_monitor_is_told_by_the_exit_status(deployment: Deployment, run: Run) -> None:
    """0 and nothing said where all is well, 3 and a line for each problem else."""
    now = int(time.time())
    record(deployment, "paris", "a.csv", first_day="2022-12-05", last_day="2022-12-05", arrived_at=now)
    assert done(run("status", "--check")) == ""
    record(deployment, "paris", "b.csv", first_day="2022-12-08", last_day="2022-12-08", arrived_at=now)
    record(deployment, "rome", "a.csv", first_day="2022-12-05", last_day="2022-12-05")
    record_rejected(deployment, "c.csv", now)
    upload(deployment, "incoming/paris/waits.csv", b"x")
    checked = run("status", "--check", "--waiting-after", "0s", "--json")
    assert (checked.returncode, checked.stderr) == (3, "")
    problems = {(it["kind"], it["where"]): it["what"] for it in json.loads(checked.stdout)["problems"]}
    assert set(problems) == {
        ("rejected", "rejected/"),
        ("waiting", "incoming/"),
        ("missing_days", "paris"),
        ("silent", "rome"),
    }
    assert problems["missing_days", "paris"] == "2 days missing: 2022-12-06 – 2022-12-07"
    lines = run("status", "--check", "--silent-after", "10000d", "--since", "2022-12-08").stdout
    assert [line.split()[0] for line in lines.splitlines()[2:] if line] == ["rejected"]


def test_status_lists_branches_with_the_days_missing(deployment: Deployment, run: Run) -> None:
    """For people on one screen, for programs with all days."""
    record(deployment, "paris", "a.csv", first_day="2022-12-05", last_day="2022-12-05")
    record(deployment, "paris", "b.csv", first_day="2022-12-08", last_day="2022-12-08")
    shown = done(run("status"))
    assert "2022-12-06 – 2022-12-07" in shown
    assert "silent" in shown
    (branch,) = json.loads(done(run("status", "--json")))["branches"]
    assert (branch["missing_days"], branch["missing"]) == (2, "2022-12-06 – 2022-12-07")
    assert datetime.fromisoformat(branch["last_arrival"]).tzinfo == UTC


def sent(key: str, state: str, arrived: int) -> File:
    """A file of Paris of no day."""
    return File(branch="paris", key=key, state=state, arrived_at=arrived, attempts=1)


@pytest.mark.parametrize(
    ("later", "is_open"),
    [
        (sent("day-0123456789abcdef.csv.gz", "counted", NOW + 1), False),
        (sent("day-0123456789abcdef.csv", "duplicate", NOW + 1), False),
        (sent("day-0123456789abcdef.csv", "counted", NOW - 1), True),  # the rejected one came after it
        (sent("day-0123456789abcdef.csv", "retracted", NOW + 1), True),
        (sent("night-0123456789abcdef.csv", "counted", NOW + 1), True),
        (sent("day-more-0123456789abcdef.csv", "counted", NOW + 1), True),
    ],
)
def test_a_rejected_file_is_replaced_by_one_of_its_name(later: File, is_open: bool) -> None:
    """Where rejected/ may not be seen, that is how a file is dealt with: sent again, and counted."""
    rejected = sent("day-ffffffffffffffff.csv", "rejected", NOW)
    kinds = [it.kind for it in problems_of_branch([rejected, later], None, Limits(), NOW + 2)]
    assert kinds == ["rejected"] * is_open


def test_a_rejected_file_needs_somebody_while_it_lies_there() -> None:
    """Where rejected/ may be seen, that alone counts, as without --branch; --since leaves old ones alone."""
    files = [sent("day.csv", "rejected", NOW), sent("night.csv", "rejected", NOW)]
    there = SetAside(["rejected/0a1b/paris/day.csv", "rejected/0a1b/rome/night.csv"])
    (problem,) = problems_of_branch(files, there, Limits(), NOW)
    assert problem == ("rejected", "paris", "1 rejected file, until corrected or deleted")
    (problem,) = problems_of_branch(files, None, Limits(), NOW)
    assert problem == ("rejected", "paris", "2 rejected files, until one of the same name is counted")
    assert problems_of_branch(files, SetAside([]), Limits(), NOW) == []
    day = datetime.fromtimestamp(NOW, UTC).date()
    assert problems_of_branch(files, there, Limits(since=f"{day}"), NOW) != []
    assert problems_of_branch(files, there, Limits(since=f"{day + timedelta(1)}"), NOW) == []


def test_a_monitor_of_one_branch_is_told_of_no_other(deployment: Deployment, run: Run) -> None:
    """Files that wait, days missing and silence of the branch alone; JSON as without --branch."""
    now = int(time.time())
    record(deployment, "paris", "a.csv", first_day="2022-12-05", last_day="2022-12-05", arrived_at=now)
    record(deployment, "rome", "a.csv", first_day="2022-12-05", last_day="2022-12-05")
    record_rejected(deployment, "c.csv", now)  # of Paris
    upload(deployment, "incoming/rome/waits.csv", b"x")
    checked = run("status", "--branch", "rome", "--check", "--waiting-after", "0s", "--json")
    assert (checked.returncode, checked.stderr) == (3, "")
    problems = json.loads(checked.stdout)["problems"]
    assert [(it["kind"], it["where"]) for it in problems] == [("waiting", "rome")]
    client("s3").delete_object(Bucket=deployment.bucket, Key="incoming/rome/waits.csv")
    line = run("status", "--branch", "rome", "--check").stdout.splitlines()[2]
    assert line.split()[:5] == ["silent", "rome", "no", "file", "for"]
    assert done(run("status", "--branch", "rome", "--check", "--silent-after", "10000d")) == ""
    assert run("status", "--branch", "paris", "--check").returncode == 3
    unknown = run("status", "--branch", "lyon", "--check")
    assert (unknown.returncode, "There are files of" in unknown.stderr) == (1, True)


@pytest.mark.parametrize("columns", [80, 140])
def test_watch_is_live_and_leaves_the_terminal_as_it_was(
    deployment: Deployment, tmp_path: Path, columns: int
) -> None:
    """What changes is seen; it has a screen of its own, and ends by Ctrl-C with status 0."""
    with in_terminal(["watch", "--every", "1s"], tmp_path, columns) as terminal:
        terminal.wait_for("dead letters")
        record(deployment, "paris", "a.csv", first_day="2022-12-05", last_day="2022-12-05")
        terminal.wait_for("no file for")
        terminal.interrupt()
        screen = terminal.finish()
    assert screen.status == 0
    assert "Traceback" not in screen.raw
    assert screen.raw.index("\x1b[?1049h") < screen.raw.index("dead letters")
    assert screen.raw.rstrip().endswith(("\x1b[?25h", "\x1b[?1049l"))
    after = screen.raw.rpartition("\x1b[?1049l")[2]
    assert "paris" not in after
    shown = screen.raw.replace("^C", "")  # what the terminal shows of the key
    lines = re.split(r"\n|\x1b\[H", shown)  # each picture begins at the top again
    assert max(len(Screen(0, line).text) for line in lines) <= columns


def test_watch_goes_on_when_the_engine_fails(tmp_path: Path) -> None:
    """What is wrong is shown, and Ctrl-C still ends it; without a terminal there is nothing to watch."""
    lost = {**CREDENTIALS, "AWS_ENDPOINT_URL": "http://127.0.0.1:9"}
    with in_terminal(["watch"], tmp_path, 80, **lost) as terminal:
        terminal.wait_for("Could not connect")
        terminal.interrupt()
        screen = terminal.finish()
    assert (screen.status, "Traceback" in screen.raw) == (0, False)


def test_watch_tells_what_is_not_aws_and_what_does_not_answer(tmp_path: Path) -> None:
    """A proxy's page, a server in trouble and silence are shown or waited for; Ctrl-C ends it each time."""
    for status, said in ((200, "something else than AWS answered"), (503, "AWS is busy")):
        with (
            page_server(status) as address,
            in_terminal(["watch"], tmp_path, 140, **CREDENTIALS, AWS_ENDPOINT_URL=address) as terminal,
        ):
            terminal.wait_for(said)
            terminal.interrupt()
            assert terminal.finish().status == 0
    with (
        silent_server() as (address, came),
        in_terminal(["watch"], tmp_path, 80, **CREDENTIALS, AWS_ENDPOINT_URL=address) as terminal,
    ):
        assert came.wait(PATIENCE)
        terminal.interrupt()
        screen = terminal.finish()
    assert (screen.status, "Traceback" in screen.raw) == (0, False)


def test_watch_needs_a_terminal(run: Run) -> None:
    """Elsewhere it says what to use."""
    refused = run("watch", **CREDENTIALS)
    assert (refused.returncode, "Use `flowtally status`" in refused.stderr) == (2, True)


@pytest.mark.usefixtures("place")
def test_watch_of_nothing_ends_at_once(tmp_path: Path) -> None:
    """A stack that is not there is an error, and the terminal is as it was."""
    screen = on_terminal("watch", "--stack", "other", directory=tmp_path)
    assert screen.status == 1
    assert "there is no stack 'other'" in screen.raw.rpartition("\x1b[?1049l")[2]
