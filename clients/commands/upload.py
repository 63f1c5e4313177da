"""The command `flowtally upload`."""

from pathlib import Path

import click
from botocore.exceptions import ClientError

from clients.render.upload_progress import say_what_became, send_with_bars
from clients.terminal.account import Account
from clients.terminal.aws_errors import is_denied
from clients.terminal.console import warn
from clients.terminal.options import branch_option, pass_account
from clients.uploading.following import follow
from clients.uploading.uploader import CONNECTIONS, Uploader, check_branch, flow_files
from models.errors import NotFound, ServiceUnavailable, UsageError
from models.storage.file_records import FilesTable


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@branch_option
@click.option("--bucket", help="The bucket, where the stack may not be looked at. [default: the stack's]")
@click.option("--wait", is_flag=True, help="Wait until each file is counted or rejected, and say which.")
@click.option("--timeout", default=3600.0, show_default=True, metavar="SECONDS", help="The longest to wait.")
@pass_account
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
