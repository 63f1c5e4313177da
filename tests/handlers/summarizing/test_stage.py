"""The first stage on real storage: what becomes of a file."""

import gzip
from typing import Any
from urllib.parse import unquote

import orjson
import pytest
from botocore.exceptions import ClientError

from clients.recovering.redrive import Redrive, RedriveResult
from handlers.assembly import summarizer_for
from handlers.summarizing import stage
from handlers.summarizing.stage import Summarizer
from models.deployment import Deployment
from models.errors import FlowtallyError
from models.storage.schema import File
from models.traffic import PairDay, PairWeek, Totals
from tests.helpers.deployed import client, keys, stored_days, upload
from tests.helpers.flow_files import FIVE_COLUMNS, flow_csv
from tests.helpers.stand_ins import in_turn

KEY = "incoming/paris/data-20221207.csv"
GOOD = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"
BAD = "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,-1,3"
DAY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")


def message(deployment: Deployment, key: str) -> str:
    """The notification of one object; S3 writes a space in a key as +."""
    quoted = key.replace("%", "%25").replace("+", "%2B").replace(" ", "+")
    entity = {"bucket": {"name": deployment.bucket}, "object": {"key": quoted}}
    return orjson.dumps({"Records": [{"s3": entity}]}).decode()


@pytest.fixture
def summarizer(deployment: Deployment) -> Summarizer:
    return summarizer_for(deployment)


def file_record(deployment: Deployment, branch: str, name: str) -> File:
    item = client("dynamodb").get_item(
        TableName=deployment.files, Key={"branch": {"S": branch}, "key": {"S": name}}
    )["Item"]
    return File.from_raw_data(item)


def test_a_file_is_counted_recorded_and_deleted(deployment: Deployment, summarizer: Summarizer) -> None:
    """Totals are in the table, the fate of the file is on record, and nothing is left in S3."""
    upload(deployment, KEY, flow_csv(GOOD, GOOD))
    summarizer.process(message(deployment, KEY), 1)
    assert stored_days(deployment) == {DAY: Totals(2000, 6, 2)}
    assert keys(deployment) == []
    record = file_record(deployment, "paris", "data-20221207.csv")
    assert (record.state, record.rows, record.quarantined) == ("counted", 2, 0)
    assert (record.first_day, record.last_day, record.attempts) == ("2022-12-07", "2022-12-07", 1)
    assert (record.length, len(record.first_row or b"")) == (len(flow_csv(GOOD, GOOD)), 8)


def test_the_same_content_counts_once_under_any_name(deployment: Deployment, summarizer: Summarizer) -> None:
    """Another name, another branch or compression do not make the same content count again."""
    content = flow_csv(GOOD)
    for key, body in {
        KEY: content,
        "incoming/rome/copy of it+1.csv": content,
        "incoming/rome/a.csv.gz": gzip.compress(content),
    }.items():
        upload(deployment, key, body)
        summarizer.process(message(deployment, key), 1)
    assert stored_days(deployment) == {DAY: Totals(1000, 3, 1)}
    assert keys(deployment) == []


def test_what_is_assumed_about_a_file_is_logged(
    deployment: Deployment, summarizer: Summarizer, caplog: pytest.LogCaptureFixture
) -> None:
    """A file without a header counts, and the log says with the file's key what was assumed."""
    row = ["id", "10.0.0.1", "1", "10.0.0.2", "2", "6", "07/12/2022 10:00:00 AM", "1000", "3", *["0"] * 75]
    upload(deployment, KEY, (",".join(row) + "\n").encode())
    with caplog.at_level("INFO"):
        summarizer.process(message(deployment, KEY), 1)
    assert stored_days(deployment) == {DAY: Totals(1000, 3, 1)}
    events = [vars(record) for record in caplog.records]
    (noted,) = [event for event in events if event["msg"] == "file read on an assumption"]
    assert noted["file"] == KEY
    assert "the columns are those of CICFlowMeter 4" in noted["note"]


def test_a_day_spread_over_three_files(deployment: Deployment, summarizer: Summarizer) -> None:
    """Different contents for one pair and day add up."""
    for number in range(3):
        key = f"incoming/paris/part-{number}.csv"
        upload(deployment, key, flow_csv(f"10.0.0.1,10.0.0.2,07/12/2022,{10**number},{number}"))
        summarizer.process(message(deployment, key), 1)
    assert stored_days(deployment) == {DAY: Totals(111, 3, 3)}


