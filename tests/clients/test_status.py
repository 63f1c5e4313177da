"""`flowtally status`: which files need somebody, and what became of the files of a branch."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from clients.queries.file_report import RecentFiles, SetAside, files_of_branch
from clients.queries.stored import read_status
from clients.queries.twins import twins_of
from clients.terminal.account import Account
from handlers.assembly import summarizer_for
from models.deployment import Deployment
from models.errors import NotFound
from models.flow_csv.notes import Note
from models.storage.file_records import FilesTable
from models.storage.schema import File
from tests.clients.conftest import Calls
from tests.helpers.deployed import client, keys, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done
from tests.helpers.terminal import on_terminal

GOOD = flow_csv("10.0.0.1,10.0.0.2,07/12/2022 10:00:00 PM,1000,3", "10.0.0.1,10.0.0.2,08/12/2022,1,1")
ONE_WRONG_ROW = flow_csv("10.0.0.1,10.0.0.2,07/12/2022,1000,3", "10.0.0.3,10.0.0.2,08/12/2022,-1,5")
NO_ADDRESSES = b"Timestamp,Flow Duration,Tot Fwd Pkts\n07/12/2022,1,1\n"
MARCH = int(datetime(2026, 3, 1, 9, 5, 7, tzinfo=UTC).timestamp())


def process(deployment: Deployment, key: str, content: bytes) -> None:
    """Brings a file to its end as a worker does."""
    upload(deployment, key, content)
    entity = {"bucket": {"name": deployment.bucket}, "object": {"key": key}}
    summarizer_for(deployment).process(orjson.dumps({"Records": [{"s3": entity}]}).decode(), 1)


def record(deployment: Deployment, branch: str, key: str, state: str = "counted", **known: Any) -> None:
    """Records what became of a file, as a worker does when it is done."""
    file = File(branch=branch, key=key, state=state, attempts=1, **{"arrived_at": MARCH} | known)
    client("dynamodb").put_item(TableName=deployment.files, Item=file.serialize())


def record_rejected(deployment: Deployment, key: str, arrived_at: int) -> None:
    """Records a rejected file of Paris, and puts it where it lies then."""
    record(deployment, "paris", key, "rejected", reason="no CSV", arrived_at=arrived_at)
    upload(deployment, f"rejected/0a1b/paris/{key}", b"x")


def lines_with(shown: str, text: str) -> list[list[str]]:
    """The words of each line that holds a text."""
    return [line.split() for line in shown.splitlines() if text in line]


@pytest.fixture
def account(simple_deployment: Deployment) -> Account:
    """Leads to what moto keeps in this process."""
    leading = Account("flowtally")
    leading.deployment = simple_deployment
    return leading


def test_status_tells_why_a_file_was_rejected(run: Run, deployment: Deployment) -> None:
    """Branch, name, time and the whole reason are shown, and the commands that help."""
    process(deployment, "incoming/Paris nord/bad [1].csv", NO_ADDRESSES)
    (file,) = FilesTable(client("dynamodb"), deployment.files).all()
    shown = done(run("status", COLUMNS="200"))
    arrived = datetime.fromtimestamp(file.arrived_at, UTC)
    assert file.reason
    assert f"Paris nord  bad [1].csv  {arrived:%Y-%m-%d %H:%M:%S}  {file.reason}\n" in shown
    assert "flowtally redrive --rejected" in shown
    assert "quarantined" not in shown


def test_notes_of_a_later_version_are_shown_as_they_are(run: Run, deployment: Deployment) -> None:
    """A code that nobody here knows is better than none, and no failure."""
    record(deployment, "paris", "day.csv", notes={"from-the-future", Note.NO_HEADER})
    assert f"day.csv note: from-the-future note: {Note.NO_HEADER.text}" in done(
        run("status", "--branch", "paris")
    )


def test_what_a_branch_chose_cannot_act_on_a_terminal(run: Run, deployment: Deployment) -> None:
    """Not by the name of a file, a reason that quotes it, or a row; programs read what it was."""
    hostile = "\x1b[2J\u202e\x85.csv"
    spelled = r"\x1b[2J\u202e\x85.csv"
    record(deployment, "paris", hostile, "rejected", reason=f"found {hostile}")
    record(
        deployment,
        "paris",
        f"b{hostile}",
        rows=2,
        quarantined=1,
        commonest=hostile,
        commonest_line=2,
        digest=bytes(32),
    )
    upload(deployment, f"rejected/0a1b/paris/{hostile}", b"x")
    upload(deployment, f"quarantine/{bytes(32).hex()}.csv.gz", b"x")
    for arguments in (["status"], ["status", "--branch", "paris"]):
        shown = done(run(*arguments))
        assert [character for character in "\x1b\u202e\x85" if character in shown] == []
        assert spelled in shown
        assert f"found {spelled}" in shown
        assert f"{spelled} (line 2)" in shown
        document = done(run(*arguments, "--json"))
        assert [character for character in "\x1b\u202e\x85" if character in document] == []
        assert json.loads(document)["rejected"][0]["file"] == f"paris/{hostile}"


def test_what_was_dealt_with_is_not_listed_any_more(run: Run, deployment: Deployment) -> None:
    """Without the object in rejected/ or quarantine/, or once retracted, a file needs nobody."""
    process(deployment, "incoming/paris/bad.csv", NO_ADDRESSES)
    process(deployment, "incoming/paris/torn.csv", ONE_WRONG_ROW)
    record(deployment, "paris", "taken-out.csv", "retracted", quarantined=1, digest=bytes(32))
    upload(deployment, f"quarantine/{bytes(32).hex()}.csv.gz", b"x")
    for key in keys(deployment, "rejected/") + keys(deployment, "quarantine/"):
        if bytes(32).hex() not in key:
            client("s3").delete_object(Bucket=deployment.bucket, Key=key)
    shown = done(run("status"))
    assert "files rejected" in shown
    assert ".csv" not in shown


def test_a_rejected_file_of_no_branch_needs_somebody_too() -> None:
    """One that lay in incoming/ itself is recorded under `-`, and found again in rejected/."""
    file = File(branch="-", key="a.csv", state="rejected", arrived_at=1, attempts=1)
    assert SetAside(["rejected/0a1b/a.csv"]).has_file(file)
    assert not SetAside(["rejected/0a1b/paris/a.csv", "a.csv"]).has_file(file)
    of_paris = File(branch="paris", key="a.csv", state="rejected", arrived_at=1, attempts=1)
    assert not SetAside(["rejected/0a1b/a.csv"]).has_file(of_paris)


def test_the_newest_files_come_first_and_the_rest_is_counted(run: Run, deployment: Deployment) -> None:
    """With --files, so many are listed, in the order of their arrival; the title says how many more."""
    for day in (2, 4, 1, 3):
        record_rejected(deployment, f"day-{day}.csv", MARCH + day)
    shown = done(run("status", "--files", "3"))
    assert [line[1] for line in lines_with(shown, "day-")] == ["day-4.csv", "day-3.csv", "day-2.csv"]
    assert "Rejected files (the latest 3, and 1 more)" in " ".join(shown.split())
    all_of_them = done(run("status"))
    assert len(lines_with(all_of_them, "day-")) == 4
    assert "more" not in all_of_them


@pytest.mark.parametrize("limit", [1, 2, 5])
def test_newest_keeps_those_that_arrived_last(limit: int) -> None:
    """In whatever order they come, also when several arrived in the same second."""
    arrivals = [3, 1, 4, 1, 5]
    files = [File(branch="b", key="k", state="counted", arrived_at=at, attempts=1) for at in arrivals]
    newest = RecentFiles.of(files, limit)
    assert [file.arrived_at for file in newest.files] == sorted(arrivals, reverse=True)[:limit]
    assert newest.total == len(arrivals)


def test_a_branch_sees_its_own_files(run: Run, deployment: Deployment) -> None:
    """Name, state, days, rows, quarantined rows and time of each; reasons below; nothing of others."""
    record(
        deployment,
        "paris",
        "two-days.csv",
        rows=12345,
        quarantined=0,
        first_day="2022-12-07",
        last_day="2022-12-08",
        completed_at=MARCH + 90,
    )
    record(deployment, "paris", "bad.csv", "rejected", reason="no CSV", arrived_at=MARCH + 1)
    record(deployment, "parish", "other.csv")
    shown = done(run("status", "--branch", "paris"))
    days, arrived = ["2022-12-07", "2022-12-08"], ["2026-03-01", "09:05:07"]
    (counted,) = lines_with(shown, "two-days.csv")
    assert counted == ["two-days.csv", "counted", *days, *arrived, "12,345", "0", "1.50", "min"]
    rejected, reason = lines_with(shown, "bad.csv")
    assert rejected == ["bad.csv", "rejected", "–", "2026-03-01", "09:05:08", "–", "–", "–"]
    assert reason == ["paris", "bad.csv", "2026-03-01", "09:05:08", "no", "CSV"]
    assert shown.index("bad.csv") < shown.index("two-days.csv")
    assert "other.csv" not in shown
    assert "table Files" not in shown


def test_a_branch_sees_what_still_waits(run: Run, deployment: Deployment) -> None:
    """A file in incoming/ is there before anybody counted it; the marker of a folder is no file."""
    upload(deployment, "incoming/paris/new.csv", GOOD)
    upload(deployment, "incoming/paris/", b"")
    shown = done(run("status", "--branch", "paris"))
    assert lines_with(shown, "new.csv")[0][1] == "waiting"
    assert len(lines_with(shown, "waiting")) == 1


def test_an_unknown_branch_is_an_error(account: Account) -> None:
    """It names the branches that have sent files, the likeliest first, those included whose files wait."""
    with pytest.raises(NotFound, match="No other branch has sent any either"):
        files_of_branch(account, "paris")
    upload(account.deployment, "incoming/waiting-room/a.csv", GOOD)
    with pytest.raises(NotFound, match="There are files of waiting-room"):
        files_of_branch(account, "paris")
    for branch in ("rome", "lyon", "paris", "b", "c", "d"):
        record(account.deployment, branch, "a.csv")
    with pytest.raises(NotFound, match=r"branch 'Pari': .* There are files of paris, .* and others\."):
        files_of_branch(account, "Pari")
    with pytest.raises(NotFound, match="branch '': no file of this branch has arrived"):
        files_of_branch(account, "")


def test_nothing_is_cut_off_at_80_columns(tmp_path: Path, deployment: Deployment) -> None:
    """Long names, reasons and keys go on in the next lines, to their last character."""
    name, reason = "Y" * 150, "Z" * 500
    record(deployment, "paris", f"{name}.csv", "rejected", reason=reason)
    upload(deployment, f"rejected/0a1b/paris/{name}.csv", b"x")
    process(deployment, f"incoming/{name[:60]}/{name[60:]}.csv", ONE_WRONG_ROW)
    for arguments in (["status"], ["status", "--branch", "paris"]):
        shown = on_terminal(*arguments, directory=tmp_path, columns=80).text
        assert max(map(len, shown.splitlines())) <= 80
        in_branches = 60 if arguments == ["status"] else 0
        assert shown.count("Y") == 2 * len(name) + in_branches  # in two tables, or as a branch and as a file
        assert shown.count("Z") == len(reason)
        assert "…" not in shown
    (key,) = keys(deployment, "quarantine/")
    screen = on_terminal("status", directory=tmp_path, columns=80)
    cells = [line.split() for line in screen.text.splitlines()]
    assert key in "".join(word for words in cells for word in words if set(word) <= set(key))


def test_the_table_of_files_is_read_once(deployment: Deployment, calls: Calls) -> None:
    """For items, bytes, states and lists together there is one scan; the size is the one AWS bills."""
    record_rejected(deployment, "bad.csv", MARCH)
    found = read_status(Account("flowtally"))
    assert calls.count(("Scan", deployment.files)) == 1
    assert ("DescribeTable", deployment.files) not in calls
    (use,) = (table for table in found.tables if table.name == "Files")
    own = sum(map(len, ("branch", "paris", "key", "bad.csv", "st", "rejected", "why", "no CSV", "a", "t")))
    assert (use.items, use.stored_bytes) == (1, own + 6 + 2 + 100)


def test_a_branch_is_one_query(account: Account, calls: Calls) -> None:
    """The files of a branch are had without looking at those of others."""
    record(account.deployment, "paris", "a.csv")
    assert [file.key for file in files_of_branch(account, "paris")] == ["a.csv"]
    assert [call for call in calls if call[1] == account.deployment.files][1:] == [
        ("Query", account.deployment.files)
    ]


def test_other_branches_are_looked_at_only_for_a_twin(account: Account, calls: Calls) -> None:
    """No scan where the branch has the other file itself, one for all the others."""
    table = FilesTable(client("dynamodb"), account.deployment.files)
    record(account.deployment, "paris", "a.csv", digest=bytes(32))
    record(account.deployment, "paris", "b.csv", "duplicate", digest=bytes(32))
    files = files_of_branch(account, "paris")
    assert [twin.key for twin in twins_of(table, files, files).values()] == ["a.csv"]
    assert ("Scan", account.deployment.files) not in calls
    for digest in (b"1" * 32, b"2" * 32):
        record(account.deployment, "paris", f"{digest[0]}.csv", "duplicate", digest=digest)
        record(account.deployment, "rome", f"{digest[0]}.csv", digest=digest)
    files = files_of_branch(account, "paris")
    assert len(twins_of(table, files, files)) == 3
    assert calls.count(("Scan", account.deployment.files)) == 1
