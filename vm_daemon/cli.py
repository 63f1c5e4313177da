"""The program `flowtally-daemon`: one stage in one process, until it is told to stop."""

import logging
import os
import sys
import time
from pathlib import Path

import click

from handlers.assembly import consolidator_for, summarizer_for
from handlers.logs import log_as_json
from handlers.repair import repair_all
from models.aws import client
from models.daily_totals import DailyTotalsStore
from models.deployment import Deployment
from models.errors import FlowtallyError
from models.pair_statistics import PairStatisticsStore
from vm_daemon.checkpoints import Checkpoints
from vm_daemon.queue_poller import QueuePoller
from vm_daemon.stopping import Stop
from vm_daemon.stream_reader import StreamReader

log = logging.getLogger("flowtally.daemon")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def daemon() -> None:
    """Run one stage of flowtally on this machine, until SIGTERM.

    The environment names the resources (FLOWTALLY_BUCKET, FLOWTALLY_QUEUE_URL, …), as the outputs of
    the stack give them. Logs are JSON lines on standard error.
    """


@daemon.command()
@click.option(
    "--visibility",
    envvar="FLOWTALLY_VISIBILITY",
    type=click.IntRange(3, 43200),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="After how long the file of a worker that died is taken over by another.",
)
def summarize(visibility: int) -> None:
    """Count uploaded files: take messages from the queue, one at a time."""
    deployment = Deployment.from_environment(os.environ)
    stop = Stop()
    stop.listen()
    poller = QueuePoller(
        client("sqs"), deployment.queue_url, summarizer_for(deployment), stop, visibility=visibility
    )
    log.info("summarizing", extra={"queue": deployment.queue_url})
    poller.run()


@daemon.command()
@click.option(
    "--state-directory",
    envvar="FLOWTALLY_STATE_DIRECTORY",
    type=click.Path(file_okay=False, writable=True, path_type=Path),
    default=Path(),
    help="Where the checkpoints are kept between two runs. [default: the current directory]",
)
def consolidate(state_directory: Path) -> None:
    """Keep the statistics of the pairs: read the stream of daily totals."""
    deployment = Deployment.from_environment(os.environ)
    stop = Stop()
    stop.listen()
    dynamodb = client("dynamodb")
    daily_totals = DailyTotalsStore(dynamodb, deployment.daily_totals)
    statistics = PairStatisticsStore(dynamodb, deployment.pair_statistics, daily_totals)
    state_directory.mkdir(parents=True, exist_ok=True)
    reader = StreamReader(
        client("dynamodbstreams"),
        deployment.stream_arn,
        consolidator_for(deployment),
        Checkpoints(state_directory / "checkpoints.json", deployment.stream_arn),
        repair=lambda: repair_all(daily_totals, statistics),
        now=time.time,
    )
    log.info("consolidating", extra={"stream": deployment.stream_arn})
    try:
        while not stop.requested:
            pause = reader.round()
            with stop.waiting():
                time.sleep(pause)
    finally:
        reader.save()


def main() -> None:
    """Runs the program; a wrong setting is one line of the log and the exit status 2."""
    log_as_json()
    try:
        daemon(standalone_mode=True)
    except FlowtallyError as error:
        log.critical(str(error))
        sys.exit(error.exit_status)
