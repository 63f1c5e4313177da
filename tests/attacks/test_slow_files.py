"""Files that take longer to read than a function may run, through the real package."""

import gzip

from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from models.deployment import Deployment
from models.storage.file_records import FilesTable
from tests.helpers.deployed import client, is_at_rest, keys, stored_days, upload
from tests.helpers.flow_files import flow_csv
from tests.helpers.waiting import eventually

TIME_LIMIT = 20  # seconds, of which ten are the margin
GOOD = flow_csv("10.0.0.3,10.0.0.4,07/12/2022 10:00:00 AM,1000,3")


def slow_file(repeats: int = 200) -> bytes:
    """2 GB, mostly blank lines with the ends that take longest, gzipped as far as a file may be."""
    rows = flow_csv(*["10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3"] * 4_000)
    return (gzip.compress(rows, 0) + gzip.compress(b"\r" * 10_000_000)) * repeats


def test_slow_files_are_set_aside_and_those_of_others_counted(
    engine: EmbeddedEngine, deployment: Deployment
) -> None:
    """Each is given up after three runs, not after sixty; meanwhile the others' have their turn."""
    deploy_lambda(engine, "flowtally")
    (summarize,) = (
        function["FunctionName"]
        for function in client("lambda").list_functions()["Functions"]
        if function["FunctionName"].endswith("-summarize")
    )
    client("lambda").update_function_configuration(FunctionName=summarize, Timeout=TIME_LIMIT)
    slow = slow_file()
    for number in range(2):  # as many as run at a time
        upload(deployment, f"incoming/eve/{number}.csv.gz", slow + bytes(number))
    upload(deployment, "incoming/paris/good.csv", GOOD)
    with LambdaService(engine.client, engine.environment(), most=2):
        eventually(lambda: is_at_rest(deployment) and len(keys(deployment, "rejected/")) == 2)
    assert {(day.source, day.destination) for day in stored_days(deployment)} == {("10.0.0.3", "10.0.0.4")}
    records = FilesTable(client("dynamodb"), deployment.files).all()
    reasons = [record.reason for record in records if record.state == "rejected"]
    assert ["longer than a run may last" in str(reason) for reason in reasons] == [True, True]
