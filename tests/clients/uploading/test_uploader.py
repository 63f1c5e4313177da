"""What an uploader sends, under which keys, what not again, what it warns of. On moto, in this process."""

import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from random import Random
from threading import Event
from threading import enumerate as enumerate_threads
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from clients.terminal.account import Account
from clients.uploading.local_files import LocalFile
from clients.uploading.outcome import Outcome
from clients.uploading.uploader import Progress, Uploader, check_branch
from models.bucket_layout import LONGEST_KEY, incoming_key
from models.deployment import Deployment
from models.errors import UsageError
from models.s3_events import UploadedObject
from models.storage.file_records import FilesTable
from models.storage.schema import File
from tests.helpers.deployed import client, keys
from tests.helpers.waiting import PATIENCE, eventually

CONTENT = b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts\n10.0.0.1,10.0.0.2,07/12/2022,1000,3\n"
DIGEST = hashlib.sha256(CONTENT).hexdigest()[:16]
NAMES = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters="/"), min_size=1, max_size=40)


class Counting(Progress):
    """Adds up what it is told."""

    count = 0

    def advanced(self, file: LocalFile, count: int) -> None:
        self.count += count


def file_of(path: Path, content: bytes = CONTENT) -> LocalFile:
    """A file with this content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return LocalFile(path, len(content))


def record(deployment: Deployment, key: str, state: str = "counted", **more: Any) -> None:
    """Notes in the table of files what became of a file of the branch `paris`."""
    entry = File(branch="paris", key=key, state=state, arrived_at=1, attempts=1, **more)
    client("dynamodb").put_item(TableName=deployment.files, Item=entry.serialize())


@pytest.fixture
def deployment(simple_deployment: Deployment) -> Deployment:
    """A bucket and a table of files: all that an uploader meets."""
    return simple_deployment


@pytest.fixture
def uploader(deployment: Deployment) -> Callable[[], Uploader]:
    """Makes uploaders of the branch `paris`."""
    files = FilesTable(client("dynamodb"), deployment.files)
    return lambda: Uploader(client("s3"), deployment.bucket, "paris", files)


def test_key_holds_branch_name_and_digest(
    tmp_path: Path, deployment: Deployment, uploader: Callable[[], Uploader]
) -> None:
    """`incoming/<branch>/<stem>-<digest16>.csv`, whatever the case of the suffix; bytes as they are."""
    uploader().send([file_of(tmp_path / "a b+c 100% ü.CSV")], Progress())
    key = f"incoming/paris/a b+c 100% ü-{DIGEST}.csv"
    assert keys(deployment) == [key]
    assert client("s3").get_object(Bucket=deployment.bucket, Key=key)["Body"].read() == CONTENT


@given(NAMES)
def test_branch_is_what_the_workers_see(branch: str) -> None:
    """A name that is taken for a branch is read back from the key as it was."""
    try:
        check_branch(branch)
    except UsageError:
        return
    assert UploadedObject("bucket", f"incoming/{branch}/name.csv").branch == branch


@pytest.mark.parametrize("branch", ["", " ", "a/b", "a>b", "..", "a\nb", " a", "-", "=1+1", "pаris", "a  b"])
def test_impossible_branches_are_refused(branch: str) -> None:
    """A name that would break keys or pairs is the user's error."""
    with pytest.raises(UsageError):
        check_branch(branch)


def test_large_file_goes_in_parts(
    tmp_path: Path, deployment: Deployment, uploader: Callable[[], Uploader]
) -> None:
    """A file of 40 MB arrives whole as a multipart upload, and its progress adds up."""
    content = CONTENT * (40_000_000 // len(CONTENT))
    progress = Counting()
    (sent,) = uploader().send([file_of(tmp_path / "large.csv", content)], progress)
    found = client("s3").get_object(Bucket=deployment.bucket, Key=f"incoming/paris/{sent.key}")
    assert found["ETag"].strip('"').endswith("-3")
    assert found["Body"].read() == content
    assert progress.count == len(content)


def test_counted_content_is_not_sent_again(
    tmp_path: Path, deployment: Deployment, uploader: Callable[[], Uploader]
) -> None:
    """Neither under its very key, nor compressed in the meantime."""
    record(deployment, f"day-{DIGEST}.csv", rows=1)
    plain = file_of(tmp_path / "day.csv")
    packed = file_of(tmp_path / "day.csv.gz", gzip.compress(CONTENT))
    uploads = uploader().send([plain, packed], Progress())
    assert [upload.outcome for upload in uploads] == [Outcome.ALREADY_COUNTED, Outcome.ALREADY_COUNTED]
    assert keys(deployment) == []


@pytest.mark.parametrize("state", ["rejected", "retracted"])
def test_what_is_not_counted_is_sent_again(
    tmp_path: Path, deployment: Deployment, uploader: Callable[[], Uploader], state: str
) -> None:
    """A file that was rejected or taken out may be tried again."""
    record(deployment, f"day-{DIGEST}.csv", state=state)
    (upload,) = uploader().send([file_of(tmp_path / "day.csv")], Progress())
    assert upload.outcome is Outcome.SENT
    assert upload.before is not None
    assert len(keys(deployment, "incoming/")) == 1


def test_another_content_under_the_same_name_is_warned_of(
    tmp_path: Path, deployment: Deployment, uploader: Callable[[], Uploader]
) -> None:
    """It is sent, and the warning names the earlier one and what takes it out; other names are no matter."""
    for key in ("day-0123456789abcdef.csv", "day-2-0123456789abcdef.csv", "day-after-tomorrow.csv"):
        record(deployment, key)
    record(deployment, "day-00000000000000ff.csv", state="rejected")
    (upload,) = uploader().send([file_of(tmp_path / "day.csv")], Progress())
    assert upload.outcome is Outcome.SENT
    (remark,) = upload.remarks
    assert "day-0123456789abcdef.csv" in remark
    assert "flowtally retract" in remark


def test_same_file_in_two_places_is_sent_once(
    tmp_path: Path, deployment: Deployment, uploader: Callable[[], Uploader]
) -> None:
    """The same name and content in two directories is one object."""
    files = [file_of(tmp_path / name / "day.csv") for name in "ab"]
    uploads = uploader().send(files, Progress())
    assert {upload.outcome for upload in uploads} == {Outcome.SENT, Outcome.DUPLICATE}
    assert len(keys(deployment)) == 1


def test_without_permission_to_look_it_sends_all_the_same(tmp_path: Path, deployment: Deployment) -> None:
    """A branch that may only upload does; the uploader knows then that it cannot look."""

    class Forbidden(FilesTable):
        asked = 0

        def beginning_with(self, branch: str, prefix: str) -> list[File]:
            self.asked += 1
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "Query")

    files = Forbidden(client("dynamodb"), deployment.files)
    uploader = Uploader(client("s3"), deployment.bucket, "paris", files)
    assert uploader.can_look
    uploader.send([file_of(tmp_path / "day.csv")], Progress())
    uploader.send([file_of(tmp_path / "other.csv")], Progress())
    assert not uploader.can_look
    assert files.asked == 1
    assert len(keys(deployment)) == 2