def test_bad_rows_are_quarantined_once(deployment: Deployment, summarizer: Summarizer) -> None:
    """The bad row is kept with line and reason, the good one counts; the first verdict stands."""
    content = flow_csv(GOOD, BAD)
    for key in (KEY, "incoming/paris/again.csv"):
        upload(deployment, key, content)
        summarizer.process(message(deployment, key), 1)
    (quarantined,) = keys(deployment)
    assert quarantined.startswith("quarantine/")
    stored = client("s3").get_object(Bucket=deployment.bucket, Key=quarantined)["Body"].read()
    lines = gzip.decompress(stored).decode()
    assert lines.splitlines()[0].startswith(FIVE_COLUMNS + ",")
    assert lines.splitlines()[1].startswith(BAD + ",3,")
    assert stored_days(deployment) == {DAY: Totals(1000, 3, 1)}


def test_an_unreadable_file_is_set_aside_with_its_reason(
    deployment: Deployment, summarizer: Summarizer
) -> None:
    """It moves from incoming/ to rejected/; two contents under one name are both kept."""
    for content in (b"a,b\n1,2\n", b"c,d\n3,4\n"):
        upload(deployment, KEY, content)
        summarizer.process(message(deployment, KEY), 1)
    rejected = keys(deployment)
    assert len(rejected) == 2
    for key in rejected:
        assert key.startswith("rejected/")
        assert key.endswith("/paris/data-20221207.csv")
        kept = client("s3").head_object(Bucket=deployment.bucket, Key=key)
        assert "Src IP" in unquote(kept["Metadata"]["reason"])
    assert file_record(deployment, "paris", "data-20221207.csv").state == "rejected"
    assert stored_days(deployment) == {}


def test_a_vanished_object_is_done(deployment: Deployment, summarizer: Summarizer) -> None:
    """The message of an object that was processed or withdrawn is acknowledged."""
    summarizer.process(message(deployment, KEY), 3)
    assert stored_days(deployment) == {}


