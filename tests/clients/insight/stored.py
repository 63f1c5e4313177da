"""Puts histories where the second stage would have them."""

from collections.abc import Mapping

from models.deployment import Deployment
from models.traffic import Totals
from tests.helpers.support import client


def store(deployment: Deployment, histories: Mapping[str, Mapping[str, Totals]]) -> None:
    """Writes daily totals, as if files had been counted."""
    dynamodb = client("dynamodb")
    items = [
        {
            "k": {"S": pair},
            "t": {"S": day},
            **{name: {"N": str(value)} for name, value in zip("dpn", totals, strict=True)},
            "r": {"N": "1"},
            "u": {"N": "1670000000"},
        }
        for pair, history in histories.items()
        for day, totals in history.items()
    ]
    for start in range(0, len(items), 25):
        batch = [{"PutRequest": {"Item": item}} for item in items[start : start + 25]]
        dynamodb.batch_write_item(RequestItems={deployment.daily_totals: batch})
