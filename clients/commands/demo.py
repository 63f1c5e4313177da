"""The command `flowtally demo`: the whole pipeline on this computer, from upload to export."""

import os
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import click
from botocore.exceptions import BotoCoreError

from clients.exporting import traffic_tables
from clients.exporting.files import write_table
from clients.insight.overview import overview_of
from clients.local_aws.child import Child
from clients.local_aws.keeping import keep
from clients.local_aws.pipeline import LocalCompute, LocalPipeline
from clients.queries.counted import Results
from clients.queries.progress import PipelineProgress, read_progress
from clients.queries.stored import object_uses, table_use, traffic_uses
from clients.recovering.verify import verify_all
from clients.render.findings import SEVERITIES, sentence
from clients.render.pairs import busiest_listing
from clients.render.pipeline_progress import PipelineBars
from clients.render.report import write_report
from clients.render.stored import stored_listing
from clients.render.upload_progress import say_what_became, send_with_bar
from clients.render.verification import summary_of
from clients.terminal.console import count_of, say, show_whole
from clients.terminal.explanation import explanation
from clients.uploading.local_files import LocalFile, flow_files
from clients.uploading.outcome import Became, Upload
from clients.uploading.uploader import CONNECTIONS, Uploader
from models.errors import FlowtallyError, NotFound
from models.history import History
from models.storage.file_records import FilesTable
from models.storage.schema import COUNTED, PairStatistics
from models.traffic import join_pair

_BRANCH = "demo"
_BUSIEST = 10
_FINDINGS = 5
_POLL = 0.5  # seconds between two looks
_PATIENCE = 120.0  # seconds without any progress


@click.command(
    epilog=explanation(
        "flowtally demo",
        "flowtally demo flows/ --output results",
        "flowtally demo --compute lambda",
        "flowtally demo --keep",
        statuses={1: "no file was counted, or something could not be started"},
    )
)
@click.argument("paths", metavar="[PATH…]", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--output",
    default="demo-output",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory for the exported CSV and the report.",
)
@click.option(
    "--compute",
    type=click.Choice(get_args(LocalCompute)),
    default="vm",
    show_default=True,
    help="What counts: the daemon as on a VM, Lambda functions, or both at once.",
)
@click.option(
    "--keep", "keeps", is_flag=True, help="Keep it running until Ctrl-C, to play on from another terminal."
)
def demo(paths: tuple[Path, ...], output: Path, compute: LocalCompute, keeps: bool) -> None:
    """Run everything on this computer, without AWS: on the given flow files, or on made-up ones.

    Starts the embedded engine and the compute, uploads, counts, consolidates, shows, exports, tells what
    stands out, writes a report of it, and stops all that it started; with --keep at Ctrl-C, and until then
    every command of flowtally works on it from another terminal, `deploy` and `destroy` too: it says what to
    paste there. Needs `pip install "flowtally[demo]"`.
    """
    began = time.monotonic()
    with ExitStack() as cleanup:
        files = flow_files(paths) if paths else _made_up(cleanup)
        origin = "given" if paths else "made up for this run"
        total = sum(file.size for file in files)
        say(f"Data: {count_of(len(files), 'file')}, {total / 1e6:.1f} MB, {origin}", style="bold")
        pipeline = cleanup.enter_context(LocalPipeline(compute, say))
        uploads = send_with_bar(_uploader(pipeline), files)
        _follow(pipeline, len({upload.key for upload in uploads if upload.key}))
        counted = _say_what_became_of(pipeline, uploads)
        _verify(pipeline)
        _show(pipeline, output)
        _find(pipeline, output, "made-up files" if not paths else "given files")
        if keeps:
            keep(pipeline, say, show_whole)
    say(f"Everything was stopped. {time.monotonic() - began:.1f} s in all", style="bold")
    if not counted:
        raise FlowtallyError("no file was counted", remedy="The lines above say what was wrong with each")


def _made_up(cleanup: ExitStack) -> list[LocalFile]:
    directory = cleanup.enter_context(TemporaryDirectory(prefix="flowtally-"))
    arguments = [directory, "--days", "11", "--megabytes", "0.6", "--pairs", "150", "--seed", "2", "--scan"]
    with Child.module(
        "the generator of flow files", "perf.data.generate", os.environ, arguments
    ) as generator:
        if generator.wait():
            raise FlowtallyError(generator.last_lines(), where=generator.name)
    return flow_files([Path(directory)])


