"""`flowtally upload --wait`: until what a file changed is in the statistics."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

from clients.queries.consolidation import Consolidation, Standing
from clients.uploading.following import Consolidated, Counted, Event, Lagging, Unfollowed, follow
from clients.uploading.into_statistics import IntoStatistics
from clients.uploading.local_files import LocalFile
from clients.uploading.outcome import Outcome, Upload
from handlers.assembly import summarizer_for
from models.bucket_layout import incoming_key
from models.deployment import Deployment
from models.errors import NotComputable, TryAgain
from models.s3_events import notification_of
from models.storage.changes import MARKS_AT_MOST
from models.storage.file_records import FilesTable
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import PairWeek, join_pair, split_pair
from tests.helpers.daemons import daemon
from tests.helpers.deployed import client, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.program import Run, done
from tests.helpers.spoilt_items import take_a_number_out
from tests.helpers.waiting import eventually

ROWS = tuple(f"10.0.0.{n},10.0.1.1,{day}/12/2022,1000,3" for n in range(3) for day in ("07", "14"))
PAIRS = [join_pair(f"10.0.0.{n}", "10.0.1.1") for n in range(3)]

Followed = Callable[..., Iterator[Event]]


def rebuild(deployment: Deployment, *pairs: str) -> None:
    """Brings the statistics of pairs in line, as the second stage does."""
    statistics = PairStatisticsStore.of(deployment, client("dynamodb"))
    for pair in pairs:
        statistics.rebuild(pair)


def count(deployment: Deployment, path: Path, content: bytes) -> Upload:
    """Writes a file, and counts it as a worker does."""
    path.write_bytes(content)
    key = incoming_key("paris", path.name)
    upload(deployment, key, content)
    summarizer_for(deployment).process(notification_of(deployment.bucket, key), 1)
    return Upload(LocalFile(path, len(content)), path.name, Outcome.SENT)


def no_pause(_: float) -> None:
    """Looks again at once."""


@pytest.fixture
def followed(simple_deployment: Deployment) -> Followed:
    """Follows files; between two looks it does what the test says."""

    def following(*uploads: Upload, sleep: Callable[[float], None] = no_pause) -> Iterator[Event]:
        dynamodb = client("dynamodb")
        files = FilesTable(dynamodb, simple_deployment.files)
        statistics = IntoStatistics(Consolidation(dynamodb, simple_deployment), "paris", "enterprise")
        return follow(files, "paris", uploads, 300, sleep, statistics)

    return following


def test_a_file_is_consolidated_when_all_its_pairs_are(
    simple_deployment: Deployment, followed: Followed, tmp_path: Path
) -> None:
    """Not while one of them is behind, whichever that is, and not by what an earlier file left."""
    count(simple_deployment, tmp_path / "before.csv", flow_csv(*(row.replace("1000", "5") for row in ROWS)))
    rebuild(simple_deployment, *PAIRS)
    sent = count(simple_deployment, tmp_path / "day.csv", flow_csv(*ROWS))
    done_pairs: list[str] = []

    def sleep(_: float) -> None:
        done_pairs.append(PAIRS[2 - len(done_pairs)])
        rebuild(simple_deployment, done_pairs[-1])

    counted, consolidated = followed(sent, sleep=sleep)
    assert isinstance(counted, Counted)
    assert isinstance(consolidated, Consolidated)
    assert (len(done_pairs), consolidated.pairs.seen, consolidated.pairs.is_all) == (3, set(PAIRS), True)


def test_a_mark_that_was_forgotten_is_made_good_by_the_sums(
    simple_deployment: Deployment, followed: Followed, tmp_path: Path
) -> None:
    """A file of more weeks than a pair remembers is consolidated all the same, and not too early."""
    weeks = MARKS_AT_MOST + 9
    rows = [f"10.0.0.0,10.0.1.1,{1 + n % 28:02}/{1 + n // 28:02}/2022,1000,3" for n in range(0, weeks * 7, 7)]
    sent = count(simple_deployment, tmp_path / "year.csv", flow_csv(*rows))
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        if len(naps) == 2:
            rebuild(simple_deployment, PAIRS[0])

    assert [type(event) for event in followed(sent, sleep=sleep)] == [Counted, Consolidated]
    assert len(naps) == 2
    count(simple_deployment, tmp_path / "late.csv", flow_csv(rows[0].replace("1000", "7")))
    consolidation = Consolidation(client("dynamodb"), simple_deployment)
    (change,) = consolidation.changes([PairWeek(*split_pair(PAIRS[0]), "2021-12-27")])
    statistics = client("dynamodb").update_item(  # as if other weeks had changed after it
        TableName=simple_deployment.pair_statistics,
        Key={"src": {"S": "10.0.0.0"}, "dst": {"S": "10.0.1.1"}},
        UpdateExpression="SET h = :far",
        ExpressionAttributeValues={":far": {"N": str(change.changed_at + 9)}},
        ReturnValues="ALL_NEW",
    )["Attributes"]
    assert "20211227" not in statistics
    assert consolidation.standings([change]) == [Standing.BEHIND]
    rebuild(simple_deployment, PAIRS[0])
    assert consolidation.standings([change]) == [Standing.CONSOLIDATED]


def test_a_pair_that_is_set_aside_is_waited_for_no_more(
    simple_deployment: Deployment, followed: Followed, tmp_path: Path
) -> None:
    """It is named, and the others are waited for."""
    sent = count(simple_deployment, tmp_path / "day.csv", flow_csv(*ROWS))
    spoilt = PairWeek(*split_pair(PAIRS[1]), "2022-12-05")
    take_a_number_out(client("dynamodb"), simple_deployment.daily_totals, spoilt)
    with pytest.raises(NotComputable):
        rebuild(simple_deployment, PAIRS[1])
    naps: list[float] = []

    def sleep(seconds: float) -> None:
        naps.append(seconds)
        rebuild(simple_deployment, PAIRS[0], PAIRS[2])

    _, consolidated = followed(sent, sleep=sleep)
    assert isinstance(consolidated, Consolidated)
    assert (consolidated.pairs.set_aside, len(naps)) == ({PAIRS[1]}, 1)


def test_what_changed_meanwhile_is_not_followed(
    simple_deployment: Deployment, followed: Followed, tmp_path: Path
) -> None:
    """Neither the pairs of another content nor none are taken for those that were counted."""
    changed, gone = (count(simple_deployment, tmp_path / f"{n}.csv", flow_csv(ROWS[n])) for n in range(2))
    changed.file.path.write_bytes(flow_csv(*ROWS))
    gone.file.path.unlink()
    told = {
        event.upload.key: event.reason for event in followed(changed, gone) if isinstance(event, Unfollowed)
    }
    assert told == {
        "0.csv": "it has changed since it was sent",
        "1.csv": "it cannot be read any more (No such file or directory)",
    }


def test_who_may_not_read_the_statistics_hears_nothing_of_them(
    simple_deployment: Deployment, followed: Followed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is counted, and that is all."""
    sent = count(simple_deployment, tmp_path / "day.csv", flow_csv(*ROWS))
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # private, and has no stub

    def guarded(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        if operation == "BatchGetItem":
            raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, operation)
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", guarded)
    assert [type(event) for event in followed(sent)] == [Counted]


