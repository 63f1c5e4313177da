"""`flowtally demo`: the whole pipeline on this computer, on the embedded engine, from upload to export."""

import os
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple, get_args

import click
from botocore.exceptions import BotoCoreError
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
from rich.progress import Progress as RichProgress

from clients.local_aws.child import Child
from clients.local_aws.engine import EmbeddedEngine
from clients.local_aws.lambda_service.service import LambdaService
from clients.local_aws.local_lambda import deploy_lambda
from clients.queries.counted import Results
from clients.queries.stored import object_uses, table_use, traffic_uses, waiting
from clients.recovering.verify import verify_all
from clients.render import csv_table as export
from clients.render.pairs import busiest_table, stored_table, summary_of
from clients.render.upload_progress import say_what_became, send_with_bars
from clients.terminal.console import count_of, out, say
from clients.uploading.uploader import CONNECTIONS, LocalFile, Upload, Uploader, flow_files
from cloudformation.deploy import deploy_leases, deploy_storage
from models.bucket_layout import INCOMING
from models.deployment import Deployment
from models.errors import FlowtallyError
from models.storage.file_records import FilesTable
from models.storage.schema import PairStatistics

DemoCompute = Literal["vm", "lambda", "both"]

_BRANCH = "demo"
_STACK = "flowtally"
_STAGES = ("summarize", "summarize", "consolidate")  # a process each
_BUSIEST = 10
_POLL = 0.5  # seconds between two looks
_LINE_EVERY = 2.0  # seconds between two lines of progress where there is no terminal
_PATIENCE = 120.0  # seconds without any progress


class Figures(NamedTuple):
    """How far it is."""

    files: int  # counted or rejected
    uploads_left: int  # objects below incoming/, and messages
    pair_days: int  # daily totals written
    consolidated: int  # of these

    def is_at_rest(self, files: int) -> bool:
        """Whether all the files are counted and everything is consolidated."""
        return self.files == files and not self.uploads_left and self.consolidated == self.pair_days


@dataclass(frozen=True)
class Stage:
    """Where the demo plays: an engine with a deployment on it, and the daemon's processes."""

    engine: EmbeddedEngine
    deployment: Deployment
    workers: Sequence[Child]

    @property
    def files(self) -> FilesTable:
        """What became of the files."""
        return FilesTable(self.engine.client("dynamodb"), self.deployment.files)

    @property
    def results(self) -> Results:
        """What was counted."""
        return Results(self.engine.client("dynamodb"), self.deployment)

    def check(self) -> None:
        """Raises a FlowtallyError if a process has died."""
        for worker in self.workers:
            if worker.exit_status is not None:
                raise FlowtallyError(
                    f"died with status {worker.exit_status}. Its last words:\n{worker.last_lines()}\n",
                    where=worker.name,
                )
        self.engine.check()


@click.command()
@click.argument("paths", metavar="[PATH…]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--output",
    default="demo-output",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the exported CSV.",
)
@click.option(
    "--compute",
    type=click.Choice(get_args(DemoCompute)),
    default="vm",
    show_default=True,
    help="What counts: the daemon as on a VM, Lambda functions, or both at once.",
)
def demo(paths: tuple[Path, ...], output: Path, compute: DemoCompute) -> None:
    """Run everything on this computer, without AWS: on the given flow files, or on made-up ones.

    Starts the embedded engine and the compute, uploads, counts, consolidates, shows and exports, and stops
    all that it started. Needs `pip install "flowtally[demo]"`.
    """
    run_demo(paths, output, compute)


