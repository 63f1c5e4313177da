"""Days as a small chart in the terminal."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil

from rich.console import Console, ConsoleOptions
from rich.text import Text

from models.days import day_of

HEIGHT = 8  # lines
_BLOCKS, _ASCII_BLOCKS = " ▁▂▃▄▅▆▇█", " ....####"
_EIGHTHS = 8
_NARROWEST = 8  # columns for days, however narrow the terminal is
_STANDS_OUT = 2  # deviations above the average


@dataclass(frozen=True)
class DayChart:
    """A column for each day, a calendar day a place; where they are too many, the highest of some.

    Attributes:
        numbers: ordinals of the days with flows, rising, at least one.
        values: of each.
        mean: what the dotted line is at.
        deviation: a day that lies two of these above the mean has another colour; None if not defined.
        shown: how people read a value.
    """

    numbers: Sequence[int]
    values: Sequence[int]
    mean: float
    deviation: float | None
    shown: Callable[[float], str]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Text]:
        labels = self._labels()
        margin = max(map(len, labels)) + 1
        days_a_column, columns = self._columns(max(_NARROWEST, options.max_width - margin))
        step = 2 if 2 * len(columns) <= options.max_width - margin else 1
        blocks = _ASCII_BLOCKS if options.ascii_only else _BLOCKS
        for row in reversed(range(HEIGHT)):
            line = Text(f"{labels[row]:>{margin - 1}} ", style="dim", no_wrap=True)
            for value in columns:
                line.append_text(self._cell(value, row, blocks))
                line.append(" " * (step - 1))
            yield line
        yield Text(" " * margin + self._axis(step * len(columns), days_a_column), style="dim")

    def _labels(self) -> list[str]:
        """What stands before each row, from below: the highest value, and the average."""
        labels = [""] * HEIGHT
        labels[self._row_of_mean] = f"avg {self.shown(self.mean)}"
        labels[-1] = self.shown(max(self.values)) if not labels[-1] else labels[-1]
        return labels

    @property
    def _row_of_mean(self) -> int:
        return min(HEIGHT - 1, int(self.mean / max(*self.values, 1) * HEIGHT))

    def _columns(self, width: int) -> tuple[int, list[int | None]]:
        """How many days a column has, and the highest value of each; None where there were no flows."""
        first, last = self.numbers[0], self.numbers[-1]
        days = ceil((last - first + 1) / width)
        columns: list[int | None] = [None] * ceil((last - first + 1) / days)
        for number, value in zip(self.numbers, self.values, strict=True):
            place = (number - first) // days
            columns[place] = max(columns[place] or 0, value)
        return days, columns

    def _cell(self, value: int | None, row: int, blocks: str) -> Text:
        if value is not None:
            eighths = max(1, round(value / max(*self.values, 1) * HEIGHT * _EIGHTHS))
            filled = min(_EIGHTHS, max(0, eighths - row * _EIGHTHS))
            if filled:
                is_high = self.deviation and value > self.mean + _STANDS_OUT * self.deviation
                return Text(blocks[filled], style="yellow not dim" if is_high else "cyan not dim")
        return Text("·" if row == self._row_of_mean and blocks is _BLOCKS else " ")

    def _axis(self, width: int, days_a_column: int) -> str:
        first, last = day_of(self.numbers[0]), day_of(self.numbers[-1])
        ends = first if first == last else f"{first}{last:>{max(width - len(first), len(last) + 1)}}"
        return ends if days_a_column == 1 else f"{ends}\n(the highest of {days_a_column} days a column)"