def test_a_file_that_is_behind_for_long_is_told_of(
    simple_deployment: Deployment, followed: Followed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a minute, then when twice as much is over; and at the end of the patience it is an error."""
    sent = count(simple_deployment, tmp_path / "day.csv", flow_csv(*ROWS))
    clock = [0.0]
    monkeypatch.setattr("clients.uploading.following.time.monotonic", lambda: clock[0])

    def sleep(_: float) -> None:
        clock[0] += 7

    told: list[Event] = []
    with pytest.raises(TryAgain, match=r"day\.csv: 1 file not consolidated after 300 s"):
        told.extend(followed(sent, sleep=sleep))
    assert [round(event.seconds) for event in told if isinstance(event, Lagging)] == [63, 126, 252]


def test_of_a_wide_file_some_pairs_are_looked_at(
    simple_deployment: Deployment, followed: Followed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At even distances over all of them, and it is known that there are others."""
    monkeypatch.setattr("clients.uploading.into_statistics.WEEKS_AT_MOST", 10)
    rows = [f"10.0.{n}.1,10.0.1.1,07/12/2022,1000,3" for n in range(25)]
    sent = count(simple_deployment, tmp_path / "wide.csv", flow_csv(*rows))
    rebuild(simple_deployment, *(join_pair(f"10.0.{n}.1", "10.0.1.1") for n in range(25)))
    _, consolidated = followed(sent)
    assert isinstance(consolidated, Consolidated)
    assert (len(consolidated.pairs.seen), consolidated.pairs.is_all) == (9, False)
    assert {"10.0.0.1>10.0.1.1", "10.0.9.1>10.0.1.1"} & consolidated.pairs.seen


def test_upload_waits_until_a_file_is_consolidated(run: Run, deployment: Deployment, tmp_path: Path) -> None:
    """It says so of each, after its verdict; with status 1 where nothing consolidates in time."""
    (tmp_path / "day.csv").write_bytes(flow_csv(*ROWS))
    done(run("upload", "day.csv", "--branch", "paris"))
    with daemon(deployment, tmp_path, "summarize"):
        eventually(lambda: list(FilesTable(client("dynamodb"), deployment.files).all()))
        late = run("upload", "day.csv", "--branch", "paris", "--wait", "--timeout", "1")
        assert late.returncode == 1
        assert "day.csv: 1 file not consolidated after 1 s" in late.stderr
        assert "flowtally verify --all --repair" in late.stderr
        with daemon(deployment, tmp_path, "consolidate"):
            (tmp_path / "day.csv").write_bytes(flow_csv(ROWS[0].replace("1000", "1")))
            lines = done(run("upload", "day.csv", "--branch", "rome", "--wait")).splitlines()
            assert [line.split() for line in lines[-2:]] == [
                ["counted", "day.csv", "1", "row,", "2022-12-07"],
                ["consolidated", "day.csv", "1", "pair"],
            ]
            (again,) = json.loads(done(run("upload", "day.csv", "--branch", "rome", "--wait", "--json")))[
                "became"
            ]
            assert (again["state"], again["is_consolidated"], again["set_aside"]) == ("counted", True, "")
