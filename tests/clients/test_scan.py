"""What scans of tables and listings of objects tell: items, however encoded, and what they cost."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from clients.queries.scan import decode

ITEMS = st.lists(
    st.fixed_dictionaries(
        {
            "k": st.fixed_dictionaries({"S": st.text() | st.sampled_from(["}}]", '"}', "[", '{"N":"'])}),
            "t": st.fixed_dictionaries({"S": st.just("2022-12-05")}),
            "d1": st.fixed_dictionaries({"N": (st.integers() | st.floats(0, 9)).map(str)}),
        }
    ),
    max_size=3,
)


@given(ITEMS, st.sampled_from([(",", ":"), (", ", ": ")]), st.booleans(), st.booleans())
def test_answers_are_decoded_whatever_stands_in_them(
    items: list[dict[str, dict[str, str]]], separators: tuple[str, str], is_ascii: bool, is_last: bool
) -> None:
    """Compact or not, with quotation marks and brackets in strings: items come flat, the rest as it is."""
    answer: dict[str, Any] = {
        "ConsumedCapacity": {"CapacityUnits": 0.5, "TableName": "DailyTotals"},
        "Items": items,
    }
    if not is_last:
        answer["LastEvaluatedKey"] = {"k": {"S": 'a}}]"}>b'}, "t": {"S": "2022-12-05"}}
    body = json.dumps(answer, separators=separators, ensure_ascii=is_ascii).encode()
    decoded = decode(body)
    assert decoded == {**answer, "Items": [flat(item) for item in items]}
    assert all(type(item["d1"]) in (int, str) for item in decoded["Items"])


def flat(item: dict[str, dict[str, str]]) -> dict[str, Any]:
    """An item without its types: a whole number from 0 on as `int`, another as it is written."""
    text = item["d1"]["N"]
    number = Decimal(text)
    is_whole = number == number.to_integral_value() and number >= 0
    return {"k": item["k"]["S"], "t": item["t"]["S"], "d1": int(number) if is_whole else text}


def test_what_is_no_answer_is_left_to_boto3() -> None:
    """An error of a proxy or an answer to something else is not decoded."""
    assert decode(b"<html>") is None
    assert decode(b'{"Tables":[]}') is None
    assert decode(b"[]") is None
