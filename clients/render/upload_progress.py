"""Shows an upload while it goes on, and says what became of the files."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, TaskID, TextColumn, TransferSpeedColumn
from rich.progress import Progress as RichProgress
from rich.text import Text

from clients.terminal.console import count_of, out, say, size, warn
from clients.uploading.uploader import LocalFile, Outcome, Progress, Upload, Uploader
from models.storage.schema import File

_NAME_WIDTH = 32


class Bars(Progress):
    """One bar for each file under way and one for all; a line for each file that is done."""

    def __init__(self, files: Sequence[LocalFile], console: Console) -> None:
        self._bars = RichProgress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=None),
            DownloadColumn(),
            TransferSpeedColumn(),
            console=console,
            expand=True,
            transient=True,
            disable=not console.is_terminal,
        )
        self._console = console
        self._total = self._bars.add_task("all files", total=sum(file.size for file in files))
        self._tasks: dict[Path, TaskID] = {}

    def __enter__(self) -> "Bars":
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def started(self, file: LocalFile) -> None:
        self._tasks[file.path] = self._bars.add_task(_shortened(file.path.name), total=file.size)

    def advanced(self, file: LocalFile, count: int) -> None:
        self._bars.advance(self._tasks[file.path], count)
        self._bars.advance(self._total, count)

    def finished(self, upload: Upload) -> None:
        self._bars.remove_task(self._tasks.pop(upload.file.path))
        if upload.outcome is not Outcome.SENT:
            self._bars.advance(self._total, upload.file.size)
        line = f"{upload.outcome:<15} {upload.file.path.name}  {size(upload.file.size)}"
        self._bars.console.print(Text(line), soft_wrap=True)
        for remark in upload.remarks:
            warn(f"{upload.file.path}: {remark}")


def send_with_bars(uploader: Uploader, files: Sequence[LocalFile]) -> list[Upload]:
    """Sends the files and says what was done.

    Raises:
        ClientError, BotoCoreError, OSError, UsageError: see `Uploader.send`.
    """
    could_look = uploader.can_look
    with Bars(files, out) as bars:
        uploads = uploader.send(files, bars)
    if could_look and not uploader.can_look:
        warn("not permitted to see earlier uploads, so nothing can be said about files sent before")
    sent = [upload for upload in uploads if upload.outcome is Outcome.SENT]
    text = f"{count_of(len(sent), 'file')} sent, {size(sum(upload.file.size for upload in sent))}"
    if left := len(uploads) - len(sent):
        text += f"; {left} not sent, the same content was"
    say(text)
    return uploads


def say_what_became(upload: Upload, record: File) -> None:
    """Prints the verdict on a file."""
    name = upload.file.path.name
    if record.state != "counted":
        say(f"{record.state:<15} {name}  {record.reason or ''}", style="red")
        return
    text = f"{record.state:<15} {name}  {count_of(record.rows or 0, 'row')}"
    if record.quarantined:
        text += f", {record.quarantined:,} of them in quarantine"
    if record.first_day:
        text += f", {record.first_day}"
        text += f" – {record.last_day}" if record.last_day != record.first_day else ""
    say(text)


def _shortened(name: str) -> str:
    return name if len(name) <= _NAME_WIDTH else f"{name[: _NAME_WIDTH - 1]}…"
