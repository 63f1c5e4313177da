"""What must hold of every flow file, whatever is in it."""

import hashlib
import io
import zlib
from datetime import date
from ipaddress import ip_address
from time import process_time
from unittest.mock import patch

from models.errors import FileRejected
from models.flow_csv import byte_stream as content
from models.flow_csv import reader
from models.flow_csv.flow_file import FlowFile, read_flow_file
from models.flow_csv.row_counter import PythonRowCounter
from models.flow_csv.values import MAX_VALUE
from tests.fuzz.recipes import Delivery, Stream, delivery, gzipped
from tests.helpers.flow_files import CarefulRowCounter

SECONDS = 2.0  # of CPU time that a small file may take

Verdict = tuple[FlowFile, bytes] | str  # what was read and its quarantine, or why it was rejected


def check(data: bytes) -> None:
    """Reads the file that some bytes stand for; raises whatever is wrong with the outcome."""
    file = delivery(data)
    if file.is_to_scale:
        _check(data, file)
        return
    # With lines and blocks of the usual size, a small file never comes to the end of one.
    with (
        patch.object(content, "BLOCK", 128),
        patch.object(content, "MAX_LINE", 600),
        patch.object(reader, "MAX_LINE", 600),
    ):
        _check(data, file)


def _check(data: bytes, file: Delivery) -> None:
    begun = process_time()
    verdict = read(file.stored, file.piece)
    assert process_time() - begun < SECONDS, "too slow"
    if not isinstance(verdict, str):
        _check_totals(verdict[0])
    assert isinstance(verdict, str) or not file.is_cut_off
    if file.content is not None:
        if not isinstance(verdict, str):
            _check_rows(file.content, *verdict)
        if zlib.crc32(data) % 16 == 0:
            _check_only_the_content_matters(file, verdict)


def read(stored: bytes, piece: int) -> Verdict:
    """Reads a file; anything raised but FileRejected is an error of the reader."""
    quarantine = io.BytesIO()
    try:
        return read_flow_file(Stream(stored, piece), quarantine), quarantine.getvalue()
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
    filled = {number: line for number, line in enumerate(lines, 1) if line.strip()}
    perhaps_headers = sum(b"timestamp" in line.lower() for line in filled.values())
    long_and_blank = sum(len(line) > content.MAX_LINE and not line.strip() for line in lines)
    assert len(filled) - perhaps_headers <= flows.rows <= len(filled) + long_and_blank
    numbers = set(_check_quarantine(lines, flows, quarantine)) if quarantine else set()
    assert len(numbers) == flows.quarantined
    counted = [line for number, line in filled.items() if number not in numbers]
    plain = [line for line in counted if b'"' not in line and b"timestamp" not in line.lower()]
    assert len({line.count(b",") for line in plain}) <= 1, "rows of several widths are counted"


def _check_quarantine(lines: list[bytes], flows: FlowFile, quarantine: bytes) -> list[int]:
    """The numbers of the lines that are in there, which are unchanged and can be read again."""
    header, *rows, end = quarantine.split(b"\n")
    assert end == b""
    numbers = []
    for row in rows:
        original, number, reason = row.rsplit(b",", 2)
        assert lines[int(number) - 1] == original
        assert reason
        numbers.append(int(number))
    assert numbers == sorted(set(numbers))
    if len(header) <= content.MAX_LINE:
        again = read(quarantine, 1 << 16)
        assert not isinstance(again, str), f"the quarantine cannot be read: {again}"
        assert again[0].rows == flows.quarantined
    return numbers


def _check_only_the_content_matters(file: Delivery, verdict: Verdict) -> None:
    """The same content in other pieces, gzipped or not, or read in any of the ways, is the same file."""
    assert file.content is not None
    assert read(gzipped(file.content), 5) == verdict
    for other_way in (PythonRowCounter, CarefulRowCounter):
        with patch.object(reader, "new_row_counter", other_way):
            assert read(gzipped(file.content), 1 << 16) == verdict
