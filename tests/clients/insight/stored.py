"""Puts histories where the first stage would have them."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from models.deployment import Deployment
from models.storage.schema import DAY_ATTRIBUTES
from models.traffic import Totals, week_of
from tests.helpers.deployed import client


def store(deployment: Deployment, histories: Mapping[str, Mapping[str, Totals]]) -> None:
    """Writes daily totals, as if files had been counted."""
    weeks: defaultdict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
    for pair, history in histories.items():
        for day, totals in history.items():
            monday, weekday = week_of(day)
            numbers = zip(DAY_ATTRIBUTES[weekday], totals, strict=True)
            weeks[pair, monday] |= {name: {"N": str(value)} for name, value in numbers}
    items = [
        {"k": {"S": pair}, "t": {"S": monday}, **numbers, "r": {"N": "1"}, "u": {"N": "1670000000"}}
        for (pair, monday), numbers in weeks.items()
    ]
    for start in range(0, len(items), 25):
        batch: Any = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        client("dynamodb").batch_write_item(RequestItems={deployment.daily_totals: batch})
