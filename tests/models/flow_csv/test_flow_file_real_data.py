"""Real files, and what people and spreadsheets make of them: read as SQL decides by rules of its own."""

import gzip
import io
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from models.errors import FileRejected
from models.flow_csv.flow_file import FlowFile, read_flow_file
from models.flow_csv.notes import Note
from models.flow_csv.parts import Unit
from tests.helpers.project import REAL_DATA, needs_real_data
from tests.models.flow_csv.sql_oracle import Decision, decide

pytestmark = [needs_real_data, pytest.mark.usefixtures("way")]

FILES = {
    path.relative_to(REAL_DATA.parent).as_posix(): path
    for path in [*sorted(REAL_DATA.glob("*/*.csv*")), *sorted(REAL_DATA.parent.glob("field/*.csv.gz"))]
}
SAID = {  # what a rejection begins with, or has in it, by SQL's verdict
    "columns are missing": r"missing in the header|neither the columns|there is no header line",
    "month first": r"^dates are month first",
    "no row counts": r"^(none of|the only row).* be counted: ",
    "no unit": r"is in doubt: (no row|as many rows|the header lacks)",
}
REJECTED = {
    "data/formats/no-ip-columns-must-be-rejected.csv.gz",
    "data/formats/python-snake-case.csv.gz",
    "data/variot-totals/data-20221007-summary.csv",
    "data/variot-totals/data-20221207-consolidated-int32.csv",
}
UNITS = {
    "data/formats/python-snake-case-blank-lines.csv.gz": Unit.MICROSECONDS,
    "field/python-seconds-iot-testbed.csv.gz": Unit.SECONDS,
}
WITHOUT_HEADER = "data/formats/no-header-iot-mqtt-1970.csv.gz"


_DATE = re.compile(rb"^(?:(\d\d?)/(\d\d?)/(\d{4})|(\d{4})-(\d\d)-(\d\d))(?= )")


def read(path: Path) -> FlowFile:
    """Reads a file under its name; the quarantine is not looked at."""
    return read_flow_file(io.BytesIO(path.read_bytes()), io.BytesIO(), name=path.name)


