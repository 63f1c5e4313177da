"""The command `flowtally retract`."""

from collections.abc import Sequence
from pathlib import Path

import click

from clients.recovering.retract import CONNECTIONS, Retractor
from clients.terminal.account import Account
from clients.terminal.console import count_of, say, warn
from clients.terminal.explanation import explanation
from clients.terminal.options import branch_option, pass_account
from clients.terminal.questions import ask, yes_option
from clients.uploading.content import read_content
from clients.uploading.uploader import check_branch
from models.bucket_layout import NO_BRANCH
from models.storage.daily_totals import DailyTotalsStore
from models.storage.file_records import FilesTable
from models.storage.schema import IN_TOTALS, File
from models.visible import visible


@click.command(
    epilog=explanation(
        "flowtally retract day.csv --branch paris",
        statuses={1: "this content is not counted, the answer was no, or AWS refused"},
    )
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@branch_option
@yes_option
@pass_account
def retract(account: Account, file: Path, branch: str, yes: bool) -> int:
    """Take the traffic of FILE out of the totals again.

    FILE has the content that was sent; its name does not matter. What other files added stays. Meant for
    a file that was replaced by a corrected or longer one, whose shared rows would count twice. Safe to
    repeat; afterwards the same content may be uploaded again.

    Where branches share their addresses, the content counts once, whoever sent it. If other branches sent
    it, too, their uploads are named, and you are asked.
    """
    if branch != NO_BRANCH:
        check_branch(branch)
    deployment = account.deployment
    dynamodb = account.client("dynamodb", connections=CONNECTIONS)
    files = FilesTable(dynamodb, deployment.files)
    retractor = Retractor(
        DailyTotalsStore(dynamodb, deployment.daily_totals),
        files,
        deployment.address_scope,
        deployment.source_key,
    )
    records = list(files.all())
    others = _uploads_of_others(file, branch, records) if deployment.address_scope == "enterprise" else []
    if others and not (yes or _ask_about(others)):
        say("Nothing was changed.")
        return 1
    done = retractor.retract(branch, file, records)
    say(f"{visible(str(file))}: taken out of {count_of(done.taken_out, 'pair-day')}")
    for name in done.partly:
        warn(f"{visible(name)} was partly counted: delete it from rejected/, or a redrive counts it again")
    if done.not_in:
        say(f"It was not in {count_of(done.not_in, 'other pair-day')} of this file.")
    return 0


def _uploads_of_others(path: Path, branch: str, records: Sequence[File]) -> list[str]:
    """What other branches sent of this content, and is in the totals."""
    with path.open("rb") as file:
        digest = read_content(file).digest
    return [
        f"{record.branch}/{record.key}"
        for record in records
        if record.branch != branch and record.state in IN_TOTALS and record.digest
        if record.digest.hex().startswith(digest)
    ]


def _ask_about(uploads: Sequence[str]) -> bool:
    for upload in uploads:
        warn(f"this content was sent as {upload}, too")
    question = "Take it out of the totals for all of them?"
    return bool(ask(lambda: click.confirm(question)))
