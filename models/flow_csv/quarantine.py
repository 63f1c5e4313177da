"""The quarantine of a flow file: its rows that cannot be counted, as a CSV that can be corrected."""

from typing import IO

from models.errors import FileRejected

MAX_QUARANTINE = 256 << 20  # bytes: it has to fit in the 512 MB of /tmp that a function has

_COLUMNS = b",Quarantine Line,Quarantine Reason"


class Quarantine:
    """Writes the rows that are not counted: the header, their bytes, line number and reason.

    Args:
        sink: takes the CSV; nothing is written to it as long as there are no rows.

    Attributes:
        header: the file's header line, or one in its place; to be set before the first row.
        rows: written so far.
    """

    def __init__(self, sink: IO[bytes]) -> None:
        self.header = b""
        self.rows = 0
        self._left = MAX_QUARANTINE
        self._sink = sink
        self._is_within_row = False

    @staticmethod
    def is_header(line: bytes) -> bool:
        """Whether a header line is that of a quarantine, uploaded as a file of its own."""
        return line.rstrip().endswith(_COLUMNS)

    def add(self, row: bytes, number: int, reason: str) -> None:
        """Sets a row aside.

        Raises:
            FileRejected: there is more than anybody will look through.
        """
        self.write(row)
        self.end_row(number, reason)

    def write(self, piece: bytes) -> None:
        """Begins or goes on with the original bytes of a row."""
        if not self.rows and not self._is_within_row:
            self._put(self.header + _COLUMNS + b"\n")
        self._is_within_row = True
        self._put(piece)

    def end_row(self, number: int, reason: str) -> None:
        """Ends the row that `write` began, with its line number."""
        self._put(f",{number},{reason}\n".encode())
        self._is_within_row = False
        self.rows += 1

    def _put(self, text: bytes) -> None:
        self._left -= len(text)
        if self._left < 0:
            what = f"more than {MAX_QUARANTINE >> 20} MiB of rows that cannot be counted"
            raise FileRejected(what, remedy="Check how the file was made")
        self._sink.write(text)
