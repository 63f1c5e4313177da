"""The second stage: folding a batch of the stream, and what a failure leaves to be delivered again."""

from collections.abc import Iterable, Sequence
from typing import Any

from handlers.consolidating.stage import Consolidator, fold
from models.storage.changes import Step, WeekState
from models.storage.schema import RawItem
from models.traffic import Totals
from tests.helpers.stand_ins import in_turn

A, B = "10.0.0.1>10.0.0.2", "10.0.0.3>10.0.0.4"


def image(duration: int, revision: int, updated_at: int) -> dict[str, Any]:
    numbers = {"d3": duration, "p3": 1, "n3": 1, "r": revision, "u": updated_at}
    return {name: {"N": str(value)} for name, value in numbers.items()}


def record(pair: str, week: str, old: RawItem | None, new: RawItem | None) -> dict[str, Any]:
    change: dict[str, Any] = {"Keys": {"k": {"S": pair}, "t": {"S": week}}}
    change |= {name: state for name, state in (("OldImage", old), ("NewImage", new)) if state}
    kind = "REMOVE" if not new else "MODIFY" if old else "INSERT"
    return {"eventName": kind, "dynamodb": change}


def state(duration: int, revision: int, updated_at: int) -> WeekState:
    return WeekState({3: Totals(duration, 1, 1)}, revision, updated_at)


class Statistics:
    """Notes what it is asked for, and fails for some pairs."""

    def __init__(self, failing: Iterable[str] = ()) -> None:
        self.failing = set(failing)
        self.applied: dict[str, list[Step]] = {}
        self.rebuilt: dict[str, int] = {}

    def apply(self, pair: str, steps: Sequence[Step]) -> None:
        if pair in self.failing:
            raise RuntimeError(pair)
        self.applied[pair] = list(steps)

    def rebuild(self, pair: str, *, horizon: int = 0) -> None:
        self.rebuilt[pair] = horizon


def process(records: list[dict[str, Any]], statistics: Statistics) -> int | None:
    return Consolidator(statistics, in_turn).process(records)  # type: ignore[arg-type]


def test_changes_of_a_week_become_one_step() -> None:
    """First old state to last new state, with the time of the first change."""
    first, second = image(5, 1, 100), image(7, 2, 200)
    once = state(7, 2, 200)
    (changes,) = fold([record(A, "2022-12-05", None, first), record(A, "2022-12-05", first, second)])
    assert list(changes.steps.values()) == [Step("2022-12-05", WeekState(), once, first_change=100)]


def test_weeks_and_pairs_are_kept_apart() -> None:
    """One update per pair, one step per week in it."""
    records = [
        record(A, "2022-12-05", None, image(1, 1, 100)),
        record(B, "2022-12-05", None, image(2, 1, 100)),
        record(A, "2022-12-12", None, image(3, 1, 100)),
    ]
    statistics = Statistics()
    assert process(records, statistics) is None
    assert {pair: [step.week for step in steps] for pair, steps in statistics.applied.items()} == {
        A: ["2022-12-05", "2022-12-12"],
        B: ["2022-12-05"],
    }


def test_everything_from_the_first_failed_record_on_is_delivered_again() -> None:
    """The position is that of the failed pair's first record in the batch; other pairs are done."""
    records = [
        record(A, "2022-12-05", None, image(1, 1, 100)),
        record(B, "2022-12-05", None, image(2, 1, 100)),
        record(A, "2022-12-12", None, image(3, 1, 100)),
        record(B, "2022-12-12", None, image(3, 1, 100)),
    ]
    statistics = Statistics(failing=[B])
    assert process(records, statistics) == 1
    assert set(statistics.applied) == {A}


def test_a_removed_week_is_rebuilt_and_its_changes_are_no_news_again() -> None:
    """A REMOVE leads to a rebuild with the horizon raised over the last change of the week."""
    statistics = Statistics()
    process([record(A, "2022-12-05", image(5, 3, 300), None)], statistics)
    assert statistics.rebuilt == {A: 300}


def test_a_change_by_hand_is_rebuilt() -> None:
    """Totals that changed without their revision cannot be told as a step."""
    statistics = Statistics()
    process([record(A, "2022-12-05", image(5, 3, 300), image(6, 3, 300))], statistics)
    assert set(statistics.rebuilt) == {A}


def test_a_gap_within_a_batch_is_rebuilt() -> None:
    """Records that do not follow each other are not folded."""
    records = [
        record(A, "2022-12-05", None, image(1, 1, 100)),
        record(A, "2022-12-05", image(3, 2, 200), image(4, 3, 300)),
    ]
    statistics = Statistics()
    process(records, statistics)
    assert set(statistics.rebuilt) == {A}
