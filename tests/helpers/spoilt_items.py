"""Items of the daily totals that no statistics can be made of, or that take nothing more."""

from datetime import date, timedelta
from typing import Any

from models.traffic import PairWeek


def fill_week(dynamodb: Any, table: str, week: PairWeek, files: int) -> None:
    """Puts an item to which so many files contributed."""
    numbers = {"d3": 5, "p3": 5, "n3": files, "r": files, "u": 100}
    dynamodb.put_item(
        TableName=table,
        Item={
            "k": {"S": week.pair},
            "t": {"S": week.week},
            "s": {"BS": [number.to_bytes(8, "big") for number in range(files)]},
            **{name: {"N": str(number)} for name, number in numbers.items()},
        },
    )


def rows_of(week: PairWeek) -> list[str]:
    """A flow on each day of a week, which needs more room than one that fills an item leaves."""
    first = date.fromisoformat(week.week)
    days = [f"{first + timedelta(days=number):%d/%m/%Y}" for number in range(7)]
    return [f"{week.source},{week.destination},{day} 10:00:00 AM,123456789,12" for day in days]


def put_without_numbers(dynamodb: Any, table: str, week: PairWeek) -> None:
    """Puts an item as no worker writes it."""
    item = {"k": {"S": week.pair}, "t": {"S": week.week}, "r": {"N": "1"}, "u": {"N": "1"}}
    dynamodb.put_item(TableName=table, Item=item)


def take_a_number_out(dynamodb: Any, table: str, week: PairWeek) -> None:
    """Takes the packets of Wednesday out of an item that has some."""
    dynamodb.update_item(
        TableName=table, Key={"k": {"S": week.pair}, "t": {"S": week.week}}, UpdateExpression="REMOVE p3"
    )