def run_demo(paths: Sequence[Path], output: Path, compute: DemoCompute = "vm") -> None:
    """Runs everything, shows what it does, and stops all that it started.

    Args:
        paths: flow files, and directories of them; made-up files if there are none.
        output: the directory to export to.
        compute: what counts: the daemon, Lambda functions, or both at once.

    Raises:
        UsageError: a path is wrong.
        FlowtallyError: something could not be started, or died.
    """
    began = time.monotonic()
    with ExitStack() as cleanup:
        files = flow_files(paths) if paths else _made_up(cleanup)
        origin = "given" if paths else "made up for this run"
        total = sum(file.size for file in files)
        say(f"Data: {count_of(len(files), 'file')}, {total / 1e6:.1f} MB, {origin}", style="bold")
        stage = _set_up(cleanup, compute)
        uploader = Uploader(
            stage.engine.client("s3", connections=CONNECTIONS), stage.deployment.bucket, _BRANCH, stage.files
        )
        uploads = send_with_bars(uploader, files)
        _follow(stage, uploads)
        _show(stage, uploads, output)
    say(f"Everything was stopped. {time.monotonic() - began:.1f} s in all", style="bold")


def _made_up(cleanup: ExitStack) -> list[LocalFile]:
    directory = cleanup.enter_context(TemporaryDirectory(prefix="flowtally-"))
    arguments = [directory, "--days", "6", "--megabytes", "1", "--pairs", "250"]
    with Child.module(
        "the generator of flow files", "perf.data.generate", os.environ, arguments
    ) as generator:
        if generator.wait():
            raise FlowtallyError(generator.last_lines(), where=generator.name)
    return flow_files([Path(directory)])


def _set_up(cleanup: ExitStack, compute: DemoCompute) -> Stage:
    """Engine, deployment and compute, in this order, so that they are stopped in the other."""
    engine = cleanup.enter_context(EmbeddedEngine())
    cloudformation = engine.client("cloudformation")
    deploy_storage(cloudformation, _STACK)
    deployment = Deployment.from_stack(cloudformation, _STACK)
    say(f"Embedded engine at {engine.endpoint_url}, storage.yaml deployed")
    if compute in ("lambda", "both"):
        deploy_lambda(engine, _STACK)
        cleanup.enter_context(LambdaService(engine.client, engine.environment()))
        say("Lambda: the real package in processes of the real runtime client, lambda.yaml deployed")
    workers = _daemon(cleanup, engine, deployment) if compute in ("vm", "both") else []
    return Stage(engine, deployment, workers)


def _daemon(cleanup: ExitStack, engine: EmbeddedEngine, deployment: Deployment) -> list[Child]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "FLOWTALLY_"))
    }
    environment = {
        **inherited,
        **engine.environment(),
        **deployment.to_environment(),
        "FLOWTALLY_LEASES": deploy_leases(engine.client("cloudformation"), _STACK),
    }
    workers = [
        cleanup.enter_context(Child.module(f"flowtally-daemon {stage}", "vm_daemon", environment, [stage]))
        for stage in _STAGES
    ]
    cleanup.callback(_terminate, workers)
    processes = ", ".join(f"{stage} ({worker.pid})" for stage, worker in zip(_STAGES, workers, strict=True))
    say(f"Daemon: {processes}")
    return workers


def _terminate(workers: Sequence[Child]) -> None:
    """Asks all to stop before any is waited for."""
    for worker in workers:
        worker.terminate()


def _follow(stage: Stage, uploads: Sequence[Upload]) -> None:
    """Shows the progress until everything is counted and consolidated."""
    files = len({upload.key for upload in uploads})
    shown: Figures | None = None
    deadline = time.monotonic() + _PATIENCE
    with _Bars(files) as bars:
        while shown is None or not shown.is_at_rest(files):
            stage.check()
            try:
                figures = _look(stage)
            except BotoCoreError:
                stage.check()  # the reason, if the engine has died
                raise
            if figures != shown:
                deadline = time.monotonic() + _PATIENCE
                bars.show(figures)
                shown = figures
            elif time.monotonic() > deadline:
                raise FlowtallyError(f"no progress for {_PATIENCE:g} s", remedy=_last_words(stage.workers))
            time.sleep(_POLL)


