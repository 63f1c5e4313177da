"""What must hold of every flow file, whatever is in it."""

import hashlib
import io
import zlib
from collections import Counter
from datetime import date
from ipaddress import ip_address
from time import process_time
from unittest.mock import patch

from models.errors import FileRejected
from models.flow_csv import byte_stream as content
from models.flow_csv import reader
from models.flow_csv.flow_file import FlowFile, check_first_block, each_part, read_flow_file
from models.flow_csv.row_counters.row_counter import PythonRowCounter
from models.flow_csv.values import MAX_VALUE
from models.traffic import PairDay, Totals, by_day
from tests.fuzz.recipes import Delivery, Stream, delivery, gzipped
from tests.helpers.flow_files import CarefulRowCounter

SECONDS = 2.0  # of CPU time that a small file may take

_ON_ROWS = ("be counted: ", "month first", "in doubt: no row", "in doubt: as many")  # and not on their form
_USUAL = content.BLOCK, content.MAX_LINE
_SMALL = 128, 600

Verdict = tuple[FlowFile, bytes] | str  # what was read and its quarantine, or why it was rejected


def check(data: bytes) -> None:
    """Reads the file that some bytes stand for; raises whatever is wrong with the outcome."""
    file = delivery(data)
    # With lines and blocks of the usual size, a small file never comes to the end of one.
    _set_limits(*(_USUAL if file.is_to_scale else _SMALL))
    try:
        _check(data, file)
    finally:
        _set_limits(*_USUAL)


def _set_limits(block: int, line: int) -> None:
    """By hand, as the tools of `unittest.mock` take as long as a small file."""
    content.BLOCK = block
    content.MAX_LINE = reader.MAX_LINE = line  # type: ignore[attr-defined]  # imported there


def _check(data: bytes, file: Delivery) -> None:
    begun = process_time()
    verdict = read(file.stored, file.piece)
    assert process_time() - begun < SECONDS, "too slow"
    if not isinstance(verdict, str):
        _check_totals(verdict[0])
    assert isinstance(verdict, str) or not file.is_cut_off
    if file.content is not None:
        _check_first_block(file.content, verdict)
        if not isinstance(verdict, str):
            _check_rows(file.content, *verdict)
        if zlib.crc32(data) % 16 == 0:
            _check_only_the_content_matters(file, verdict)


def read(stored: bytes, piece: int) -> Verdict:
    """Reads a file; anything raised but FileRejected is an error of the reader."""
    quarantine = io.BytesIO()
    try:
        flows = read_flow_file(Stream(stored, piece), quarantine)
        flows.first.sort()  # the one way has another order than the other
        return flows, quarantine.getvalue()
    except FileRejected as error:
        rejected = error
    assert 0 < len(rejected.found) < len(str(rejected)) < 1000
    return rejected.found


def _check_totals(flows: FlowFile) -> None:
    """Every row is counted once or in quarantine; keys are canonical, sums are possible."""
    assert sum(totals.flows for totals in flows.totals.values()) + flows.quarantined == flows.rows
    for day, totals in flows.totals.items():
        assert date.fromisoformat(day.day).isoformat() == day.day
        for address in (day.source, day.destination):
            assert ip_address(address)
            assert address == address.lower().strip()
        assert totals.flows > 0
        assert 0 <= totals.duration <= totals.flows * MAX_VALUE
        assert 0 <= totals.packets <= totals.flows * MAX_VALUE


def _check_rows(text: bytes, flows: FlowFile, quarantine: bytes) -> None:
    """No row is invented or lost, and the quarantine holds the original bytes of its rows."""
    assert flows.digest == hashlib.sha256(text).digest()
    lines = text.removeprefix(b"\xef\xbb\xbf").splitlines()
    filled = {number: line for number, line in enumerate(lines, 1) if line.strip(b", \t\v\f")}
    perhaps_headers = sum(b"timestamp" in line.lower() for line in filled.values())
    long_and_blank = sum(len(line) > content.MAX_LINE and not line.strip(b", \t\v\f") for line in lines)
    assert len(filled) - perhaps_headers <= flows.rows <= len(filled) + long_and_blank
    numbers = set(_check_quarantine(lines, flows, quarantine)) if quarantine else set()
    assert len(numbers) == flows.quarantined
    counted = [line for number, line in filled.items() if number not in numbers]
    plain = [line for line in counted if b'"' not in line and b"timestamp" not in line.lower()]
    widths = {line.count(b",") for line in plain}
    assert len(widths) <= 1 or perhaps_headers > 1, "rows of several widths are counted"


def _check_quarantine(lines: list[bytes], flows: FlowFile, quarantine: bytes) -> list[int]:
    """The numbers of the lines in there, which are unchanged; the commonest reason is one of theirs."""
    *rows, end = quarantine.split(b"\n")
    assert end == b""
    found: list[tuple[int, str]] = []
    for row in rows:
        original, number, reason = row.rsplit(b",", 2)
        if (number, reason) == (b"Quarantine Line", b"Quarantine Reason"):
            continue
        assert lines[int(number) - 1] == original
        assert reason
        found.append((int(number), reason.decode()))
    assert rows[0].endswith(b",Quarantine Line,Quarantine Reason")
    numbers = [number for number, _ in found]
    assert numbers == sorted(set(numbers))
    commonest = flows.commonest
    assert commonest
    assert [number for number, reason in found if reason == commonest.text][:1] == [commonest.line]
    assert Counter(reason for _, reason in found).most_common(1)[0][1] == commonest.rows
    if len(rows[0]) <= content.MAX_LINE:
        again = read(quarantine, 1 << 16)
        is_about_rows = isinstance(again, str) and any(verdict in again for verdict in _ON_ROWS)
        assert not isinstance(again, str) or is_about_rows, f"the quarantine cannot be read: {again}"
    return numbers


def _check_first_block(text: bytes, verdict: Verdict) -> None:
    """What is known of a file by its first block is what is said of it in the end."""
    is_all = len(text) <= content.BLOCK
    try:
        check_first_block(text[: content.BLOCK], is_all=is_all)
        known = None
    except FileRejected as rejection:
        known = rejection.found
    assert verdict == known if known else not (is_all and isinstance(verdict, str))


def _check_parts(text: bytes, flows: FlowFile) -> None:
    """Read in as many parts as may be, the file is the same."""
    first = read_flow_file(io.BytesIO(text), io.BytesIO(), 1)
    assert first._replace(first=flows.first, more=(), parts=()) == flows
    totals: dict[PairDay, Totals] = {}
    for part in map(by_day, each_part(first, lambda: io.BytesIO(text), 1)):
        assert not totals.keys() & part.keys()
        totals |= part
    assert totals == flows.totals


def _check_only_the_content_matters(file: Delivery, verdict: Verdict) -> None:
    """The same content in other pieces, gzipped or not, or read in any of the ways, is the same file."""
    assert file.content is not None
    assert read(gzipped(file.content), 5) == verdict
    if not isinstance(verdict, str):
        _check_parts(file.content, verdict[0])
    for other_way in (PythonRowCounter, CarefulRowCounter):
        with patch.object(reader, "new_row_counter", other_way):
            assert read(gzipped(file.content), 1 << 16) == verdict
