"""What speaks against a file as a whole, gathered from all of its rows."""

import re
from collections.abc import Callable, Iterable
from datetime import date

from models.errors import FileRejected
from models.flow_csv.quarantine import Quarantine
from models.flow_csv.values import Day

_DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)([-_.]?)(\d\d)\2(\d\d)(?!\d)")
_MONTH_FIRST = "dates are month first"
_DATES_REMEDY = "Write them day first, or as 2022-12-31, and upload the file again"

SPARE = 3_000_000  # bytes that odd lines may count as in any file; in a longer one, as many as it has
_ODD_LINE = 1000  # bytes that one counts as, beside its own; rows of CICFlowMeter have some 600
_ODD_HEADER = 1000  # further ones of a line that may be a header
_ODD_NAME = 100  # and for each field of it
_MOST_FIELDS = 100  # of a row; CICFlowMeter's have 85
_ODD_FIELD = 5  # bytes for each further field of a line with quotes


class Evidence:
    """Gathers what the dates of the rows tell of their order.

    Attributes:
        days: of all timestamps, read day first; only of those it saw, until the dates are checked.
        others: gives the days of rows that it does not see.
    """

    def __init__(self) -> None:
        self.days: set[str] = set()
        self.others: Callable[[], Iterable[Day]] = tuple
        self._swapped: set[str] = set()  # the same dates, if they were month first
        self._is_day_first = False  # beyond doubt
        self._month_first = ""  # the first date that is one only so

    def saw(self, when: Day) -> None:
        """Takes the day of a row."""
        self.days.add(when.iso)
        self._is_day_first |= when.is_day_first
        if when.swapped:
            self._swapped.add(when.swapped)

    def saw_month_first(self, timestamp: bytes, number: int) -> None:
        """Takes a timestamp that is a date only if the month stands first, and the number of its line."""
        if not self._month_first:
            self._month_first = f"line {number} has {timestamp.decode('latin-1')!r}"

    def check_dates(self, name: str) -> None:
        """Makes sure that no date was taken for another.

        Args:
            name: the file's; empty if it has none, or if more days may follow.

        Raises:
            FileRejected: the month stands first in this file.
        """
        for when in self.others():
            self.saw(when)
        if self._month_first and not self._is_day_first:
            raise FileRejected(f"{_MONTH_FIRST}: {self._month_first}", remedy=_DATES_REMEDY)
        named = _date_in(name)
        if named in self._swapped and named not in self.days:
            raise FileRejected(
                f"{_MONTH_FIRST}: read so, they are those of {named}, the date in the file's name",
                remedy=f"{_DATES_REMEDY}; if they are day first, give the file another name",
            )


class OddLines:
    """Lines that are neither rows that count nor the header: each costs more time than hundreds of rows.

    Args:
        quarantine: tells what is wrong with most of them.
        evidence: tells it more plainly if it is the order of their dates.
        is_read_twice: whether another reader takes the same lines, in another unit.
    """

    def __init__(self, quarantine: Quarantine, evidence: Evidence, *, is_read_twice: bool) -> None:
        self._quarantine = quarantine
        self._evidence = evidence
        self._readings = 1 + is_read_twice
        self._met = 0
        self._read = self._counted = 0  # bytes: of the content so far, and that they count as

    def read(self, length: int) -> None:
        """Takes the length of what is read next: the longer a file, the more of them it may have."""
        self._read += length

    def met(self, line: bytes, number: int, *, may_be_header: bool) -> None:
        """Takes one, with the number of its line.

        Raises:
            FileRejected: there are too many.
        """
        self._met += 1
        counts_as = _ODD_LINE + len(line)
        fields = line.count(b",") + 1
        if fields > _MOST_FIELDS and b'"' in line:
            counts_as += (fields - _MOST_FIELDS) * _ODD_FIELD
        if may_be_header:
            counts_as += _ODD_HEADER + fields * _ODD_NAME
        self._counted += counts_as * self._readings
        if self._counted > max(SPARE, self._read):
            self._evidence.check_dates(name="")
            told = f": {self._quarantine.told()}" if self._quarantine.rows else ""
            raise FileRejected(
                f"{self._met:,} of the first {number:,} lines are neither rows that can be counted nor the "
                f"header{told}",
                remedy="Correct how the file is made, and upload it again",
            )


def check_rows(counted: int, quarantine: Quarantine) -> None:
    """Makes sure that a file with rows has some that count.

    Raises:
        FileRejected: all are in quarantine.
    """
    if quarantine.rows and not counted:
        rows = f"none of the {quarantine.rows:,} rows" if quarantine.rows > 1 else "the only row cannot"
        what = f"{rows} can be counted" if quarantine.rows > 1 else f"{rows} be counted"
        raise FileRejected(f"{what}: {quarantine.told()}", remedy="Correct the file, and upload it again")


def _date_in(name: str) -> str:
    """The first date in a name, ISO 8601; nothing if there is none."""
    for year, _, month, day_of_month in _DATE_IN_NAME.findall(name):
        try:
            return date(int(year), int(month), int(day_of_month)).isoformat()
        except ValueError:
            continue
    return ""