def test_a_forbidden_object_is_not_taken_for_a_vanished_one(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing permission is a failure: the message must come again."""

    def forbidden(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetObject")

    monkeypatch.setattr(summarizer.s3, "get_object", forbidden)
    with pytest.raises(ClientError):
        summarizer.process(message(deployment, KEY), 1)


def test_an_object_that_changes_while_it_is_read(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new content is not deleted unread: both are counted."""
    upload(deployment, KEY, flow_csv(GOOD))
    delete = summarizer.s3.delete_object

    def overwrite_then_delete(**request: Any) -> Any:
        monkeypatch.setattr(summarizer.s3, "delete_object", delete)
        upload(deployment, KEY, flow_csv("10.0.0.1,10.0.0.2,07/12/2022,50,1"))
        return delete(**request)

    monkeypatch.setattr(summarizer.s3, "delete_object", overwrite_then_delete)
    summarizer.process(message(deployment, KEY), 1)
    assert stored_days(deployment) == {DAY: Totals(1050, 4, 2)}
    assert keys(deployment) == []


def test_an_interrupted_file_completes(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a failure between two writes the object stays; the redelivery writes only what is missing."""
    rows = [f"10.0.0.1,10.0.0.{n},07/12/2022,{n},1" for n in range(2, 40)]
    upload(deployment, KEY, flow_csv(*rows))
    add_once = summarizer.daily_totals.add_once
    written: list[PairWeek] = []

    def fail_after_ten(week: PairWeek, *rest: Any) -> bool:
        if len(written) == 10:
            raise ClientError({"Error": {"Code": "InternalServerError", "Message": ""}}, "UpdateItem")
        written.append(week)
        return add_once(week, *rest)

    monkeypatch.setattr(summarizer.daily_totals, "add_once", fail_after_ten)
    object.__setattr__(summarizer, "for_each", in_turn)
    with pytest.raises(ClientError):
        summarizer.process(message(deployment, KEY), 1)
    assert keys(deployment) == [KEY]

    again: list[PairWeek] = []

    def noted(week: PairWeek, *rest: Any) -> bool:
        again.append(week)
        return add_once(week, *rest)

    monkeypatch.setattr(summarizer.daily_totals, "add_once", noted)
    summarizer.process(message(deployment, KEY), 2)
    assert len(again) == len(rows) - len(written)
    assert stored_days(deployment) == {
        PairDay("10.0.0.1", f"10.0.0.{n}", "2022-12-07"): Totals(n, 1, 1) for n in range(2, 40)
    }
    assert keys(deployment) == []


def test_a_reason_fits_into_its_item_however_many_weeks_are_full() -> None:
    """Ten are named, and how many more there are: an item of the ledger takes 400 KB."""
    full = [
        PairWeek("10.0.0.1", f"10.0.{number >> 8}.{number & 255}", "2022-12-05") for number in range(20_000)
    ]
    reason = stage._reason_of(full)
    assert "(20000)" in reason
    assert "10.0.0.1 > 10.0.0.9 in the week of 2022-12-05 and 19,990 more" in reason
    assert len(reason) < 1000
    assert "more" not in stage._reason_of(full[:10])


def test_what_a_full_week_refuses_is_completed_by_a_redrive(
    deployment: Deployment, summarizer: Summarizer, caplog: pytest.LogCaptureFixture
) -> None:
    """The rest is counted, the file lies in rejected/ with the pair in its reason; with room, all counts."""
    key = {"k": {"S": DAY.pair}, "t": {"S": "2022-12-05"}}
    full = {"s": {"BS": [number.to_bytes(8, "big") for number in range(51_193)]}}
    numbers = {name: {"N": "1"} for name in ("d4", "p4", "n4", "r", "u")}
    client("dynamodb").put_item(TableName=deployment.daily_totals, Item=key | full | numbers)
    upload(deployment, KEY, flow_csv(GOOD, GOOD, "10.0.0.1,10.0.0.3,07/12/2022,5,1"))
    summarizer.process(message(deployment, KEY), 1)
    other = PairDay("10.0.0.1", "10.0.0.3", "2022-12-07")
    assert stored_days(deployment)[other] == Totals(5, 1, 1)
    assert DAY not in stored_days(deployment)
    (rejected,) = keys(deployment)
    assert rejected.startswith("rejected/")
    record = file_record(deployment, "paris", "data-20221207.csv")
    assert record.state == "partly counted"
    assert "10.0.0.1 > 10.0.0.2 in the week of 2022-12-05" in str(record.reason)
    assert [line.levelname for line in caplog.records if line.message == "file partly counted"] == ["ERROR"]

    client("dynamodb").put_item(TableName=deployment.daily_totals, Item=key | numbers)
    started: list[RedriveResult] = []
    Redrive(client("s3"), client("sqs"), deployment).restart_rejected(started.append)
    assert ["are full" in one.reason for one in started] == [True]
    summarizer.process(message(deployment, KEY), 1)
    assert stored_days(deployment)[DAY] == Totals(2000, 6, 2)
    assert stored_days(deployment)[other] == Totals(5, 1, 1)
    assert keys(deployment) == []
    assert file_record(deployment, "paris", "data-20221207.csv").state == "counted"


def test_branches_may_have_the_same_addresses(deployment: Deployment, summarizer: Summarizer) -> None:
    """With the branch as scope, an address is a device of its branch."""
    object.__setattr__(summarizer, "address_scope", "branch")
    for branch in ("paris", "rome"):
        upload(deployment, f"incoming/{branch}/x.csv", flow_csv(GOOD))
        summarizer.process(message(deployment, f"incoming/{branch}/x.csv"), 1)
    assert stored_days(deployment) == {
        PairDay(f"{branch}/10.0.0.1", f"{branch}/10.0.0.2", "2022-12-07"): Totals(1000, 3, 1)
        for branch in ("paris", "rome")
    }


@pytest.mark.parametrize(
    "key",
    [
        "incoming/paris/with space+plus.csv",
        "incoming/paris/été-日本.csv",
        "incoming/paris/../../x.csv",
        "incoming/paris/line\nbreak.csv",
        "incoming/no-branch.csv",
        "incoming/paris/100%25.csv",
    ],
)
def test_keys_of_all_kinds(deployment: Deployment, summarizer: Summarizer, key: str) -> None:
    """Whatever S3 takes as a key is counted, and the object goes."""
    upload(deployment, key, flow_csv(GOOD))
    summarizer.process(message(deployment, key), 1)
    assert stored_days(deployment) == {DAY: Totals(1000, 3, 1)}
    assert keys(deployment) == []


def test_the_test_message_of_s3_is_acknowledged(summarizer: Summarizer) -> None:
    """S3 sends a test message when notifications are configured: it asks for nothing."""
    summarizer.process(orjson.dumps({"Event": "s3:TestEvent"}).decode(), 1)


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"Records": [{}]}', "null", '{"Records": 3}'])
def test_a_foreign_message_fails_with_a_clear_error(summarizer: Summarizer, body: str) -> None:
    """What is no notification is left to the dead-letter queue, and the log says why."""
    with pytest.raises(FlowtallyError, match="no S3 notification"):
        summarizer.process(body, 1)


def test_a_folder_marker_is_left_alone(deployment: Deployment, summarizer: Summarizer) -> None:
    """Consoles make empty objects for folders: they are no files."""
    upload(deployment, "incoming/paris/", b"")
    summarizer.process(message(deployment, "incoming/paris/"), 1)
    assert keys(deployment) == ["incoming/paris/"]
