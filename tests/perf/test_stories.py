"""Made-up months with stories: the truth they tell is in the totals."""

from collections import Counter
from datetime import date

import pytest

from perf.data.stories import FEWEST_DAYS, KINDS, Month, matches, tell


@pytest.fixture(scope="module")
def month() -> Month:
    """The month of one seed."""
    return tell(4)


def test_every_kind_is_told(month: Month) -> None:
    """Each kind of story happens, and no pair or device has two."""
    assert {story.kind for story in month.stories} == set(KINDS)
    subjects = Counter(subject for story in month.stories for subject in story.subjects)
    assert max(subjects.values()) == 1


def test_same_totals_from_the_same_seed(month: Month) -> None:
    """A seed gives the same month again, and another seed another."""
    assert tell(4) == month
    assert tell(5).histories != month.histories


def test_silent_pairs_fall_silent(month: Month) -> None:
    """The last day of a silent pair is the story's, after at least two weeks, and a week before the end."""
    end = max(day for history in month.histories.values() for day in history)
    for story in month.stories:
        for pair in story.subjects if story.kind == "silent" else ():
            days = sorted(month.histories[pair])
            assert days[-1] == story.day
            assert (date.fromisoformat(days[-1]) - date.fromisoformat(days[0])).days >= 13
            assert (date.fromisoformat(end) - date.fromisoformat(days[-1])).days >= 7


def test_scans_meet_their_peers(month: Month) -> None:
    """A device that scans or finds new peers has as many on that day that it never met."""
    for story in month.stories:
        device = min(story.subjects)
        if story.kind in ("scan", "new peers") and ">" not in device:
            pairs = [
                p for p, h in month.histories.items() if p.startswith(f"{device}>") and min(h) == story.day
            ]
            assert len(pairs) >= story.size


def test_churn_is_short(month: Month) -> None:
    """What is labelled as churn lasts less than two weeks: it is no pair that falls silent."""
    for pair in month.ordinary["churn"]:
        assert len(month.histories.get(pair, {})) <= 13


def test_a_finding_matches_within_a_day(month: Month) -> None:
    """A finding is of a story if kind and subject are the same and the day is next to it at most."""
    story = next(story for story in month.stories if story.kind == "burst")
    assert story.day
    day = date.fromisoformat(story.day)
    subject = min(story.subjects)
    assert matches(story, "burst", subject, story.day)
    assert matches(story, "burst", subject, date.fromordinal(day.toordinal() + 1).isoformat())
    assert not matches(story, "burst", subject, date.fromordinal(day.toordinal() + 2).isoformat())
    assert not matches(story, "step", subject, story.day)
    assert not matches(story, "burst", "1.1.1.1>2.2.2.2", story.day)


def test_too_short_for_a_story() -> None:
    """Fewer days than the stories need are refused."""
    with pytest.raises(ValueError, match="too few"):
        tell(0, days=FEWEST_DAYS - 1)
