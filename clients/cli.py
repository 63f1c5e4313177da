"""The terminal program `flowtally`: its commands, and one place where every error ends."""

import os
import sys
from collections.abc import Sequence
from heapq import nlargest
from pathlib import Path
from typing import TypeVar, get_args

import click
from botocore.exceptions import ClientError

from clients.commands.demo import DemoCompute, run_demo
from clients.commands.lifecycle import deploy, destroy, environment
from clients.commands.recovery import redrive, retract
from clients.commands.status import status
from clients.queries.counted import Results, canonical
from clients.recovering.repair import rebuild
from clients.recovering.verify import verify_all, verify_pair
from clients.render import csv_table as table_export
from clients.render.pairs import busiest_table, differences_table, summary_of
from clients.render.upload_progress import follow, say_what_became, send_with_bars
from clients.terminal.account import DEFAULT_STACK, Account
from clients.terminal.aws_errors import explained, is_denied
from clients.terminal.console import complain, out, say, warn
from clients.terminal.options import Place, on_account
from clients.uploading.uploader import CONNECTIONS, Uploader, check_branch, flow_files
from models.errors import FlowtallyError, NotFound, ServiceUnavailable, UsageError
from models.storage.file_records import FilesTable

Result = TypeVar("Result")

_INTERRUPTED = 130  # as shells say of a program that Ctrl-C ended


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--stack", envvar="FLOWTALLY_STACK", default=DEFAULT_STACK, show_default=True, help="Name of the stack."
)
@click.option(
    "--region", envvar=["AWS_REGION", "AWS_DEFAULT_REGION"], help="AWS region. [default: the profile's]"
)
@click.option("--profile", help="Profile of the AWS configuration. [default: what AWS_PROFILE says]")
@click.version_option(package_name="flowtally")
@click.pass_context
def flowtally(context: click.Context, stack: str, region: str | None, profile: str | None) -> None:
    """Exact daily totals and running statistics of the traffic between devices.

    Branches upload CICFlowMeter CSV files; flowtally keeps, for every directed pair of addresses, the
    totals of each day, and average and standard deviation over the days.

    The options below can also stand behind the command.
    """
    context.obj = Place(stack, region, profile)


@flowtally.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--branch",
    envvar="FLOWTALLY_BRANCH",
    default="main",
    show_default=True,
    show_envvar=True,
    help="Who sends the files.",
)
@click.option("--bucket", help="The bucket, where the stack may not be looked at. [default: the stack's]")
@click.option("--wait", is_flag=True, help="Wait until each file is counted or rejected, and say which.")
@click.option("--timeout", default=3600.0, show_default=True, metavar="SECONDS", help="The longest to wait.")
@on_account
def upload(
    account: Account, paths: tuple[Path, ...], branch: str, bucket: str | None, wait: bool, timeout: float
) -> int:
    """Upload flow files: .csv and .csv.gz, and all of them below directories.

    The same content counts once, however often it is sent. A file that is counted already is not sent
    again, and a warning says when another content of the same branch and name is counted.

    With --wait, the exit status is 1 if a file was rejected.
    """
    files = flow_files(paths)
    check_branch(branch)
    records = _files_table(account, bucket)
    if wait and records is None:
        raise UsageError(
            "--wait needs to read what became of files", remedy="Leave it out, or ask for AnalystPolicy"
        )
    s3 = account.client("s3", connections=CONNECTIONS)
    uploader = Uploader(s3, bucket or account.deployment.bucket, branch, records)
    uploads = send_with_bars(uploader, files)
    rejected = False
    if wait and records:
        for sent, record in follow(records, branch, uploads, timeout):
            say_what_became(sent, record)
            rejected |= record.state == "rejected"
    return int(rejected)


def _files_table(account: Account, bucket: str | None) -> FilesTable | None:
    """What became of earlier files of this bucket, by default the stack's; None where it cannot be known."""
    try:
        deployment = account.deployment
    except (NotFound, UsageError):
        if bucket is None:
            raise
        reason = f"the stack {account.stack!r} is not there"
    except ClientError as error:
        if not is_denied(error):
            raise
        reason = "the stack may not be looked at"
        if bucket is None:
            raise ServiceUnavailable(
                f"not permitted: {reason}", remedy="Name the bucket with --bucket"
            ) from error
    else:
        if bucket in (None, deployment.bucket):
            return FilesTable(account.client("dynamodb"), deployment.files)
        reason = f"the bucket is not the one of the stack {account.stack!r}"
    warn(f"{reason}, so nothing can be said about files sent before")
    return None


