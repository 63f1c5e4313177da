"""The files that the fuzzer begins with, and what a queue may deliver."""

from typing import Any
from urllib.parse import quote_plus

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import FlowtallyError
from models.flow_csv.byte_stream import BLOCK, MAX_LINE
from models.s3_events import UploadedObject, uploaded_objects
from tests.fuzz.laws import check, read
from tests.fuzz.recipes import HEADER, ROW, SEEDS

KEYS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
ODD_KEYS = st.sampled_from(
    ["a b+c%2B.csv", "../../etc/passwd", "zeile\n\r\t.csv", "Ünïcødé \U0001f4a5/..", "%", "+"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | KEYS,
    lambda inner: (
        st.lists(inner) | st.dictionaries(st.sampled_from(["Records", "s3", "object", "key"]), inner)
    ),
)


@pytest.mark.parametrize("packing", range(64))
def test_laws_hold_of_the_seeds(packing: int) -> None:
    """Each seed, in each packing, is read or rejected as every flow file must be."""
    for seed in SEEDS:
        for second in range(0, 256, 17):
            check(bytes([packing, second]) + seed)


@pytest.mark.parametrize("end", [b"\r", b"\r\n", b"\r\r"])
def test_a_long_line_that_ends_with_a_block_takes_no_other_with_it(end: bytes) -> None:
    """A CR that is the last byte of a block ends the line, though an LF may follow. (Found by fuzzing.)"""
    start = HEADER + b"\n"
    long = b"1" * (17 * BLOCK - len(start) - 1)
    verdict = read(start + long + end + ROW + end, 1 << 16)
    assert not isinstance(verdict, str)
    flows, quarantine = verdict
    assert (flows.rows, flows.quarantined) == (2, 1)
    assert quarantine.split(b"\n")[1].startswith(long + b",2,line is longer than 1 MiB")


def test_an_over_long_header_is_a_row_like_another() -> None:
    """What is longer than a line may be is not looked at: it is quarantined. (Found by fuzzing.)"""
    elsewhere = b"x," + HEADER + b"," * MAX_LINE
    verdict = read(HEADER + b"\n" + ROW + b"\n" + elsewhere + b"\n" + ROW, 1 << 16)
    assert not isinstance(verdict, str)
    assert (verdict[0].rows, verdict[0].quarantined) == (3, 1)


@given(KEYS | ODD_KEYS)
def test_every_key_survives_the_way_through_the_queue(key: str) -> None:
    """Spaces, plus signs, dots, line ends and any Unicode come out as they went in."""
    entity = {"bucket": {"name": "b"}, "object": {"key": quote_plus(key, safe="/")}}
    (found,) = uploaded_objects(orjson.dumps({"Records": [{"s3": entity}]}).decode())
    assert found == UploadedObject("b", key)
    assert "/" not in found.branch


@given(JSON | st.text())
def test_any_message_is_understood_or_refused(message: Any) -> None:
    """Whatever else lies in the queue leads to one clear error."""
    body = message if isinstance(message, str) else orjson.dumps(message).decode()
    try:
        found = list(uploaded_objects(body))
    except FlowtallyError as error:
        refusal = error.found
    else:
        assert all(isinstance(uploaded.key, str) for uploaded in found)
        return
    assert "no S3 notification" in refusal
