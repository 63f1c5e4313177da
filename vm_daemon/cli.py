"""The program `flowtally-daemon`: one stage in one process, until it is told to stop."""

import logging
import os
import socket
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import NoReturn

import click
from botocore.exceptions import BotoCoreError, ClientError

from handlers.assembly import WRITERS, summarizer_for
from handlers.concurrency import ThreadedForEach
from handlers.consolidating.alerts import tell_of_days
from handlers.consolidating.repair import repair_all
from handlers.consolidating.stage import Consolidator
from handlers.logs import log_as_json
from models.deployment import Deployment
from models.errors import FlowtallyError, UsageError
from models.storage.aws_clients import client, dynamodb
from models.storage.pair_statistics import PairStatisticsStore
from models.traffic import PairWeek
from vm_daemon.deaths import Deaths
from vm_daemon.journal import JournalFormatter, is_journal
from vm_daemon.metrics import Teller, cloudwatch_client, telling
from vm_daemon.queue_poller import QueuePoller
from vm_daemon.service import Service, runtime_directory
from vm_daemon.settings import FILE
from vm_daemon.start_delay import StartDelay
from vm_daemon.stream.leases import Leases
from vm_daemon.stream.stream_reader import StreamReader
from vm_daemon.watchdog import watch_calls, watch_reading, watched, watching_calls

log = logging.getLogger("flowtally.daemon")

_NOBODY = PairWeek("-", "-", "1970-01-05")  # a pair that is never counted


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def daemon() -> None:
    """Run one stage of flowtally on this machine, until SIGTERM, or verify once.

    The environment names the resources (FLOWTALLY_BUCKET, FLOWTALLY_QUEUE_URL, …), as the outputs of
    the stack give them. SIGHUP takes new settings from the file that FLOWTALLY_ENVIRONMENT_FILE names.
    Logs are JSON lines on standard error.
    """


metrics_option = click.option(
    "--metrics",
    "namespace",
    envvar="FLOWTALLY_METRICS",
    default="",
    metavar="NAMESPACE",
    help="Where CloudWatch keeps what alarms look at; nothing is told without.",
)


@daemon.command()
@metrics_option
@click.option(
    "--visibility",
    envvar="FLOWTALLY_VISIBILITY",
    type=click.IntRange(3, 43200),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="After how long the file of a worker that died is taken over by another.",
)
def summarize(visibility: int, namespace: str) -> None:
    """Count uploaded files: take messages from the queue, one at a time."""
    with Service("files", accepts=Deployment.from_environment) as service:
        deployment = Deployment.from_environment(os.environ)
        ping, sqs, stage = service.report.ping, client("sqs"), summarizer_for(deployment)
        # Not the heartbeat's calls: they go on when the work stands still.
        watch_calls(sqs, ping, "sqs.ReceiveMessage", "sqs.DeleteMessage")
        for used in (stage.s3, stage.files.dynamodb):
            watch_calls(used, ping)
        watch_reading(stage.s3, ping)

        def check() -> None:
            stage.s3.head_bucket(Bucket=deployment.bucket)
            list(stage.daily_totals.counted([_NOBODY], b""))

        log.info("summarizing", extra={"queue": deployment.queue_url})
        poller = QueuePoller(
            sqs,
            deployment.queue_url,
            replace(stage, for_each=watched(stage.for_each, ping)),
            service.stop,
            visibility=visibility,
            report=service.report,
            check=check,
            deaths=Deaths(runtime_directory(os.environ)),
        )
        with _telling(service, namespace):
            poller.run()