@flowtally.command()
@click.argument("source", metavar="SRC")
@click.argument("destination", metavar="DST")
@click.option(
    "-o", "--output", "target", required=True, metavar="FILE", help="The file; - is standard output."
)
@click.option("--sample", is_flag=True, help="Deviations of a sample (n − 1), not of the population (n).")
@on_account
def export(account: Account, source: str, destination: str, target: str, sample: bool) -> None:
    """Write a pair of addresses as a CSV table for spreadsheets and programs.

    One row for each day on which SRC had flows to DST, oldest first:

    \b
      Src IP, Dst IP, Day (YYYY-MM-DD), Flows,
      Total Flow Duration (us), Total Fwd Pkts      of this day, exact integers
      Days, Avg…, Std… of flow duration and packets of the pair, over all its days

    The last five stand in every row, so that the table is a plain rectangle. Averages and deviations have
    all digits of a double; a deviation that is not defined (one day, with --sample) is an empty cell.
    """
    results = Results(account.client("dynamodb"), account.deployment)
    source, destination = canonical(source), canonical(destination)
    days = results.days(source, destination)
    if not days:
        raise results.unknown(source, destination)
    statistics = results.pair(source, destination)
    if statistics is None or statistics.days != len(days):
        known = statistics.days if statistics else 0
        warn(
            f"the statistics are of {known} days so far, {len(days)} are counted; they follow within seconds"
        )
    lines = table_export.rows(source, destination, days, statistics, sample=sample)
    table_export.write_csv(target, table_export.header(sample=sample), lines)
    if target != table_export.STANDARD_OUTPUT:
        say(f"{target}: {len(days)} days of {source} → {destination}")


@flowtally.command()
@click.option(
    "-n", "count", default=20, show_default=True, type=click.IntRange(min=1), help="How many pairs."
)
@click.option(
    "--by",
    type=click.Choice(["duration", "packets"]),
    default="duration",
    show_default=True,
    help="What makes a pair busy: its total over all days of this.",
)
@click.option("--sample", is_flag=True, help="Deviations of a sample (n − 1), not of the population (n).")
@on_account
def top(account: Account, count: int, by: str, sample: bool) -> None:
    """Show the busiest pairs, with averages and deviations of their days."""
    pairs = Results(account.client("dynamodb"), account.deployment).all_pairs()
    busiest = nlargest(
        count, pairs, key=lambda pair: pair.duration_sum if by == "duration" else pair.packets_sum
    )
    if not busiest:
        raise NotFound("nothing is counted yet", remedy="Send files with `flowtally upload`")
    out.print(busiest_table(busiest, by, sample=sample))


@flowtally.command()
@click.argument("pair", metavar="[SRC DST]", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Verify all pairs.")
@click.option("--repair", is_flag=True, help="Rewrite the statistics that differ.")
@on_account
def verify(account: Account, pair: tuple[str, ...], everything: bool, repair: bool) -> None:
    """Recompute statistics from the daily totals and compare.

    The exit status is 0 if all agree or were repaired, 1 if some differ. Where files are being counted, a
    pair that differs is looked at again for some seconds: the statistics follow the totals.
    """
    if everything == bool(pair) or (pair and len(pair) != 2):
        raise UsageError("either SRC and DST, or --all", where="flowtally verify")
    results = Results(account.client("dynamodb"), account.deployment)
    verdict = (
        verify_all(results) if everything else verify_pair(results, canonical(pair[0]), canonical(pair[1]))
    )
    looked_at = summary_of(verdict.pairs, verdict.days)
    if not verdict.differences:
        say(f"{looked_at}: all statistics agree with the daily totals")
        return
    out.print(differences_table(verdict.differences))
    if not repair:
        raise FlowtallyError(
            f"{len(verdict.differences)} of {looked_at} differ", remedy="Repair them with --repair"
        )
    rebuild(account, verdict.differences)
    say(f"{looked_at}: {len(verdict.differences)} repaired")


@flowtally.command()
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


for command in (status, redrive, retract, deploy, environment, destroy):
    flowtally.add_command(command)


def run(arguments: Sequence[str]) -> int:
    """Runs the program and gives its exit status; no traceback reaches the user of a known failure."""
    try:
        status: int | None = flowtally.main(list(arguments), prog_name="flowtally", standalone_mode=False)
        sys.stdout.flush()
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt):
        warn("interrupted")
        status = _INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or the exit would complain
        status = 1  # as click gives it for the same within a command
    except Exception as error:
        ours = explained(error)
        if ours is None:
            raise
        complain(ours)
        status = ours.exit_status
    return status or 0


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]  # µ or Σ on a terminal without them
    sys.exit(run(sys.argv[1:]))