def _look(stage: Stage) -> Figures:
    dynamodb, s3, sqs = (stage.engine.client(service) for service in ("dynamodb", "s3", "sqs"))
    incoming = s3.list_objects_v2(Bucket=stage.deployment.bucket, Prefix=INCOMING)["KeyCount"]
    queue = waiting(sqs, stage.deployment.queue_url)
    # The engine needs its one process for the work, so the looks are cheap: it counts items as they come.
    pair_days = dynamodb.describe_table(TableName=stage.deployment.daily_totals)["Table"]["ItemCount"]
    days = PairStatistics.days.attr_name
    pairs = dynamodb.get_paginator("scan").paginate(
        TableName=stage.deployment.pair_statistics, ProjectionExpression=days
    )
    return Figures(
        files=sum(1 for _ in stage.files.all()),
        uploads_left=incoming + queue.visible + queue.in_flight,
        pair_days=pair_days,
        consolidated=sum(int(pair[days]["N"]) for page in pairs for pair in page["Items"]),
    )


class _Bars:
    """The progress as bars that move, or as lines where there is no terminal."""

    def __init__(self, files: int) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=out,
            disable=not out.is_terminal,
        )
        self._files = self._bars.add_task("files counted", total=files)
        self._pair_days = self._bars.add_task("pair-days consolidated", total=None)
        self._total = files
        self._line_due = 0.0

    def __enter__(self) -> "_Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, figures: Figures) -> None:
        self._bars.update(self._files, completed=figures.files)
        self._bars.update(self._pair_days, completed=figures.consolidated, total=figures.pair_days or None)
        if not out.is_terminal and (time.monotonic() >= self._line_due or figures.is_at_rest(self._total)):
            self._line_due = time.monotonic() + _LINE_EVERY
            say(
                f"files counted {figures.files}/{self._total}, "
                f"pair-days consolidated {figures.consolidated}/{figures.pair_days}"
            )


def _last_words(workers: Sequence[Child]) -> str:
    return "The last words of the processes:\n" + "\n".join(
        f"{worker.name}: {worker.last_lines(3)}" for worker in workers
    )


def _show(stage: Stage, uploads: Sequence[Upload], output: Path) -> None:
    """Prints and exports what was counted."""
    for upload in uploads:
        if record := stage.files.get(_BRANCH, upload.key):
            say_what_became(upload, record)
    verdict = verify_all(stage.results)
    if verdict.differences:
        raise FlowtallyError(f"{len(verdict.differences)} pairs have wrong statistics", where="verification")
    say(f"Verified: the statistics of {summary_of(verdict.pairs, verdict.days)} agree with the daily totals")
    pairs = sorted(stage.results.all_pairs(), key=lambda pair: pair.duration_sum, reverse=True)
    if pairs:
        out.print(busiest_table(pairs[:_BUSIEST], "duration", sample=False))
        say(f"Exported: {_export(stage.results, pairs, output)}", style="bold")
    dynamodb = stage.engine.client("dynamodb")
    tables = [
        *traffic_uses(dynamodb, stage.deployment),
        table_use(dynamodb, "Files", stage.deployment.files),
    ]
    out.print(stored_table(tables, object_uses(stage.engine.client("s3"), stage.deployment.bucket)))


def _export(results: Results, busiest_first: Sequence[PairStatistics], output: Path) -> Path:
    """Exports the busiest pair that has more than a day, or else the busiest."""
    pair = next((pair for pair in busiest_first if pair.days > 1), busiest_first[0])
    output.mkdir(parents=True, exist_ok=True)
    path = output / re.sub(r"[^\w.\-]", "-", f"{pair.source}_to_{pair.destination}.csv")
    days = results.days(pair.source, pair.destination)
    rows = export.rows(pair.source, pair.destination, days, pair, sample=False)
    export.write_csv(str(path), export.header(sample=False), rows)
    return path
