"""The quarantine of a flow file: its rows that cannot be counted, as a CSV that can be corrected."""

from typing import NamedTuple, Protocol

from models.errors import FileRejected

MAX_QUARANTINE = 256 << 20  # bytes: it has to fit in the 512 MB of /tmp that a function has

_COLUMNS = b",Quarantine Line,Quarantine Reason"
_MOST_REASONS = 1000  # that are told apart: the number of fields of a row is in some


class Sink(Protocol):
    """What takes the bytes of a quarantine: a file, for one."""

    def write(self, text: bytes, /) -> object: ...


class Reason(NamedTuple):
    """Why rows of a file are in quarantine.

    Attributes:
        text: the reason, the same in each of these rows.
        rows: how many.
        line: number of the first line.
    """

    text: str
    rows: int
    line: int


def located(reason: str, line: int, *, is_only: bool) -> str:
    """A reason with the place where it is met: `Timestamp is not a date (from line 3 on): write it …`.

    Args:
        reason: of a row, as it stands in the quarantine.
        line: number of the first line that has it.
        is_only: whether no other line can have it.
    """
    found, colon, remedy = reason.partition(": ")
    return f"{found} ({f'line {line}' if is_only else f'from line {line} on'}){colon}{remedy}"


class Quarantine:
    """Writes the rows that are not counted: the header, their bytes, line number and reason.

    Args:
        sink: takes the CSV; nothing is written to it as long as there are no rows.
        limit: bytes of it at most.

    Attributes:
        rows: written so far.
    """

    def __init__(self, sink: Sink, limit: int | None = None) -> None:
        self.rows = 0
        self._header = b""
        self._is_header_due = True
        self._reasons: dict[str, list[int]] = {}  # rows, and the first line
        self._limit = self._left = MAX_QUARANTINE if limit is None else limit
        self._sink = sink
        self._is_within_row = False

    @property
    def header(self) -> bytes:
        """The header line for the rows that come next; the file's, or one in its place."""
        return self._header

    @header.setter
    def header(self, line: bytes) -> None:
        self._header = line
        self._is_header_due = True

    @property
    def commonest(self) -> Reason | None:
        """The reason that most rows have, the earliest of several; None if there are no rows."""
        if not self._reasons:
            return None
        text = max(self._reasons, key=lambda reason: self._reasons[reason][0])
        return Reason(text, *self._reasons[text])

    @staticmethod
    def is_header(line: bytes) -> bool:
        """Whether a header line is that of a quarantine, uploaded as a file of its own."""
        return line.rstrip().endswith(_COLUMNS)

    def told(self) -> str:
        """The commonest reason with its first line, in words."""
        reason = self.commonest
        if reason is None:
            return "one line"
        told = located(reason.text, reason.line, is_only=self.rows == 1)
        return told if reason.rows == self.rows else f"in {reason.rows:,} of them {told}"

    def add(self, row: bytes, number: int, reason: str) -> None:
        """Sets a row aside.

        Raises:
            FileRejected: there is more than anybody will look through.
        """
        self._begin_row()
        self._put(b"%b,%d,%b\n" % (row, number, reason.encode()))
        self._end_row(number, reason)

    def write(self, piece: bytes) -> None:
        """Begins or goes on with the original bytes of a row."""
        if not self._is_within_row:
            self._begin_row()
        self._is_within_row = True
        self._put(piece)

    def end_row(self, number: int, reason: str) -> None:
        """Ends the row that `write` began, with its line number."""
        self._put(b",%d,%b\n" % (number, reason.encode()))
        self._is_within_row = False
        self._end_row(number, reason)

    def _begin_row(self) -> None:
        if self._is_header_due:
            self._put(self._header + _COLUMNS + b"\n")
            self._is_header_due = False

    def _end_row(self, number: int, reason: str) -> None:
        self.rows += 1
        if reason in self._reasons:
            self._reasons[reason][0] += 1
        elif len(self._reasons) < _MOST_REASONS:
            self._reasons[reason] = [1, number]

    def _put(self, text: bytes) -> None:
        self._left -= len(text)
        if self._left < 0:
            what = f"more than {self._limit >> 20} MiB of rows that cannot be counted: {self.told()}"
            raise FileRejected(what, remedy="Correct how the file is made, and upload it again")
        self._sink.write(text)
