"""Files of more pairs than are held at a time, on real storage: several passes over one version."""

import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from handlers.assembly import summarizer_for
from handlers.summarizing.stage import Summarizer
from models.deployment import Deployment
from models.traffic import PairDay, Totals
from tests.handlers.summarizing.test_stage import KEY, file_record, message
from tests.helpers.deployed import client, keys, stored_days, upload
from tests.helpers.flow_files import flow_csv

NAME = KEY.rsplit("/", 1)[1]
ROWS = [f"10.0.0.1,10.0.0.{n},07/12/2022,{n},1" for n in range(40)]
WHOLE = {PairDay("10.0.0.1", f"10.0.0.{n}", "2022-12-07"): Totals(n, 1, 1) for n in range(40)}
NEW = flow_csv("10.0.0.9,10.0.0.9,07/12/2022,5,1")
NEW_DAY = {PairDay("10.0.0.9", "10.0.0.9", "2022-12-07"): Totals(5, 1, 1)}


@pytest.fixture
def summarizer(deployment: Deployment) -> Summarizer:
    """One that holds ten pair-days at most."""
    return replace(summarizer_for(deployment), pair_days=10)


def before_the_second_pass(
    summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch, happens: Callable[[], object]
) -> list[Any]:
    """Has something happen to the object; gives what was asked of S3."""
    get_object, asked = summarizer.s3.get_object, []

    def noted(**request: Any) -> Any:
        asked.append(request)
        if len(asked) == 2:
            happens()
        return get_object(**request)

    monkeypatch.setattr(summarizer.s3, "get_object", noted)
    return asked


def test_a_wide_file_is_counted_in_several_passes(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exactly, each pass over the version that was read first."""
    upload(deployment, KEY, flow_csv(*ROWS))
    asked = before_the_second_pass(summarizer, monkeypatch, lambda: None)
    summarizer.process(message(deployment, KEY), 1)
    assert stored_days(deployment) == WHOLE
    assert keys(deployment) == []
    assert len(asked) >= 4
    assert all(request.get("IfMatch") for request in asked[1:])
    record = file_record(deployment, "paris", NAME)
    assert (record.state, record.rows, record.first_day) == ("counted", 40, "2022-12-07")


def test_a_redelivery_completes_a_wide_file(deployment: Deployment, summarizer: Summarizer) -> None:
    """Whatever the parts were when it was cut off, nothing counts twice and nothing is left out."""
    for number, receives in ((7, 1), (25, 2), (10, 3)):
        upload(deployment, KEY, flow_csv(*ROWS))
        replace(summarizer, pair_days=number).process(message(deployment, KEY), receives)
    assert stored_days(deployment) == WHOLE


@pytest.mark.parametrize(("before", "state"), [(ROWS, "duplicate"), (ROWS[:1], "counted")])
def test_a_wide_file_is_a_duplicate_if_no_part_of_it_adds_anything(
    deployment: Deployment, summarizer: Summarizer, before: list[str], state: str
) -> None:
    """Each of its parts was counted before; where another file has some of its rows, it is none."""
    other = KEY.replace("paris", "rome")
    upload(deployment, other, flow_csv(*before))
    summarizer.process(message(deployment, other), 1)
    upload(deployment, KEY, flow_csv(*ROWS))
    summarizer.process(message(deployment, KEY), 1)
    assert file_record(deployment, "paris", NAME).state == state


def test_a_wide_file_of_which_one_part_was_missing_is_no_duplicate(
    deployment: Deployment, summarizer: Summarizer
) -> None:
    """All of it but one pair was counted before, so it added that pair."""
    upload(deployment, KEY, flow_csv(*ROWS))
    summarizer.process(message(deployment, KEY), 1)
    missing = {"k": {"S": "10.0.0.1>10.0.0.7"}, "t": {"S": "2022-12-05"}}
    client("dynamodb").delete_item(TableName=deployment.daily_totals, Key=missing)
    upload(deployment, KEY, flow_csv(*ROWS))
    summarizer.process(message(deployment, KEY), 1)
    assert file_record(deployment, "paris", NAME).state == "counted"
    assert stored_days(deployment) == WHOLE


def test_what_is_overwritten_between_passes_is_partly_counted(
    deployment: Deployment,
    summarizer: Summarizer,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its first part stays, an error tells so, and the new version is counted whole."""
    upload(deployment, KEY, flow_csv(*ROWS))
    before_the_second_pass(summarizer, monkeypatch, lambda: upload(deployment, KEY, NEW))
    with caplog.at_level(logging.ERROR):
        summarizer.process(message(deployment, KEY), 1)
    counted = stored_days(deployment)
    assert NEW_DAY.items() <= counted.items()
    assert counted.items() <= (WHOLE | NEW_DAY).items()
    assert 1 < len(counted) < len(WHOLE)
    (told,) = [entry for entry in caplog.records if entry.message == "file partly counted"]
    assert told.__dict__["reason"].startswith("the file was overwritten between two passes over it, and what")
    assert keys(deployment) == []
    upload(deployment, KEY, flow_csv(*ROWS))
    summarizer.process(message(deployment, KEY), 1)
    assert stored_days(deployment) == WHOLE | NEW_DAY


def test_what_is_deleted_between_passes_is_partly_counted(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger says so, and the message has done its work."""
    upload(deployment, KEY, flow_csv(*ROWS))
    remove = {"Bucket": deployment.bucket, "Key": KEY}
    before_the_second_pass(summarizer, monkeypatch, lambda: client("s3").delete_object(**remove))
    summarizer.process(message(deployment, KEY), 1)
    record = file_record(deployment, "paris", NAME)
    assert record.state == "partly counted"
    assert record.reason
    assert record.reason.startswith(
        "the file was deleted between two passes over it, and what was read of it"
    )
    assert len(stored_days(deployment)) < len(WHOLE)


def test_what_another_worker_counted_meanwhile_is_counted(
    deployment: Deployment, summarizer: Summarizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two deliveries of one message: the slower one finds the object gone, and the ledger says why."""
    upload(deployment, KEY, flow_csv(*ROWS))
    other = summarizer_for(deployment)
    before_the_second_pass(summarizer, monkeypatch, lambda: other.process(message(deployment, KEY), 1))
    summarizer.process(message(deployment, KEY), 1)
    assert stored_days(deployment) == WHOLE
    assert file_record(deployment, "paris", NAME).state == "counted"
