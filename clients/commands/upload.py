"""The command `flowtally upload`."""

import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

import click
from botocore.exceptions import ClientError

from clients.queries.consolidation import Consolidation
from clients.queries.twins import Twins
from clients.recovering.retract import CONNECTIONS as RETRACTING
from clients.recovering.retract import Ledger, Retractor
from clients.render.listing import Listing, shape_of
from clients.render.output import Output, pass_output
from clients.render.upload_progress import BECAME, UPLOADS, send_with_bar, tell
from clients.terminal.account import Account
from clients.terminal.aws_errors import is_denied
from clients.terminal.console import warn
from clients.terminal.explanation import explanation
from clients.terminal.options import age, branch_option, pass_account
from clients.uploading.earlier_states import TakeOut
from clients.uploading.following import follow
from clients.uploading.into_statistics import IntoStatistics
from clients.uploading.local_files import LocalFile, flow_files
from clients.uploading.outcome import Became, Outcome, Upload
from clients.uploading.uploader import CONNECTIONS, Uploader, check_branch
from models.errors import NotFound, ServiceUnavailable, UsageError
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from models.storage.schema import COUNTED, File

_CANNOT_WAIT = "--wait needs to read what became of files"
_NOT_DONE = (Outcome.FAILED, Outcome.HELD)
_DOCUMENT = {
    "files": [shape_of(UPLOADS)],
    "became": [shape_of(BECAME)],
}


@click.command(
    epilog=explanation(
        "flowtally upload day.csv --branch paris",
        "flowtally upload /var/flows --older-than 10m --wait",
        "flowtally upload /var/flows --dry-run",
        statuses={1: "a file failed, was held back, is not counted whole, or AWS refused"},
        document=_DOCUMENT,
    )
)
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@branch_option
@click.option("--bucket", help="The bucket, where the stack may not be looked at. [default: the stack's]")
@click.option("--dry-run", is_flag=True, help="Send nothing; say what would be sent.")
@click.option(
    "--older-than",
    metavar="AGE",
    callback=age,
    help="Leave alone what was written to since: 90s, 10m, 2h, 1d.",
)
@click.option(
    "--replace",
    "replaces",
    is_flag=True,
    help="Take out what was counted of a file that has grown since, and send the whole.",
)
@click.option("--force", is_flag=True, help="Send also what is held back.")
@click.option("--wait", is_flag=True, help="Wait until each file is consolidated or rejected, and say which.")
@click.option("--timeout", default=3600.0, show_default=True, metavar="SECONDS", help="The longest to wait.")
@pass_output
@pass_account
def upload(
    account: Account,
    output: Output,
    paths: tuple[Path, ...],
    branch: str,
    bucket: str | None,
    dry_run: bool,
    older_than: float,
    replaces: bool,
    force: bool,
    wait: bool,
    timeout: float,
) -> int:
    """Upload flow files: .csv and .csv.gz, and all of them below directories.

    The same content counts once, however often it is sent. A file that is counted already is not sent
    again. A file of which another state was counted under the same branch and name (with the same first
    row) is held back, as shared rows would count twice: if it has grown since, --replace takes the earlier
    state out and sends the whole, for those who may change the totals; safe to interrupt and repeat.

    Of each file the first block is read as the workers read it. A file that they would reject is held back,
    too, with their reason; --force sends it as it is.

    A file that cannot be read, and a link out of a directory, do not keep the others from being sent; linked
    directories are left alone. Exactly the bytes that were looked at are sent, compressed on the way from
    1 MiB on; a file that changes meanwhile is left for the next time. Your files are never changed.

    With --wait each file is followed until it is counted, and on until all that it changed is in the
    statistics, to those who may read these; of a file with more than 1,000 pairs and weeks, 1,000 of them.
    """
    files = _old_enough(flow_files(paths), older_than)
    check_branch(branch)
    records = _files_table(account, bucket)
    if wait and records is None:
        raise UsageError(_CANNOT_WAIT, remedy="Leave it out, or ask for AnalystPolicy")
    uploader = Uploader(
        account.client("s3", connections=CONNECTIONS),
        bucket or account.bucket,
        branch,
        records,
        is_dry_run=dry_run,
        take_out=_taking_out(account, branch, records) if replaces else None,
        is_forced=force,
    )
    uploads = send_with_bar(uploader, files)
    statistics = _statistics(account, bucket, branch) if wait else None
    became = _follow(records, branch, uploads, timeout, statistics) if wait and records else []
    output.give(Listing("files", "", UPLOADS, uploads), Listing("became", "", BECAME, became))
    return _status(uploads, (it.record for it in became))


def _old_enough(files: list[LocalFile], age: float) -> list[LocalFile]:
    """Those that nobody wrote to for so many seconds, and those that cannot be sent, to be told of."""
    return [file for file in files if not age or file.problem or file.changed_at <= time.time() - age]


def _follow(
    records: FilesTable,
    branch: str,
    uploads: Sequence[Upload],
    timeout: float,
    statistics: IntoStatistics | None,
) -> list[Became]:
    """Waits until each file is where it should be, and tells what becomes of it."""
    twins = Twins(records, branch, (upload.digest for upload in uploads))
    return tell(follow(records, branch, uploads, timeout, statistics=statistics), uploads, twins)


def _statistics(account: Account, bucket: str | None, branch: str) -> IntoStatistics | None:
    """What tells whether files are consolidated; None on a branch's computer, which may not know."""
    if bucket is None and account.settings:
        return None
    deployment = account.deployment
    consolidation = Consolidation(account.client("dynamodb"), deployment)
    return IntoStatistics(consolidation, branch, deployment.address_scope)


def _status(uploads: Iterable[Upload], became: Iterable[File]) -> int:
    """0 if all was sent, and all that was waited for is in the totals as a whole."""
    is_sent = not any(sent.outcome in _NOT_DONE for sent in uploads)
    return int(not is_sent or any(file.state not in COUNTED for file in became))


def _taking_out(account: Account, branch: str, files: FilesTable | None) -> TakeOut:
    """What takes an earlier state of a file out, unless it is in the totals by another upload, too."""
    if files is None:
        raise UsageError("--replace needs to read what was counted", remedy="Leave out --bucket")
    deployment = account.deployment
    daily_totals = DailyTotalsStore(
        account.client("dynamodb", connections=RETRACTING), deployment.daily_totals
    )
    retractor = Retractor(daily_totals, files, deployment.address_scope, deployment.source_key)

    ledger = Ledger(files)

    def take_out(path: Path, state: File) -> None:
        records = ledger.records()
        if others := retractor.other_uploads(state, records):
            raise UsageError(
                f"its earlier state was sent as {', '.join(others)}, too",
                remedy="Take it out with `flowtally retract`, which asks, and upload again",
            )
        with suppress(NotFound):  # an interrupted run took it out
            retractor.retract(branch, path, records)

    return take_out


def _files_table(account: Account, bucket: str | None) -> FilesTable | None:
    """What became of earlier files of this bucket, by default the stack's; None where it cannot be known."""
    if bucket is None and account.settings:
        return FilesTable(account.client("dynamodb"), account.files_table)
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