@cache
def decided(name: str, content: bytes) -> Decision:
    """What SQL makes of a content under a name."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return decide(path)


def check_decision(decision: Decision, content: bytes, name: str) -> None:
    """Makes sure that a file is read as SQL decided: the verdict, the unit, each sum, rows and bad rows."""
    if decision.verdict != "counted":
        with pytest.raises(FileRejected) as rejected:
            read_flow_file(io.BytesIO(content), io.BytesIO(), name=name)
        assert re.search(SAID[decision.verdict], rejected.value.found), (decision.verdict, rejected.value)
        return
    flows = read_flow_file(io.BytesIO(content), io.BytesIO(), name=name)
    assert flows.totals == decision.totals
    assert (flows.rows, flows.quarantined) == (decision.rows, decision.bad)
    assert {None: None, Unit.SECONDS: True, Unit.MICROSECONDS: False}[flows.unit] == decision.seconds


@pytest.mark.parametrize("name", FILES)
def test_a_real_file_is_read_as_sql_decides(name: str) -> None:
    """Whether it counts, in which unit, and every sum, pair and day, by rules of its own."""
    path = FILES[name]
    decision = decided(path.name, path.read_bytes())
    assert (decision.verdict != "counted") == (name in REJECTED)
    check_decision(decision, path.read_bytes(), path.name)


# What becomes of real files on their way


def dated(form: str, years: int = 0) -> Callable[[bytes], bytes]:
    """Writes the date at the beginning of a timestamp in another form."""

    def rewritten(timestamp: bytes) -> bytes:
        match = _DATE.match(timestamp)
        if not match:
            return timestamp
        d, m, y, *year_first = (int(text or 0) for text in match.groups())
        y, m, d = (y, m, d) if y else year_first
        return form.format(d=d, m=m, y=y + years).encode() + timestamp[match.end() :]

    return rewritten


def rounded(duration: bytes) -> bytes:
    """A number as a spreadsheet saves it: large ones lose digits."""
    whole = duration.partition(b".")[0]
    return f"{int(whole):.2E}".encode() if whole.isdigit() and len(whole) > 3 else duration


def as_it_is(text: bytes) -> bytes:
    """The same."""
    return text


CHANGES = {
    "month first": (dated("{m}/{d}/{y}"), as_it_is),
    "of a Thai calendar": (dated("{d:02}/{m:02}/{y}", years=543), as_it_is),
    "year first": (dated("{y}/{m}/{d}"), as_it_is),
    "with dots": (dated("{d}.{m}.{y}"), as_it_is),
    "before 1970": (dated("{d}-{m}-{y}", years=-60), as_it_is),
    "times without dates": (lambda timestamp: b"09:00.7", as_it_is),
    "rounded": (as_it_is, rounded),
}


def changed(path: Path, change: str, share: int) -> bytes:
    """The first lines of a file, the rows changed; with `share`, only one in so many."""
    data = path.read_bytes()
    lines = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).splitlines(keepends=True)[:400]
    names = [re.sub(rb"[^a-z]", b"", name.lower()) for name in lines[0].split(b",")]
    has_header = b"timestamp" in names
    timestamp = names.index(b"timestamp") if has_header else 6
    duration = names.index(b"flowduration") if b"flowduration" in names else 7
    date, number = CHANGES[change]
    made = lines[:1] if has_header else []
    for place, line in enumerate(lines[len(made) :]):
        fields = line.split(b",")
        if len(fields) > duration and place % share == 0:
            fields[timestamp], fields[duration] = date(fields[timestamp]), number(fields[duration])
        made.append(b",".join(fields))
    return b"".join(made)


@pytest.mark.parametrize("share", [1, 3])
@pytest.mark.parametrize("change", CHANGES)
def test_what_was_made_of_real_files_is_read_as_sql_decides(change: str, share: int) -> None:
    """Month-first dates, other calendars, lost dates and rounded numbers, in all rows or in a third."""
    verdicts = set()
    for name, original in FILES.items():
        if name not in REJECTED:
            content = changed(original, change, share)
            decision = decided(original.name.removesuffix(".gz"), content)
            verdicts.add(decision.verdict)
            check_decision(decision, content, original.name)
    if share == 1 and change in ("month first", "of a Thai calendar", "before 1970", "times without dates"):
        assert len(verdicts) > 1


def test_the_known_quirks_are_among_the_files() -> None:
    """Facts known of these files by other means: rows, negative durations, sums beyond 32 bits, no header."""
    durations = read(REAL_DATA / "formats/negative-durations.csv.gz")
    assert (durations.rows, durations.quarantined) == (254, 5)
    twelve_hours = read(REAL_DATA / "formats/v4-12-hour-without-ampm.csv.gz")
    assert sum(totals.duration >= 2**31 for totals in twelve_hours.totals.values()) == 9
    wider = read(REAL_DATA / "formats/v3-85-fields-under-84-headers.csv.gz")
    assert sum(totals.duration >= 2**31 for totals in wider.totals.values()) == 59
    headless = read(FILES[WITHOUT_HEADER])
    assert headless.notes == (Note.NO_HEADER, Note.CLOCK_NOT_SET)
    assert {key.day[:4] for key in headless.totals} == {"1970"}
    assert read(REAL_DATA / "lab/patator_nokia_Flow.csv.gz").rows == 0
    assert {name: read(FILES[name]).unit for name in UNITS} == UNITS


def test_gzip_makes_no_difference_to_a_real_file() -> None:
    """Gzipped or not, a file has one digest and one content."""
    packed = (REAL_DATA / "campus/2019-11-13_Flow.csv.gz").read_bytes()
    assert read_flow_file(io.BytesIO(packed), io.BytesIO()) == read_flow_file(
        io.BytesIO(gzip.decompress(packed)), io.BytesIO()
    )