def test_a_refusal_ends_the_upload(tmp_path: Path, deployment: Deployment) -> None:
    """What AWS refuses of one file it refuses of all: what was not begun then is not sent."""
    s3 = client("s3")
    begun: list[str] = []
    original = s3.put_object

    def put_object(**request: Any) -> Any:
        begun.append(request["Key"])
        return original(**request)

    s3.put_object = put_object
    files = [file_of(tmp_path / f"{n}.csv", CONTENT * n) for n in range(1, 41)]
    with pytest.raises(ClientError, match="NoSuchBucket"):
        Uploader(s3, "no-such-bucket", "paris", None).send(files, Progress())
    assert len(begun) < len(files)


def test_no_name_is_too_long_for_the_workers() -> None:
    """The longest branch, and a name of 255 characters, the most of any system, make a key that is taken."""
    key = incoming_key("p" * 64, f"{'日' * 251}-{'0' * 16}.csv")
    assert len(key.encode()) <= LONGEST_KEY


def test_a_failure_ends_transfers_under_way(tmp_path: Path, deployment: Deployment) -> None:
    """When AWS refuses, another file that is half sent is given up and leaves no object."""
    s3 = Account("flowtally").client("s3")
    half_sent = Event()

    def refuse(**_: Any) -> None:
        half_sent.wait(PATIENCE)
        raise ClientError({"Error": {"Code": "AccessDenied"}}, "PutObject")

    s3.put_object = refuse
    uploader = Uploader(s3, deployment.bucket, "paris", None)
    large = file_of(tmp_path / "large.csv", CONTENT * 400_000)

    class Watching(Progress):
        def advanced(self, file: LocalFile, count: int) -> None:
            half_sent.set()

    with pytest.raises(ClientError, match="AccessDenied"):
        uploader.send([large, file_of(tmp_path / "small.csv")], Watching())
    eventually(lambda: not any(thread.name.startswith("upload-") for thread in enumerate_threads()))
    assert keys(deployment) == []


def rows(count: int) -> bytes:
    """A flow file of so many rows, none like another, as exporters write them."""
    random = Random(7)
    row = "10.0.0.{},10.0.0.2,07/12/2022,{},3\n"
    return CONTENT + "".join(row.format(n % 200, random.randrange(10**9)) for n in range(count)).encode()


@pytest.mark.parametrize(
    ("content", "is_packed"),
    [
        pytest.param(rows(40_000), True, id="at once"),
        pytest.param(rows(600_000), True, id="in parts"),
        pytest.param(rows(20), False, id="short"),
        pytest.param(gzip.compress(rows(600_000), 1), False, id="compressed already"),
        pytest.param(rows(3_000) + CONTENT[-40:] * 200_000, False, id="unfolds too far"),
        pytest.param(rows(3_000) + CONTENT[-40:] * 1_000_000, False, id="unfolds too far, in parts"),
    ],
)
def test_a_long_file_is_compressed_on_the_way(
    uploader: Callable[[], Uploader],
    deployment: Deployment,
    tmp_path: Path,
    content: bytes,
    *,
    is_packed: bool,
) -> None:
    """Its object unfolds to the file, and is the same if it is sent again; all else goes as it is."""
    name = "day.csv.gz" if content.startswith(b"\x1f\x8b") else "day.csv"
    stored = []
    for _ in range(2):
        progress = Counting()
        (sent,) = uploader().send([file_of(tmp_path / name, content)], progress)
        key = f"incoming/paris/{sent.key}"
        stored.append(client("s3").get_object(Bucket=deployment.bucket, Key=key)["Body"].read())
        assert progress.count == len(content)
    assert stored[0] == stored[1]
    if is_packed:
        assert sent.key.endswith(".csv.gz")
        assert len(stored[0]) * 1.5 < len(content)
        assert gzip.decompress(stored[0]) == content
    else:
        assert stored[0] == content
