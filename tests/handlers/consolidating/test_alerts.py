"""Alerts: a day that begins to stand out is told once, and a backfill is silent."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from handlers.assembly import consolidator_for
from handlers.consolidating.stage import Consolidator
from models.deployment import Deployment

PAIR = "10.0.0.1>10.0.0.2"
WEEKS = ("2022-11-28", "2022-12-05", "2022-12-12")
NOW = int(datetime(2022, 12, 15, tzinfo=UTC).timestamp())


class Weeks:
    """A pair's weeks as the first stage writes them, and the records that the stream tells of it."""

    def __init__(self) -> None:
        self._items: dict[str, dict[str, Any]] = {}

    def add(self, week: str, days: Mapping[int, int], now: int = NOW) -> dict[str, Any]:
        """One change: so much more flow duration, and a packet and flow each, on some weekdays."""
        old = self._items.get(week, {})
        numbers = {name: int(value["N"]) for name, value in old.items()}
        for weekday, duration in days.items():
            for name, more in ((f"d{weekday}", duration), (f"p{weekday}", 1), (f"n{weekday}", 1)):
                numbers[name] = numbers.get(name, 0) + more
        numbers |= {"r": numbers.get("r", 0) + 1, "u": now}
        new = {name: {"N": str(value)} for name, value in numbers.items()}
        self._items[week] = new
        change = {"Keys": {"k": {"S": PAIR}, "t": {"S": week}}, "NewImage": new}
        return {
            "eventName": "MODIFY" if old else "INSERT",
            "dynamodb": change | ({"OldImage": old} if old else {}),
        }


@pytest.fixture
def consolidator(deployment: Deployment) -> Consolidator:
    """The second stage as Lambda and the daemon put it together."""
    return consolidator_for(deployment)


def alerts(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, int]]:
    """Day, measure and value of the alerts since the last look."""
    told = [
        (one.__dict__["day"], one.__dict__["measure"], one.__dict__["value"])
        for one in caplog.records
        if one.getMessage() == "day stands out"
    ]
    caplog.clear()
    return told


def test_a_day_is_told_when_it_begins_to_stand_out(
    consolidator: Consolidator, caplog: pytest.LogCaptureFixture
) -> None:
    """Once, with its figures: not before, not again as it grows, and not for a record that comes twice."""
    caplog.set_level(logging.WARNING, "flowtally.consolidate")
    weeks = Weeks()
    for week in WEEKS[:2]:
        assert consolidator.process([weeks.add(week, {day: 1000 + day for day in range(1, 6)})]) is None
    assert alerts(caplog) == []
    usual, burst, more = (weeks.add(WEEKS[2], {2: duration}) for duration in (1500, 2500, 100))
    consolidator.process([usual])
    assert alerts(caplog) == []
    consolidator.process([burst])
    assert alerts(caplog) == [("2022-12-13", "flow duration", 4000)]
    consolidator.process([burst])
    consolidator.process([more])
    consolidator.process([burst, more])
    assert alerts(caplog) == []


def test_a_backfill_is_silent(consolidator: Consolidator, caplog: pytest.LogCaptureFixture) -> None:
    """Days that are more than three before the change are not told, however high; later ones in it are."""
    caplog.set_level(logging.WARNING, "flowtally.consolidate")
    weeks = Weeks()
    consolidator.process([weeks.add(WEEKS[0], {day: 1000 + day for day in range(1, 8)})])
    consolidator.process([weeks.add(WEEKS[1], {day: 1000 + day for day in range(1, 8)})])
    consolidator.process([weeks.add(WEEKS[1], {5: 10**6})])
    assert alerts(caplog) == []
    consolidator.process([weeks.add(WEEKS[2], {1: 10**9, 4: 10**7})])
    assert alerts(caplog) == [("2022-12-12", "flow duration", 10**9)]


def test_a_short_history_is_silent(consolidator: Consolidator, caplog: pytest.LogCaptureFixture) -> None:
    """Before there are seven other days nobody can tell."""
    caplog.set_level(logging.WARNING, "flowtally.consolidate")
    weeks = Weeks()
    consolidator.process([weeks.add(WEEKS[1], dict.fromkeys(range(1, 7), 1000))])
    consolidator.process([weeks.add(WEEKS[2], {3: 10**6})])
    assert alerts(caplog) == []
