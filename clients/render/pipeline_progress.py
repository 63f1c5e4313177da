"""Shows how far the pipeline is, while it works."""

import time
from collections.abc import Callable
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from clients.queries.progress import PipelineProgress
from clients.terminal.console import out, say

_LINE_EVERY = 2.0  # seconds between two lines where there is no terminal


class PipelineBars:
    """The progress as bars that move, or as lines where there is no terminal.

    Args:
        files: how many were sent.
        now: gives seconds.
    """

    def __init__(self, files: int, now: Callable[[], float] = time.monotonic) -> None:
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            console=out,
            disable=not out.is_terminal,
        )
        self._files = self._bars.add_task("files counted", total=files)
        self._pair_days = self._bars.add_task("pair-days consolidated", total=None)
        self._total = files
        self._now = now
        self._line_due = now()

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def show(self, progress: PipelineProgress) -> None:
        """Shows where it is now."""
        self._bars.update(self._files, completed=progress.files)
        self._bars.update(self._pair_days, completed=progress.consolidated, total=progress.pair_days or None)
        if not out.is_terminal and (self._now() >= self._line_due or progress.is_at_rest(self._total)):
            self._line_due = self._now() + _LINE_EVERY
            say(
                f"files counted {progress.files}/{self._total}, "
                f"pair-days consolidated {progress.consolidated}/{progress.pair_days}"
            )
