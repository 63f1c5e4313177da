"""Shows an upload while it goes on, and says what became of the files."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Self

from rich.progress import (
    BarColumn,
    DownloadColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.progress import Progress as RichProgress
from rich.table import Column as BarCell
from rich.text import Text

from clients.queries.twins import Twins
from clients.render.files import FILES_OF_BRANCH, commonest_reason, path_of, remarks_on, same_content
from clients.render.listing import Column
from clients.terminal.console import count_of, duration, err, remarks, say, size, warn, warning
from clients.uploading.following import Consolidated, Counted, Event, Lagging, Unfollowed
from clients.uploading.local_files import LocalFile
from clients.uploading.outcome import Became, Outcome, Upload
from clients.uploading.uploader import Progress, Uploader
from models.storage.schema import COUNTED, File
from models.visible import visible

_SHOWN = {Outcome.FAILED: "red", Outcome.LEFT: "yellow", Outcome.HELD: "yellow"}
_NAMED = 3  # pairs in a warning
_OTHERS = (Outcome.ALREADY_COUNTED, Outcome.DUPLICATE, Outcome.LEFT, Outcome.HELD)

UPLOADS = [
    Column("file", lambda upload: str(upload.file.path)),
    Column("key", lambda upload: upload.key),
    Column("outcome", lambda upload: upload.outcome.value),
    Column("bytes", lambda upload: upload.file.size, kind="integer"),
    Column("reason", lambda upload: upload.reason),
    Column("remarks", lambda upload: " ".join(upload.remarks)),
]


def _of_record(column: Column) -> Column:
    """The column of a file for what became of it."""
    return column._replace(value=lambda became: column.value(became.record))


BECAME = [
    *map(_of_record, FILES_OF_BRANCH),
    Column("same_as", lambda became: path_of(became.twin)),
    Column("is_consolidated", lambda became: became.is_consolidated, kind="boolean"),
    Column("set_aside", lambda became: "; ".join(became.set_aside)),
]


class Bar(Progress):
    """One bar for all files, below the lines of those that are done.

    Lines and warnings go through the console that draws the bar, so that neither cuts the other.
    """

    def __init__(self, files: Sequence[LocalFile]) -> None:
        self._sizes = RichProgress(
            TextColumn("{task.fields[done]}/{task.fields[files]} files", markup=False),
            BarColumn(bar_width=None, table_column=BarCell(ratio=1)),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=remarks,
            expand=True,
            transient=True,
            disable=remarks.quiet or not remarks.is_terminal,
        )
        total = sum(file.size for file in files)
        self._task = self._sizes.add_task("", total=total, done=0, files=len(files))
        self.uploads: list[Upload] = []

    def __enter__(self) -> Self:
        self._sizes.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._sizes.stop()

    def advanced(self, _file: LocalFile, count: int) -> None:
        self._sizes.advance(self._task, count)

    def finished(self, upload: Upload) -> None:
        self.uploads.append(upload)
        self._sizes.update(self._task, done=len(self.uploads))
        if upload.outcome is not Outcome.SENT:
            self._sizes.advance(self._task, upload.file.size)
        text = f"{upload.outcome:<15} {upload.file.path.name}  {upload.reason or size(upload.file.size)}"
        if upload.outcome is Outcome.FAILED:
            told = visible(f"{upload.outcome:<15} {upload.file.path}  {upload.reason}")
            self._tell_apart(Text(told, style="red"))
        else:
            remarks.print(Text(visible(text), style=_SHOWN.get(upload.outcome, "")), soft_wrap=True)
        for remark in upload.remarks:
            self._tell_apart(warning(visible(f"{upload.file.path}: {remark}")))

    def _tell_apart(self, text: Text) -> None:
        """Prints on standard error; where that is the terminal of the bar, above the bar."""
        is_shared = err.is_terminal and not self._sizes.disable
        (self._sizes.console if is_shared else err).print(text, soft_wrap=True)


def send_with_bar(uploader: Uploader, files: Sequence[LocalFile]) -> list[Upload]:
    """Sends the files, and says what was done with each, and at the end in all, also after Ctrl-C.

    Raises:
        ClientError, BotoCoreError: see `Uploader.send`.
    """
    could_look = uploader.can_look
    bar = Bar(files)
    try:
        with bar:
            uploads = uploader.send(files, bar)
    finally:
        if could_look and not uploader.can_look:
            warn("not permitted to see earlier uploads, so nothing can be said about files sent before")
        if bar.uploads:
            say(_summary(bar.uploads, len(files)))
    return uploads


def _summary(uploads: Sequence[Upload], total: int) -> str:
    """`3 files sent, 1.2 MB; 1 counted before`."""
    counts = Counter(upload.outcome for upload in uploads)
    would = counts[Outcome.WOULD_BE_SENT]
    sent = [upload for upload in uploads if upload.outcome in (Outcome.SENT, Outcome.WOULD_BE_SENT)]
    verb = "would be sent" if would else "sent"
    text = f"{count_of(len(sent), 'file')} {verb}, {size(sum(upload.file.size for upload in sent))}"
    for outcome in (*_OTHERS, Outcome.FAILED):
        if counts[outcome]:
            text += f"; {counts[outcome]:,} {outcome.value}"
    if missing := total - len(uploads):
        text += f"; {missing:,} not done"
    return text


def tell(events: Iterable[Event], uploads: Sequence[Upload], twins: Twins) -> list[Became]:
    """Tells what becomes of files as it happens, above a line that tells how many are done.

    Args:
        events: what `follow` gives.
        uploads: all that was sent, or was not.
        twins: of duplicates.
    """
    followed = sum(upload.outcome in (Outcome.SENT, Outcome.ALREADY_COUNTED) for upload in uploads)
    became: dict[str, Became] = {}  # by key
    with _Followed(followed) as line:
        for event in events:
            if isinstance(event, Counted):
                twins.take(event.record)
                became[event.upload.key] = Became(*event, twins.of(event.record))
                say_what_became(became[event.upload.key])
            elif isinstance(event, Consolidated):
                aside = sorted(event.pairs.set_aside)
                known = became[event.upload.key]
                became[event.upload.key] = known._replace(is_consolidated=not aside, set_aside=aside)
                _say_consolidated(event)
            elif isinstance(event, Unfollowed):
                say(visible(f"{'not followed':<15} {event.upload.file.path.name}  {event.reason}"))
            else:
                warn(_lag(event))
            line.show(became.values())
    return list(became.values())


class _Followed:
    """The line that tells how many files are counted and consolidated, where there is a terminal."""

    def __init__(self, files: int) -> None:
        self._files = files
        self._line = RichProgress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=remarks,
            transient=True,
            disable=remarks.quiet or not remarks.is_terminal,
        )
        self._task = self._line.add_task(f"0/{files} counted")

    def __enter__(self) -> Self:
        self._line.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._line.stop()

    def show(self, became: Iterable[Became]) -> None:
        known = list(became)
        consolidated = sum(it.is_consolidated is not None for it in known)
        text = f"{len(known)}/{self._files} counted"
        self._line.update(
            self._task, description=f"{text}, {consolidated} consolidated" if consolidated else text
        )


def _say_consolidated(event: Consolidated) -> None:
    """`consolidated    day.csv  620 pairs`, and which of them are set aside."""
    upload, pairs = event
    seen = count_of(len(pairs.seen), "pair")
    what = seen if pairs.is_all else f"{seen} looked at, of more"
    say(visible(f"{'consolidated':<15} {upload.file.path.name}  {what}"))
    if aside := sorted(pairs.set_aside):
        more = " and others" if len(aside) > _NAMED else ""
        verb = "is" if len(aside) == 1 else "are"
        warn(
            f"{upload.file.path.name}: {count_of(len(aside), 'pair')} {verb} set aside, without statistics: "
            f"{', '.join(aside[:_NAMED])}{more}. `flowtally verify --all` tells why"
        )


def _lag(lagging: Lagging) -> str:
    has = "is" if lagging.files == 1 else "are"
    return (
        f"{count_of(lagging.files, 'file')} {has} counted and not consolidated yet, for up to "
        f"{duration(lagging.seconds * 1e6)}. `flowtally status` tells what consolidates"
    )


def say_what_became(became: Became) -> None:
    """Prints the verdict on a file; below it its twin, why rows are in quarantine and what was assumed."""
    upload, record, twin = became[:3]
    is_counted = record.state in COUNTED
    what = _rows_and_days(record) if is_counted else record.reason or ""
    say(visible(f"{record.state:<15} {upload.file.path.name}  {what}"), style="" if is_counted else "red")
    for more in (same_content(twin), commonest_reason(record), *remarks_on(record)):
        if more:
            say(f"{'':<15} {visible(more)}")


def _rows_and_days(record: File) -> str:
    """`3 rows, 1 of them in quarantine, 2022-12-07 – 2022-12-08`."""
    text = count_of(record.rows or 0, "row")
    if record.quarantined:
        text += f", {record.quarantined:,} of them in quarantine"
    if record.first_day:
        text += f", {record.first_day}"
        text += f" – {record.last_day}" if record.last_day != record.first_day else ""
    return text
