"""A deployment in which something has happened, for all commands to look at."""

from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from handlers.assembly import summarizer_for
from handlers.consolidating.repair import repair_all
from models.bucket_layout import incoming_key
from models.deployment import Deployment
from models.s3_events import notification_of
from models.storage.pair_statistics import PairStatisticsStore
from tests.helpers.deployed import client, upload
from tests.helpers.flow_files import flow_csv

LONG_NAME = "a" * 90 + ".csv"
ROWS = (
    "10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,777777777777,3",
    "10.0.0.1,10.0.0.2,08/12/2022 10:00:00 AM,1,5",
    "10.0.0.1,10.0.0.2,no day,1,5",
)

Calls = list[tuple[str, str | None]]  # operations, and the tables that they were for


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Every request to AWS from now on."""
    made: Calls = []
    call = BaseClient._make_api_call  # type: ignore[attr-defined]  # private, and has no stub

    def noted(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        made.append((operation, arguments.get("TableName")))
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)
    return made


@pytest.fixture
def counted(deployment: Deployment) -> Deployment:
    """A deployment with a counted file, rows in quarantine, a rejected file and one that waits."""
    for name, content in ((LONG_NAME, flow_csv(*ROWS)), ("bad.csv", b"a,b\n1,2\n")):
        key = incoming_key("paris", name)
        upload(deployment, key, content)
        summarizer_for(deployment).process(notification_of(deployment.bucket, key), 1)
    repair_all(PairStatisticsStore.of(deployment, client("dynamodb")))
    upload(deployment, incoming_key("paris", "waits.csv"), flow_csv(ROWS[0]))
    return deployment


@pytest.fixture
def day(tmp_path: Path) -> Path:
    """A file to send or to take out."""
    path = tmp_path / "day.csv"
    path.write_bytes(flow_csv("10.0.0.1,10.0.0.2,09/12/2022 10:00:00 AM,5,1"))
    return path
