"""The simulator: its services are as documented, a seed repeats itself, and a sample of seeds holds."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.helpers.project import ROOT
from tests.simulation import faults as kinds
from tests.simulation.call_sites import all_call_sites
from tests.simulation.dynamodb import DynamoDB, Table, write_units
from tests.simulation.event_loop import Crash, Process, Scheduler, Signal
from tests.simulation.planted import MUTANTS
from tests.simulation.s3 import S3
from tests.simulation.sqs import SQS
from tests.simulation.streams import RETENTION, Streams
from tests.simulation.traffic import content

SAMPLE = 150  # seeds, a few seconds


def run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    """Runs a module in a process of its own, in which sets have one order."""
    environment = os.environ | {"PYTHONHASHSEED": "0"}
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_a_sample_of_seeds_breaks_no_invariant() -> None:
    """Whatever the first seeds do to the two stages, everything is exact at rest."""
    done = run("tests.simulation", "--seeds", str(SAMPLE), "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_planted_bug_is_found_and_shown_as_a_short_trace() -> None:
    """With a safeguard removed, the simulator fails, and shows the calls that it takes and nothing else."""
    done = run("tests.simulation.mutants", "--trace", "digest of the file forgotten")
    assert done.returncode == 1, done.stdout + done.stderr
    *trace, last = done.stdout.splitlines()
    assert last.startswith(("source lost unread", "daily totals differ"))
    assert len(trace) < 60


def test_a_mutant_that_nothing_notices_fails_the_run() -> None:
    """A table with a survivor in it is no success."""
    done = run("tests.simulation.mutants", "--only", "folded steps", "--seeds", "1", "--jobs", "1")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "survived" in done.stdout


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_every_planted_bug_fits_the_source(mutant: Any) -> None:
    """Each mutant still changes production code; one that does not would prove nothing."""
    source = (ROOT / mutant.file).read_text()
    compile(mutant.applied(source), mutant.file, "exec")
    assert mutant.applied(source) != source


def test_mutants_have_names_of_their_own() -> None:
    """The table of mutants tells them apart."""
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_a_seed_always_gives_the_same_schedule() -> None:
    """A replay shows what happened, not something else."""
    assert run("tests.simulation", "--seed", "7").stdout == run("tests.simulation", "--seed", "7").stdout


def test_call_sites_are_found_where_production_calls_services() -> None:
    """The scan sees direct calls, calls handed on as a function, and paginators."""
    found = {(site.file, site.name, site.operation) for site in all_call_sites()}
    assert ("handlers/summarizing/stage.py", "_delete", "delete_object") in found
    assert ("models/storage/pair_statistics.py", "_prune", "update_item") in found
    assert ("models/storage/daily_totals.py", "of_pair", "query") in found


def test_a_crash_ends_every_task_of_a_process_and_no_other() -> None:
    """A crash is like `kill -9`: no task of the process goes on, all others do."""
    scheduler = Scheduler(Random(0), 0.0)
    log: list[str] = []
    one, other = Process("one"), Process("other")

    def crash() -> None:
        scheduler.sleep(1)
        raise Crash

    def go_on(name: str) -> Callable[[], None]:
        def go_on_later() -> None:
            scheduler.sleep(2)
            log.append(name)

        return go_on_later

    scheduler.spawn(one, crash)
    scheduler.spawn(one, go_on("same process"))
    scheduler.spawn(other, go_on("other process"))
    scheduler.run()
    assert log == ["other process"]


def test_a_frozen_process_goes_on_when_it_thaws() -> None:
    """A freeze delays a process, and loses nothing: it sleeps its second when it has thawed."""
    scheduler, process = Scheduler(Random(0), 0.0), Process("frozen")
    log: list[float] = []

    def work() -> None:
        scheduler.sleep(1)
        log.append(scheduler.now)

    scheduler.spawn(process, work)
    scheduler.freeze(process, 500.0)
    scheduler.run()
    assert log == [501.0]


class Services:
    """Small services on one clock."""

    def __init__(self) -> None:
        self.scheduler = Scheduler(Random(0), 1_000_000.0)
        signal = Signal(self.scheduler, Random(0))
        self.streams = Streams(self.scheduler, Random(0), signal, shard_life=1e9, shards=1)
        self.daily = Table(("k", "t"), lambda old, new: self.streams.append(("k", "t"), old, new))
        clock = lambda: self.scheduler.now  # noqa: E731
        self.dynamodb = DynamoDB({"t": self.daily}, Random(0), clock, lambda: False)
        self.sqs = SQS(self.scheduler, Random(0), signal, lambda: False)
        self.s3 = S3(Random(0), clock, lambda body: body, lambda key, found: None)

    def add(self, day: str) -> None:
        """Adds 1 to an item."""
        self.dynamodb.update_item(
            TableName="t",
            Key={"k": {"S": "a>b"}, "t": {"S": day}},
            UpdateExpression="ADD n :one, s :file SET u = :one",
            ConditionExpression="NOT contains(s, :digest)",
            ExpressionAttributeValues={
                ":one": {"N": "1"}, ":file": {"BS": [day.encode()]}, ":digest": {"B": day.encode()}
            },
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )  # fmt: skip

    def pass_time(self, seconds: float) -> None:
        """Moves the clock."""
        self.scheduler.at(self.scheduler.now + seconds, lambda: None)
        self.scheduler.run()


@pytest.fixture
def services() -> Services:
    return Services()


def code_of(error: Any) -> str:
    """The code of an error of AWS."""
    return str(error.value.response["Error"]["Code"])


def test_a_refused_write_returns_the_item_and_changes_nothing(services: Services) -> None:
    """A condition that fails gives the old item, no change, and no stream record."""
    services.add("1")
    with pytest.raises(ClientError) as error:
        services.add("1")
    assert error.value.response["Item"]["n"] == {"N": "1"}  # type: ignore[typeddict-item]
    assert sum(len(shard.records) for shard in services.streams.shards.values()) == 1


def test_an_iterator_expires_and_old_records_are_trimmed(services: Services) -> None:
    """Iterators live 15 minutes, records 24 hours; a position that was trimmed is an error."""
    services.add("1")
    (shard,) = services.streams.shards
    start = {"StreamArn": "s", "ShardId": shard}
    iterator = services.streams.get_shard_iterator(**start, ShardIteratorType="TRIM_HORIZON")["ShardIterator"]
    number = services.streams.get_records(iterator)["Records"][0]["dynamodb"]["SequenceNumber"]
    services.pass_time(901)
    with pytest.raises(ClientError) as error:
        services.streams.get_records(iterator)
    assert code_of(error) == "ExpiredIteratorException"
    services.pass_time(RETENTION)
    with pytest.raises(ClientError) as error:
        services.streams.get_shard_iterator(
            **start, ShardIteratorType="AFTER_SEQUENCE_NUMBER", SequenceNumber=number
        )
    assert code_of(error) == "TrimmedDataAccessException"


def test_a_closed_shard_ends_and_its_child_goes_on(services: Services) -> None:
    """What changes after a shard has closed is in its child; the closed one has no next iterator."""
    services.add("1")
    (parent,) = services.streams.kept()
    services.streams.close(parent, split=False)
    services.add("2")
    child = next(shard for shard in services.streams.kept() if shard.parent == parent.id)
    assert (len(parent.records), len(child.records)) == (1, 1)


def test_a_received_message_is_hidden_until_its_time_is_over(services: Services) -> None:
    """A message that is not deleted comes again, with its receives counted; a deleted one does not."""
    services.sqs.send("body")
    first = services.sqs.receive_message("q", VisibilityTimeout=60)["Messages"]
    assert services.sqs.receive_message("q", VisibilityTimeout=60)["Messages"] == []
    assert first[0]["Attributes"]["ApproximateReceiveCount"] == "1"
    services.pass_time(61)
    (again,) = services.sqs.receive_message("q", VisibilityTimeout=60)["Messages"]
    assert again["Attributes"]["ApproximateReceiveCount"] == "2"
    services.sqs.delete_message("q", again["ReceiptHandle"])
    services.pass_time(61)
    assert services.sqs.receive_message("q", VisibilityTimeout=60)["Messages"] == []


def test_an_object_is_deleted_only_as_the_version_named(services: Services) -> None:
    """A delete on condition of an ETag leaves an object that was overwritten."""
    etag = services.s3.store("k", b"old").etag
    services.s3.store("k", b"new")
    with pytest.raises(ClientError) as error:
        services.s3.delete_object("b", "k", IfMatch=etag)
    assert code_of(error) == "PreconditionFailed"
    assert services.s3.objects["k"].content == b"new"


def test_write_units_follow_the_documented_sizes() -> None:
    """Names and values count, one unit per started KB."""
    assert write_units({"a": {"S": "x" * 1023}}) == 1
    assert write_units({"a": {"S": "x" * 1024}}) == 2


def test_generated_files_hold_what_the_generator_says() -> None:
    """The truth about a file adds up: the lines it has are its rows and one header."""
    for number in range(50):
        made = content(Random(number), number, "few")
        if not made.is_bad and not made.stored.startswith(b"\x1f\x8b"):
            assert len(made.stored.splitlines()) == made.rows + 1


def test_a_trace_shows_the_fault_and_the_call_it_hit() -> None:
    """A replay names time, process, call and fault, so that a failure can be understood."""
    replays = (run("tests.simulation", "--seed", str(seed)).stdout for seed in range(20))
    shown = next(replay for replay in replays if kinds.CRASH_AFTER in replay)
    assert re.search(r"^ *\d+\.\d{3}  \S+ +get_object incoming/", shown, re.MULTILINE)
    assert re.search(rf"^ *\d+\.\d{{3}}  \S+ +[a-z]+_[a-z_]+ .*{kinds.CRASH_AFTER}", shown, re.MULTILINE)
    assert shown.endswith("every invariant holds\n")
