"""What needs somebody: files rejected, or waiting too long; days missing; branches gone silent."""

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import wraps
from typing import Any, NamedTuple, TypeVar

import click

from clients.queries.branches import BranchFiles, days_in_spans, spans_text
from clients.queries.file_report import WAITING, SetAside
from clients.queries.stages import age_of
from clients.queries.stored import Status
from clients.terminal.console import count_of
from clients.terminal.options import DAY, age
from models.bucket_layout import NO_BRANCH, stem_and_digest
from models.storage.schema import COUNTED, PARTLY, File

Result = TypeVar("Result")

_SHOWN = 200  # characters of a list of days


class Limits(NamedTuple):
    """What is still in order.

    Attributes:
        waiting: seconds that a file may lie in `incoming/`.
        silence: seconds without a file of a branch.
        behind: seconds that a change of the daily totals may wait to be consolidated.
        since: days missing before are no matter; of a single branch, files rejected before neither.
    """

    waiting: float = 3600.0
    silence: float = 3 * 86_400.0
    since: str = ""
    behind: float = 900.0


def limit_options(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command `limits`, and the options to set them."""

    @wraps(command)
    def with_limits(
        *arguments: Any,
        waiting_after: float,
        silent_after: float,
        behind_after: float,
        since: datetime | None,
        **others: Any,
    ) -> Result:
        day = since.date().isoformat() if since else ""
        limits = Limits(waiting_after, silent_after, day, behind_after)
        return command(*arguments, limits=limits, **others)

    decorated: Callable[..., Result] = click.option(
        "--since",
        type=DAY,
        metavar="DAY",
        help="Days missing before are no matter; with --branch, files rejected neither.",
    )(with_limits)
    for what, default, text in (
        ("silent", "3d", "A branch without a file for longer needs somebody."),
        ("behind", "15m", "A change that is not consolidated for longer needs somebody."),
        ("waiting", "1h", "A file that waits longer needs somebody."),
    ):
        decorated = click.option(
            f"--{what}-after", metavar="AGE", default=default, show_default=True, callback=age, help=text
        )(decorated)
    return decorated


class Problem(NamedTuple):
    """Something that needs somebody.

    Attributes:
        kind: `rejected`, `partly_counted`, `waiting`, `dead_letters`, `behind`, `set_aside`, `missing_days`
            or `silent`.
        where: the branch, or the place.
        what: a sentence for people.
    """

    kind: str
    where: str
    what: str


def problems_of(status: Status, limits: Limits, now: float) -> list[Problem]:
    """Looks for all of them.

    Args:
        status: of the deployment.
        limits: what is still in order.
        now: epoch seconds.
    """
    return [
        *_of_the_whole(status, limits, now),
        *_of_consolidation(status, limits, now),
        *_of_branches(status.files.branches, limits, now),
    ]


def problems_of_branch(
    files: Sequence[File], rejected: SetAside | None, limits: Limits, now: float
) -> list[Problem]:
    """Looks for those of one branch. Messages and statistics are of no branch, and not looked at.

    Args:
        files: all that it sent, at least one, what waits among them.
        rejected: what was rejected and nobody has dealt with; None where that may not be seen: a rejected
            file needs somebody then until one of its name is counted.
        limits: what is still in order.
        now: epoch seconds.
    """
    branch = BranchFiles(files[0].branch)
    for file in files:
        branch.add(file)
    waiting = [file.arrived_at for file in files if file.state == WAITING]
    return [
        *_rejected_of_branch(branch.name, files, rejected, limits),
        *_partly_counted(branch.name, sum(file.state == PARTLY for file in files)),
        *_too_late(branch.name, waiting, limits, now),
        *_of_branches([branch], limits, now),
    ]


def _rejected_of_branch(
    branch: str, files: Sequence[File], rejected: SetAside | None, limits: Limits
) -> Iterator[Problem]:
    is_open, until = _not_replaced(files), "one of the same name is counted"
    if rejected is not None:
        is_open, until = rejected.has_file, "corrected or deleted"
    begin = datetime.fromisoformat(limits.since).replace(tzinfo=UTC).timestamp() if limits.since else 0.0
    of_matter = [file for file in files if file.state == "rejected" and file.arrived_at >= begin]
    if count := sum(map(is_open, of_matter)):
        yield Problem("rejected", branch, f"{count_of(count, 'rejected file')}, until {until}")


def _not_replaced(files: Sequence[File]) -> Callable[[File], bool]:
    """Tells whether no file of the name of another was counted after that came."""
    counted: dict[str, int] = {}
    for file in files:
        if file.state in COUNTED:
            counted[_name(file)] = max(file.arrived_at, counted.get(_name(file), 0))
    return lambda file: counted.get(_name(file), 0) < file.arrived_at


def _name(file: File) -> str:
    """What a file was called where it was sent, as far as its key tells."""
    named = stem_and_digest(file.key)
    return named[0] if named else file.key


def _partly_counted(where: str, count: int) -> Iterator[Problem]:
    if count:
        what = f"{count_of(count, 'file')} partly counted, until completed or retracted"
        yield Problem("partly_counted", where, what)


def _too_late(where: str, since: Sequence[float], limits: Limits, now: float) -> Iterator[Problem]:
    late = sum(now - at > limits.waiting for at in since)
    if late:
        oldest = (now - min(since)) / 3600
        wait, one = ("waits", "") if late == 1 else ("wait", "one ")
        what = f"{count_of(late, 'file')} {wait} too long, {one}for {oldest:.1f} h"
        yield Problem("waiting", where, what)


def _of_the_whole(status: Status, limits: Limits, now: float) -> Iterator[Problem]:
    if rejected := status.files.rejected.total:
        yield Problem(
            "rejected", "rejected/", f"{count_of(rejected, 'rejected file')}, until corrected or deleted"
        )
    yield from _partly_counted("files", status.files.partly.total)
    yield from _too_late("incoming/", status.incoming_since, limits, now)
    if letters := status.dead_letters.visible + status.dead_letters.in_flight:
        what = f"{count_of(letters, 'message')} failed for good: `flowtally redrive`"
        yield Problem("dead_letters", "queue", what)


def _of_consolidation(status: Status, limits: Limits, now: float) -> Iterator[Problem]:
    lag, compute = status.lag, status.compute
    if lag and lag.seconds(now) > limits.behind:
        pairs = f"{'' if lag.is_all else 'at least '}{count_of(lag.behind, 'pair')}"
        what = f"{pairs} behind the daily totals, for up to {age_of(lag.seconds(now))}"
        if compute.has_lambda is False and compute.seen_at is not None and not compute.alive(now):
            what += ": nothing is seen that consolidates"
        yield Problem("behind", "statistics", what)
    if lag and lag.set_aside:
        what = f"{count_of(lag.set_aside, 'pair')} set aside: `flowtally verify --all` tells why"
        yield Problem("set_aside", "statistics", what)


def _of_branches(branches: list[BranchFiles], limits: Limits, now: float) -> Iterator[Problem]:
    for branch in (it for it in branches if it.name != NO_BRANCH):
        if spans := branch.missing(limits.since):
            days, text = days_in_spans(spans), spans_text(spans)
            shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN].rpartition(', ')[0]}, …"
            yield Problem("missing_days", branch.name, f"{count_of(days, 'day')} missing: {shown}")
        if now - branch.last_arrival > limits.silence:
            silence = (now - branch.last_arrival) / 86_400
            yield Problem("silent", branch.name, f"no file for {silence:.1f} days")
