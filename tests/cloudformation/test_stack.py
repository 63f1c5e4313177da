"""How changes of a stack are followed."""

from typing import Any

import pytest

from cloudformation import stack


class Late:
    """A CloudFormation that goes on telling the old status for some looks after a change began."""

    def __init__(self, old_looks: int) -> None:
        self._old_looks = old_looks
        self.looks = 0

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        self.looks += 1
        statuses = ["CREATE_COMPLETE"] * self._old_looks + ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"]
        return {"Stacks": [{"StackStatus": statuses[min(self.looks, len(statuses)) - 1]}]}

    def get_paginator(self, _: str) -> "Late":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        events = [{"EventId": "old"}]
        return [{"StackEvents": [{"EventId": "new"}, *events] if self.looks > self._old_looks else events}]


@pytest.mark.parametrize("old_looks", [0, 1, 3])
def test_an_old_status_is_not_taken_for_the_end(old_looks: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right after the call, CloudFormation may still tell how it was before; an event is proof."""
    monkeypatch.setattr("cloudformation.stack.time.sleep", lambda _: None)
    late, seen = Late(old_looks), []
    end = stack.follow(late, "s", "old", lambda event: seen.append(event["EventId"]))  # type: ignore[arg-type]
    assert (end, seen) == ("UPDATE_ROLLBACK_COMPLETE", ["new"])
