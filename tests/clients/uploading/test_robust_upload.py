"""Uploading where something is wrong: names, files, the network, and who sits at the keyboard."""

import ctypes
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from clients.uploading.content import ChangedWhileRead, SecondReading, read_content
from clients.uploading.local_files import flow_files
from clients.uploading.outcome import Outcome
from clients.uploading.uploader import Progress, Uploader
from models.deployment import Deployment
from models.storage.file_records import FilesTable
from tests.helpers.deployed import client, keys, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done
from tests.helpers.strange_servers import LOGIN_PAGE, page_server, silent_server
from tests.helpers.terminal import in_terminal, on_terminal
from tests.helpers.waiting import PATIENCE

NOBODY = 65534
ROW = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,{},3"


def make_files(folder: Path, count: int) -> None:
    """So many files, each with another content."""
    folder.mkdir(exist_ok=True)
    for number in range(count):
        (folder / f"day-{number:03}.csv").write_bytes(flow_csv(ROW.format(number + 1)))


def test_a_file_that_fails_does_not_keep_the_others(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    """A name that is not UTF-8, a link to nothing and a pipe are named; the rest is sent; the status is 1."""
    folder = tmp_path / "flows"
    make_files(folder, 2)
    Path(os.fsdecode(os.fsencode(folder) + b"/caf\xe9.csv")).write_bytes(flow_csv(ROW.format(9)))
    (folder / "gone.csv").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe.csv")
    sent = run("upload", "flows", "pipe.csv")
    assert sent.returncode == 1
    assert r"caf\udce9.csv  the name is not UTF-8. Rename the file" in sent.stderr
    assert "gone.csv  cannot be read (No such file or directory)" in sent.stderr
    assert "pipe.csv  not a regular file" in sent.stderr
    assert sent.stdout.splitlines()[-1] == "2 files sent, 322 B; 3 failed".replace(
        "322 B", f"{sum((folder / f'day-{n:03}.csv').stat().st_size for n in range(2))} B"
    )
    assert len(keys(deployment, "incoming/")) == 2


def test_a_file_that_changes_while_it_is_read_is_noticed(tmp_path: Path) -> None:
    """Neither a file that grows under the reader is sent, nor one that differs when it is read again."""
    path = tmp_path / "day.csv"
    path.write_bytes(b"x" * 100)
    with path.open("rb") as file, path.open("ab") as other:
        content = read_content(file)
        other.write(b"more")
        other.flush()
        assert SecondReading(file, content).read() == b"x" * 100  # what was hashed, and no more

    class Growing:
        """A file to which a line is added whenever it is read."""

        def __init__(self) -> None:
            self._file = path.open("rb")

        def fileno(self) -> int:
            return self._file.fileno()

        def read(self, size: int) -> bytes:
            with path.open("ab") as other:
                other.write(b"more")
            return self._file.read(min(size, 10))

    path.write_bytes(b"x" * 30)
    growing = Growing()
    stop = threading.Timer(0.2, lambda: setattr(growing, "read", growing._file.read))
    stop.start()
    with pytest.raises(ChangedWhileRead):
        read_content(growing)  # type: ignore[arg-type]
    stop.join()
    growing._file.close()

    path.write_bytes(b"x" * 100)
    with path.open("rb") as file:
        content = read_content(file)
        path.write_bytes(b"y" * 100)
        with pytest.raises(ChangedWhileRead):
            SecondReading(file, content).read()


def test_a_folder_that_cannot_be_listed_keeps_no_other(deployment: Deployment) -> None:
    """It is a failure of its own, with the reason; what lies beside it is sent."""
    records = FilesTable(client("dynamodb"), deployment.files)
    with TemporaryDirectory(prefix="flowtally-") as name:  # that of pytest may be entered by its owner alone
        folder = Path(name)
        folder.chmod(0o755)
        make_files(folder, 1)
        (folder / "closed").mkdir(mode=0)
        with as_nobody():
            files = flow_files([folder])
        uploads = Uploader(client("s3"), deployment.bucket, "paris", records).send(files, Progress())
    assert {(it.file.path.name, it.outcome, it.reason) for it in uploads} == {
        ("day-000.csv", Outcome.SENT, ""),
        ("closed", Outcome.FAILED, "cannot be listed (Permission denied)"),
    }


@contextmanager
def as_nobody() -> Iterator[None]:
    """To the file system, this thread is a user who owns nothing; to whom root may be nobody any more."""
    libc = ctypes.CDLL(None)
    before = libc.setfsuid(NOBODY if os.getuid() == 0 else os.getuid())
    try:
        yield
    finally:
        libc.setfsuid(before)


def test_nothing_is_sent_for_show(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    """--dry-run says what would be sent; --older-than leaves alone what was written to lately."""
    make_files(tmp_path / "flows", 2)
    os.utime(tmp_path / "flows/day-000.csv", (0, time.time() - 7200))
    assert "1 file would be sent" in done(run("upload", "flows", "--dry-run", "--older-than", "1h"))
    assert keys(deployment, "incoming/") == []
    assert "1 file sent" in done(run("upload", "flows", "--older-than", "1h"))
    assert "day-000" in keys(deployment, "incoming/")[0]
    assert run("upload", "flows", "--older-than", "soon").returncode == 2


def test_json_says_what_was_done_with_each_file(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    """One document, with the reason of a failure."""
    make_files(tmp_path / "flows", 1)
    os.mkfifo(tmp_path / "pipe.csv")
    document = json.loads(run("upload", "flows", "pipe.csv", "--json").stdout)
    assert [(file["outcome"], file["reason"]) for file in document["files"]] == [
        ("sent", ""),
        ("failed", "not a regular file"),
    ]


@pytest.mark.parametrize("columns", [80, 140])
def test_every_line_stands_on_the_terminal(deployment: Deployment, tmp_path: Path, columns: int) -> None:
    """200 files give 200 lines beside the bar, and warnings stand there whole."""
    make_files(tmp_path / "flows", 200)
    warned = tmp_path / "flows" / "day-007.csv"
    upload(deployment, "incoming/main/day-007-0123456789abcdef.csv", b"")
    client("dynamodb").put_item(
        TableName=deployment.files,
        Item={
            "branch": {"S": "main"},
            "key": {"S": "day-007-0123456789abcdef.csv"},
            "st": {"S": "counted"},
            "a": {"N": "1"},
            "t": {"N": "1"},
        },
    )
    screen = on_terminal("upload", "flows", directory=tmp_path, columns=columns)
    assert screen.status == 0
    lines = screen.text.split("\n")
    assert sum(line.startswith("sent ") for line in lines) == 200
    said = " ".join(screen.text.split())
    assert f"Warning: flows/{warned.name}: another content of the same branch and name is counted" in said
    assert "or what both hold counts twice" in said
    assert "200 files sent" in said


def test_ctrl_c_ends_it_at_once(deployment: Deployment, tmp_path: Path) -> None:
    """While AWS does not answer, Ctrl-C ends the program in seconds, with what was done, and no traceback."""
    make_files(tmp_path / "flows", 10)
    with silent_server() as (address, came):
        arguments = ("upload", "flows", "--bucket", "b", "--endpoint-url", address)
        with in_terminal(arguments, tmp_path) as terminal:
            assert came.wait(PATIENCE)
            terminal.interrupt()
            screen = terminal.finish()
    assert screen.status == 130
    assert "Interrupted" in screen.text
    assert "Traceback" not in screen.text


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (200, LOGIN_PAGE, "text/html"),
        (403, LOGIN_PAGE, "text/html"),
        (200, b"{}", "application/x-amz-json-1.0"),
        (404, b"", "text/plain"),
    ],
)
def test_answers_that_are_not_from_aws(
    run: Run, deployment: Deployment, tmp_path: Path, status: int, body: bytes, kind: str
) -> None:
    """A proxy's page in the place of an answer is one message, for every command."""
    make_files(tmp_path / "flows", 3)
    with page_server(status, body, kind) as address:
        for arguments in (("top",), ("upload", "flows", "--bucket", "b")):
            failed = run(*arguments, AWS_ENDPOINT_URL=address)
            assert failed.returncode == 1
            assert f"something else than AWS answered, with status {status}" in failed.stderr
