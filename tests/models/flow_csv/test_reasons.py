"""Each message about a file or a row says what was found, where and what to do, and is in docs/input.md."""

import ast
import contextlib
import re
import sys
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from models import bucket_layout, traffic
from models.bucket_layout import check_incoming_key
from models.errors import FileRejected
from models.flow_csv import quarantine
from models.flow_csv.flow_file import read_flow_file
from models.flow_csv.headers.columns import V4_HEADER
from models.flow_csv.notes import Note
from models.flow_csv.values import BadRow
from models.traffic import address_prefix
from tests.helpers.flow_files import HEADER, ROW, lines, row, v4_row
from tests.helpers.project import ROOT
from tests.models.flow_csv.test_rejections import REJECTIONS

MODULES = [
    *sorted((ROOT / "models" / "flow_csv").glob("*.py")),
    *(Path(str(module.__file__)) for module in (bucket_layout, traffic)),
]
PYTHON_HEADER = b"src_ip,dst_ip,timestamp,flow_duration,flow_pkts_s,tot_fwd_pkts,tot_bwd_pkts"
PYTHON_ROW = b"10.0.0.1,10.0.0.2,2022-12-07,0.5,4,1,1"


def by_the_python_tool(*durations: bytes) -> bytes:
    """A file of the Python cicflowmeter."""
    return lines(*(PYTHON_ROW.replace(b"0.5", one) for one in durations), header=PYTHON_HEADER)


BAD_ROWS = [
    ROW[:-2],
    ROW + b",y",
    b"bad",
    row(source="x"),
    row(destination="x"),
    row(timestamp="09:00.7"),
    row(timestamp="31/02/2022"),
    row(timestamp="12/13/2022"),
    row(timestamp="07/12/2565"),
    *(
        row(**{column: text})
        for column in ("duration", "packets")
        for text in ("x", "-1", "0.5", "1.20E+08", "1" + "0" * 13)
    ),
    row() + HEADER,
    b"x" * ((1 << 20) + 1),
    b"\0",
    b'"',
]
FILES = [
    *REJECTIONS,
    lines(row(timestamp="13/12/2022"), *BAD_ROWS, row() + b"x" * (2 << 20), ROW),
    lines(row(timestamp="12/07/2022")),  # those of the name, month first
    lines(ROW, header=HEADER.replace(b"IP", b"Address")),
    lines(*BAD_ROWS[:4]),
    lines(ROW[:-2]),
    lines(row(timestamp="12/13/2022")),
    lines(b"1," + ROW, b"2," + ROW),
    lines(v4_row(85), v4_row(85), header=V4_HEADER),
    by_the_python_tool(b"0.5", b"500000", b"x", b"-1", b"9" * 13, b"1.20E+08"),
    by_the_python_tool(b"0.5").replace(b",1,1\n", b",x,1\n") + PYTHON_ROW + b"\n",
    by_the_python_tool(b"0.5", b"500000"),
    by_the_python_tool(b"7"),
    by_the_python_tool(b"0.5") + PYTHON_HEADER + b",x\n",
]
KEYS = [
    *("incoming/paris/", f"incoming/paris/{'é' * 480}.csv", "incoming/a>b/day.csv", "incoming/-/day.csv"),
]


@pytest.fixture(scope="module")
def met() -> dict[tuple[str, int], set[tuple[str, str]]]:
    """What was found and what to do, by module and line of the call that said so, of all these files."""
    found: dict[tuple[str, int], set[tuple[str, str]]] = {}

    def noting(kind: type[Exception]) -> Callable[..., None]:
        begin = kind.__init__

        def init(self: Any, what: str, *more: str, **named: str) -> None:
            caller = sys._getframe(1)
            remedy = next(iter((*more, *named.values())), "")
            found.setdefault((caller.f_code.co_filename, caller.f_lineno), set()).add((what, remedy))
            begin(self, what, *more, **named)

        return init

    with pytest.MonkeyPatch.context() as patched:
        for kind in (BadRow, FileRejected):
            patched.setattr(kind, "__init__", noting(kind))
        for data in FILES:
            attempt(read_flow_file, BytesIO(data), BytesIO(), name="data-20220712.csv")
        for key in KEYS:
            attempt(check_incoming_key, key)
        attempt(address_prefix, "branch", "a>b")
        patched.setattr(quarantine, "MAX_QUARANTINE", 1 << 20)
        attempt(read_flow_file, BytesIO(lines(*[b"bad" + b" " * 2000] * 1000)), BytesIO())
    return found


def attempt(reading: Callable[..., Any], *given: Any, **named: Any) -> None:
    """Reads; a rejection is what is looked for."""
    with contextlib.suppress(FileRejected):
        reading(*given, **named)


def calls() -> Iterator[tuple[str, int]]:
    """Where a message about a file or a row is made in the code."""
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in (
                "FileRejected",
                "BadRow",
                "MonthFirst",
            ):
                yield str(module), node.lineno


def patterns(heading: str) -> list[str]:
    """The messages of one table of docs/input.md: … is any text, and a number any number."""
    _, _, rest = (ROOT / "docs" / "input.md").read_text().partition(f"\n{heading}")
    table = re.split(r"\n\n(?=[^|])", rest.partition("\n\n")[2])[0]
    spans = [
        span.strip("`")
        for cell in re.findall(r"^\| (`.*?`) \| ", table, re.MULTILINE)
        for span in cell.split("`, `")
    ]
    assert spans
    return [re.sub(r"\d+(,\d{3})*", r"[\\d,]+", re.escape(span).replace("…", ".+")) for span in spans]


def test_every_message_is_met_here(met: dict[tuple[str, int], Any]) -> None:
    """The files above lead to every place of the code that rejects a file or sets a row aside."""
    assert sorted(set(calls()) - met.keys()) == []


def test_every_message_says_what_was_found_and_what_to_do(met: dict[Any, set[tuple[str, str]]]) -> None:
    """In few words; those of rows go into a CSV as they are."""
    for (module, _), messages in met.items():
        for found, remedy in messages:
            assert 4 < len(found) < 600, module
            assert 10 < len(remedy) < 250, found
            assert not remedy.endswith("."), remedy
    for found, remedy in of_rows(met):
        assert not re.search(r'[,"\r\n]', found + remedy), found
        assert ": " not in found, found


def of_rows(met: dict[Any, set[tuple[str, str]]]) -> set[tuple[str, str]]:
    """The messages of rows: what to do begins in lower case, behind a colon."""
    return {message for messages in met.values() for message in messages if message[1][0].islower()}


@pytest.mark.parametrize("kind", ["rows", "files"])
def test_docs_list_every_message_and_no_other(kind: str, met: dict[Any, set[tuple[str, str]]]) -> None:
    """Whoever meets a message finds it in docs/input.md, and what stands there can be met."""
    rows = of_rows(met)
    if kind == "rows":
        messages = {f"{found}: {remedy}" for found, remedy in rows}
        listed = patterns("Of rows, as")
    else:
        messages = {message[0] for some in met.values() for message in some - rows}
        listed = patterns("Of files, as")
    assert [text for text in sorted(messages) if not any(re.match(one, text) for one in listed)] == []
    assert [one for one in listed if not any(re.match(one, text) for text in messages)] == []


def test_docs_list_every_note_and_no_other() -> None:
    """Word for word."""
    assert sorted(patterns("Notes, of files")) == sorted(
        re.sub(r"\d+", r"[\\d,]+", re.escape(note.text)) for note in Note
    )