@daemon.command()
@metrics_option
@click.option(
    "--leases",
    envvar="FLOWTALLY_LEASES",
    default="",
    metavar="TABLE",
    help="The table that the readers of the stream share.",
)
@click.option(
    "--worker",
    envvar="FLOWTALLY_WORKER",
    default=socket.gethostname,
    metavar="NAME",
    help="What the other readers know this one by. [default: the name of the host]",
)
@click.option(
    "--lease",
    envvar="FLOWTALLY_LEASE",
    type=click.IntRange(2, 3600),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="After how long the shards of a reader that died are taken over by another.",
)
def consolidate(leases: str, worker: str, lease: int, namespace: str) -> None:
    """Keep the statistics of the pairs: read this machine's share of the stream of daily totals."""
    with Service("records", accepts=_consolidates) as service:
        deployment = _consolidates(os.environ)
        ping, streams, shares = service.report.ping, client("dynamodbstreams"), client("dynamodb")
        database = dynamodb(WRITERS)
        for used in (streams, shares, database):
            watch_calls(used, ping)
        statistics = PairStatisticsStore.of(deployment, database, observer=tell_of_days)
        held = Leases(shares, leases, deployment.stream_arn, worker, _seconds, lease)

        def check() -> None:
            statistics.get(_NOBODY.pair)
            statistics.daily_totals.of_pair(_NOBODY.pair)

        def repair() -> None:
            with watching_calls(database, held.renew_if_due):
                repair_all(statistics)

        log.info("consolidating", extra={"stream": deployment.stream_arn, "worker": worker})
        reader = StreamReader(
            streams,
            deployment.stream_arn,
            Consolidator(statistics, watched(ThreadedForEach(WRITERS), ping)),
            held,
            repair,
            now=time.time,
            report=service.report,
            check=check,
        )
        with _telling(service, namespace, is_reader=True):
            reader.run(service.stop)


@daemon.command()
@metrics_option
def verify(namespace: str) -> None:
    """Compare all statistics with the daily totals, rebuild those that differ, and end."""
    with Service("pairs", accepts=Deployment.from_environment) as service:
        deployment = Deployment.from_environment(os.environ)
        database = dynamodb(WRITERS)
        watch_calls(database, service.report.ping)
        service.report.reached("verifying")
        with _telling(service, namespace):
            repair_all(PairStatisticsStore.of(deployment, database))


def _telling(service: Service, namespace: str, *, is_reader: bool = False) -> AbstractContextManager[None]:
    """A block in which CloudWatch is told how the service does, if it is to be."""
    if not namespace:
        return nullcontext()
    metrics = service.report.metrics
    return telling(Teller(cloudwatch_client(), namespace, metrics, is_reader=is_reader), metrics)


def _consolidates(environ: Mapping[str, str]) -> Deployment:
    if not environ.get("FLOWTALLY_LEASES"):
        raise UsageError(
            "FLOWTALLY_LEASES not set",
            where=environ.get(FILE, ""),
            remedy="It is the output Leases of the stack flowtally-leases (or NAME-leases, after that of the"
            " storage): `flowtally environment` prints it, with all other settings",
        )
    return Deployment.from_environment(environ)


def _seconds() -> float:
    """Seconds that go on while the machine is suspended, where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def main() -> None:
    """Runs the program; a wrong setting is one line of the log and the exit status 2."""
    log_as_json()
    if is_journal(os.environ):
        logging.getLogger().handlers[0].setFormatter(JournalFormatter())
    # Of all AWS's SDKs, boto3 alone does not know AWS_REGION.
    if region := os.environ.get("AWS_REGION"):
        os.environ["AWS_DEFAULT_REGION"] = region
    _wait_after_failures()
    try:
        daemon(standalone_mode=False)
    except click.ClickException as error:
        _fail(error.format_message(), error.exit_code)
    except FlowtallyError as error:
        _fail(str(error), error.exit_status)
    except (BotoCoreError, ClientError) as error:
        _fail(str(error), FlowtallyError.exit_status)


def _wait_after_failures() -> None:
    delay = StartDelay(runtime_directory(os.environ))
    seconds = delay.seconds
    delay.note_start()
    if seconds:
        log.warning("failed before, waiting", extra={"seconds": seconds})
        time.sleep(seconds)


def _fail(reason: str, status: int) -> NoReturn:
    log.critical("service ended by an error", extra={"reason": reason})
    sys.exit(status)
