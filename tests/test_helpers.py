"""What the tests lean on does what it says."""

import pytest

from tests.helpers.waiting import eventually


def test_waiting_ends_when_it_is_so() -> None:
    """It looks again and again, and no longer than needed."""
    looks: list[int] = []
    eventually(lambda: looks.append(1) or len(looks) == 3)  # type: ignore[func-returns-value]
    assert len(looks) == 3


def test_who_waits_in_vain_is_told_what_there_was() -> None:
    """Each side of a comparison, each call, and each element that all or any looked at."""
    counted, names = [1, 2], ["a", "bb"]
    with pytest.raises(AssertionError) as failure:
        eventually(lambda: len(counted) == 3 and all(len(name) > 1 for name in names), patience=0)
    assert str(failure.value).splitlines() == [
        "still not so after 0 s: False",
        "  len(counted): 2",
        "  [len(name) > 1 for name in names]: [False, True]",
    ]


def test_what_cannot_be_told_hides_nothing() -> None:
    """A part that raises, as it may once things are gone, is told as that; what is no lambda has no parts."""
    gone: dict[str, int] = {}
    with pytest.raises(AssertionError, match=r"gone\['x'\]: cannot be told: KeyError"):
        eventually(lambda: ("x" in gone and gone["x"]) or None, patience=0)
    with pytest.raises(AssertionError, match=r"^still not so after 0 s: 0$"):
        eventually([].__len__, patience=0)
