"""Runs that stop before their time limit: which are continued, and which files are set aside instead."""

from collections.abc import Callable

import pytest

from clients.recovering.redrive import Redrive
from handlers.assembly import summarizer_for
from handlers.summarizing.delivery import FRUITLESS, MARGIN
from handlers.summarizing.stage import Summarizer
from models.deployment import Deployment
from models.errors import RunCutShort
from tests.handlers.summarizing.test_stage import KEY, file_record, message
from tests.helpers.deployed import client, keys, stored_days, upload
from tests.helpers.flow_files import flow_csv

NAME = KEY.rsplit("/", 1)[1]
ROWS = [f"10.0.0.1,10.0.0.{n},07/12/2022,{n},1" for n in range(40)]


@pytest.fixture
def summarizer(deployment: Deployment) -> Summarizer:
    upload(deployment, KEY, flow_csv(*ROWS))
    return summarizer_for(deployment)


def enough_for(steps: int) -> Callable[[], float]:
    """A time limit that lets a run begin so many things: a block, a look, a write each."""
    left = iter([MARGIN] * steps)
    return lambda: next(left, MARGIN / 2)


def set_aside(deployment: Deployment) -> list[str]:
    """The names of the files in `rejected/`; whatever is there is not in `incoming/` any more."""
    found = keys(deployment)
    assert all(key.startswith("rejected/") for key in found)
    return [key.rsplit("/", 1)[1] for key in found]


def test_a_file_that_no_run_can_read_to_its_end_is_set_aside(
    deployment: Deployment, summarizer: Summarizer
) -> None:
    """Two runs that are cut off while they read give it back; the third puts it where rejected files are."""
    for receives in range(1, FRUITLESS):
        with pytest.raises(RunCutShort):
            summarizer.process(message(deployment, KEY), receives, enough_for(0))
        assert keys(deployment) == [KEY]
    summarizer.process(message(deployment, KEY), FRUITLESS, enough_for(0))
    record = file_record(deployment, "paris", NAME)
    assert record.state == "rejected"
    assert "longer than a run may last" in str(record.reason)
    assert set_aside(deployment) == [NAME]
    assert stored_days(deployment) == {}


@pytest.mark.parametrize("receives", [1, FRUITLESS, 59])
def test_a_run_that_gets_further_is_continued(
    deployment: Deployment, summarizer: Summarizer, receives: int
) -> None:
    """Whichever delivery it is: what it wrote stays, and the next one goes on."""
    looks = 0 if receives == 1 else 1
    with pytest.raises(RunCutShort):
        summarizer.process(message(deployment, KEY), receives, enough_for(1 + looks + 7))
    assert len(stored_days(deployment)) == 7
    assert keys(deployment) == [KEY]
    summarizer.process(message(deployment, KEY), receives + 1)
    assert len(stored_days(deployment)) == len(ROWS)
    assert file_record(deployment, "paris", NAME).state == "counted"


@pytest.mark.parametrize(("written", "state"), [(0, "rejected"), (7, "partly counted")])
def test_a_file_of_which_nothing_more_is_counted_is_set_aside(
    deployment: Deployment, summarizer: Summarizer, written: int, state: str
) -> None:
    """It says whether some of it is counted; started again, it is completed, and nothing counts twice."""
    with pytest.raises(RunCutShort):
        summarizer.process(message(deployment, KEY), 1, enough_for(1 + written))
    with pytest.raises(RunCutShort):
        summarizer.process(message(deployment, KEY), 2, enough_for(2))
    summarizer.process(message(deployment, KEY), 3, enough_for(2))
    record = file_record(deployment, "paris", NAME)
    assert (record.state, len(stored_days(deployment))) == (state, written)
    assert "nothing more of it was counted" in str(record.reason)
    assert set_aside(deployment) == [NAME]
    Redrive(client("s3"), client("sqs"), deployment).restart_rejected()
    summarizer.process(message(deployment, KEY), 1)
    assert len(stored_days(deployment)) == len(ROWS)
    assert file_record(deployment, "paris", NAME).state == "counted"
    assert keys(deployment) == []


def test_a_run_beyond_its_limit_sets_nothing_aside(deployment: Deployment, summarizer: Summarizer) -> None:
    """It was frozen, and another may be at work on the file by now."""
    with pytest.raises(RunCutShort):
        summarizer.process(message(deployment, KEY), FRUITLESS, lambda: -60.0)
    assert keys(deployment) == [KEY]
