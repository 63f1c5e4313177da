"""What `flowtally` says: results on standard output, remarks on standard error, figures people can read."""

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.errors import FlowtallyError
from models.visible import visible, visible_lines

# Markup is off: file names and addresses may hold brackets.
out = Console(markup=False, highlight=False, emoji=False)
remarks = Console(markup=False, highlight=False, emoji=False)  # on standard output, too, but may be silenced
err = Console(markup=False, highlight=False, emoji=False, stderr=True)

POPULATION = "deviation: population (n)"
SAMPLE = "deviation: sample (n − 1)"
UNDEFINED = "–"

_DURATIONS = ((86_400e6, "d"), (3_600e6, "h"), (60e6, "min"), (1e6, "s"), (1e3, "ms"))
_THOUSANDS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def hush() -> None:
    """Silences all remarks until the command ends: what it found, warnings and errors are still told."""
    remarks.quiet = True
    click.get_current_context().call_on_close(_speak_again)


def _speak_again() -> None:
    remarks.quiet = False


def say(text: str | Text, *, style: str = "", to: Console = remarks) -> None:
    """Prints a remark: broken between words on a terminal, whole for files and other programs."""
    shown = Text(visible_lines(text), style=style) if isinstance(text, str) else text
    to.print(shown, soft_wrap=not to.is_terminal)


def show_whole(line: str) -> None:
    """Prints a line that is to be copied: no break is put into it, however narrow the terminal."""
    remarks.print(Text(visible(line)), soft_wrap=True)


def warn(text: str) -> None:
    """Prints a warning on standard error."""
    say(warning(text), to=err)


def warning(text: str) -> Text:
    """A warning, to be printed."""
    return Text("Warning: ", style="yellow").append(visible(text), style="default")


def complain(error: FlowtallyError) -> None:
    """Prints an error on standard error: what was found and where, then what to do about it."""
    found = visible_lines(error.found)  # may end with the last lines of a program
    if error.where:
        found = f"{visible(error.where)}: {found}"
    say(Text("Error: ", style="bold red").append(found, style="default"), to=err)
    if error.remedy:
        say(f"{error.remedy}.", to=err)


def table(title: str, *columns: str, numbers: int = 0) -> Table:
    """A table whose last `numbers` columns are aligned to the right."""
    made = Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for position, name in enumerate(columns):
        add_column(made, name, is_number=position >= len(columns) - numbers)
    return made


def add_column(to: Table, heading: str, *, is_number: bool) -> None:
    """Adds a column to a table: numbers to the right and whole, texts to the left and folded."""
    to.add_column(heading, justify="right" if is_number else "left", no_wrap=is_number, overflow="fold")


def duration(microseconds: float | None) -> str:
    """A time in the unit that suits it, to three digits: `1.23 h`."""
    if not microseconds:
        return UNDEFINED if microseconds is None else "0 s"
    for size, unit in _DURATIONS:
        if abs(microseconds) >= size:
            return f"{_three_digits(microseconds / size)} {unit}"
    return f"{_three_digits(microseconds)} µs"


def number(value: float | None) -> str:
    """A number in thousands that suit it, to three digits: `12.3 k`."""
    if value is None:
        return UNDEFINED
    for size, prefix in _THOUSANDS:
        if abs(value) >= size:
            return f"{_three_digits(value / size)} {prefix}"
    return _three_digits(value)


def size(count: int) -> str:
    """A number of bytes: `12.3 kB`."""
    return f"{count} B" if abs(count) < 1000 else f"{number(count)}B"


def count_of(count: int, noun: str) -> str:
    """A count and its noun: `1 file`, `2,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _three_digits(value: float) -> str:
    if value == int(value) and abs(value) < 1000:
        return str(int(value))
    return f"{value:.{2 if abs(value) < 10 else 1 if abs(value) < 100 else 0}f}"