def _uploader(pipeline: LocalPipeline) -> Uploader:
    s3 = pipeline.client("s3", connections=CONNECTIONS)
    return Uploader(s3, pipeline.deployment.bucket, _BRANCH, _files_table(pipeline), is_forced=True)


def _files_table(pipeline: LocalPipeline) -> FilesTable:
    return FilesTable(pipeline.client("dynamodb"), pipeline.deployment.files)


def _results(pipeline: LocalPipeline) -> Results:
    return Results(pipeline.client("dynamodb"), pipeline.deployment)


def _follow(pipeline: LocalPipeline, files: int) -> None:
    """Shows the progress until so many files are counted and everything is consolidated."""
    shown: PipelineProgress | None = None
    deadline = time.monotonic() + _PATIENCE
    with PipelineBars(files) as bars:
        while shown is None or not shown.is_at_rest(files):
            progress = _look(pipeline)
            if progress != shown:
                deadline = time.monotonic() + _PATIENCE
                bars.show(progress)
                shown = progress
            elif time.monotonic() > deadline:
                raise FlowtallyError(
                    f"no progress for {_PATIENCE:g} s",
                    remedy=f"The last words of the processes:\n{pipeline.last_words()}",
                )
            time.sleep(_POLL)


def _look(pipeline: LocalPipeline) -> PipelineProgress:
    pipeline.check()
    try:
        return read_progress(
            pipeline.client("dynamodb"), pipeline.client("s3"), pipeline.client("sqs"), pipeline.deployment
        )
    except BotoCoreError:
        pipeline.check()  # the reason, if the engine has died
        raise


def _say_what_became_of(pipeline: LocalPipeline, uploads: Sequence[Upload]) -> int:
    """Prints the verdict on each file, and gives how many were counted."""
    records = {record.key: record for record in _files_table(pipeline).of_branch(_BRANCH)}
    for upload in uploads:
        if record := records.get(upload.key):
            say_what_became(Became(upload, record))
    return sum(record.state in COUNTED for record in records.values())


def _verify(pipeline: LocalPipeline) -> None:
    verdict = verify_all(_results(pipeline))
    if verdict.differences:
        raise FlowtallyError(f"{len(verdict.differences)} pairs have wrong statistics", where="verification")
    say(f"Verified: the statistics of {summary_of(verdict.pairs, verdict.days)} agree with the daily totals")


def _show(pipeline: LocalPipeline, output: Path) -> None:
    """Prints and exports what was counted."""
    results = _results(pipeline)
    pairs = sorted(results.all_pairs(), key=lambda pair: pair.duration_sum, reverse=True)
    if pairs:
        busiest_listing(pairs[:_BUSIEST], "duration", sample=False).print()
        say(f"Exported: {_export(results, pairs, output)}", style="bold")
    dynamodb = pipeline.client("dynamodb")
    tables = [
        *traffic_uses(dynamodb, pipeline.deployment),
        table_use(dynamodb, "Files", pipeline.deployment.files),
    ]
    stored_listing(tables, object_uses(pipeline.client("s3"), pipeline.deployment.bucket)).print()


def _find(pipeline: LocalPipeline, output: Path, title: str) -> None:
    """Tells what stands out, and writes the report."""
    try:
        overview = overview_of(pipeline.client, pipeline.deployment)
    except NotFound:
        return  # no file was counted, which is told in the end
    findings = overview.findings
    say(f"{count_of(len(findings), 'finding')} in {count_of(overview.pairs, 'pair')}", style="bold")
    for finding in findings[:_FINDINGS]:
        say(f"{SEVERITIES[finding.severity]}: {sentence(finding)}")
    page = output / "report.html"
    write_report(page, overview, title)
    say(f"Report, for your browser: {page}", style="bold")


def _export(results: Results, busiest_first: Sequence[PairStatistics], output: Path) -> Path:
    """Exports the busiest pair that has more than a day, or else the busiest."""
    pair = next((pair for pair in busiest_first if pair.days > 1), busiest_first[0])
    output.mkdir(parents=True, exist_ok=True)
    path = output / re.sub(r"[^\w.\-]", "-", f"{pair.source}_to_{pair.destination}.csv")
    days = {day.day: day.totals for day in results.days(pair.source, pair.destination)}
    key = join_pair(pair.source, pair.destination)
    write_table(str(path), traffic_tables.days_table([(key, History.of(days))]))
    return path
