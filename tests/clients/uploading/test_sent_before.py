"""What was sent before under names: the same, whether it is asked for together or one by one."""

from collections.abc import Iterable, Iterator
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clients.uploading import sent_before
from clients.uploading.sent_before import SentBefore
from models.deployment import Deployment
from models.storage.file_records import FilesTable
from models.storage.schema import File
from tests.helpers.deployed import client

DIGEST = "0123456789abcdef"
OTHER = "fedcba9876543210"


class CountedQueries(FilesTable):
    """Counts how often it is asked."""

    asked = 0

    def beginning_with(self, branch: str, prefix: str) -> Iterable[File]:
        self.asked += 1
        return super().beginning_with(branch, prefix)

    def of_branch(self, branch: str) -> Iterator[File]:
        self.asked += 1
        return super().of_branch(branch)


@pytest.fixture
def files(simple_deployment: Deployment) -> CountedQueries:
    """The table, in which nothing is."""
    return CountedQueries(client("dynamodb"), simple_deployment.files)


def sent(files: FilesTable, *stems: str, branch: str = "paris") -> None:
    """Records of files of these names."""
    for stem in stems:
        files.put(File(branch, f"{stem}-{DIGEST}.csv", state="counted", arrived_at=1, attempts=1))


def test_one_query_tells_what_of_many_names_is_counted(files: CountedQueries) -> None:
    """Each other name takes one of its own; few names are asked for one by one."""
    names = [f"day-{number}" for number in range(200)]
    sent(files, *names[3:], "dax", branch="paris")
    sent(files, *names, branch="rome")
    before = SentBefore(files, "paris", names)
    assert [len(before.named(name, DIGEST)) for name in names] == [0] * 3 + [1] * 197
    assert files.asked == 1 + 3
    few = SentBefore(files, "paris", names[:3])
    assert [len(few.named(name, DIGEST)) for name in names[:3]] == [0] * 3
    assert files.asked == 4 + 3


def test_what_may_be_sent_is_asked_for_at_that_moment(files: CountedQueries) -> None:
    """Another content of its name may have been counted since the first was asked for."""
    names = [f"day-{number}" for number in range(20)]
    before = SentBefore(files, "paris", names)
    assert before.named("day-7", OTHER) == []
    sent(files, "day-7")
    assert [digest for digest, _ in before.named("day-7", OTHER)] == [DIGEST]


def test_a_branch_with_very_many_others_is_asked_name_by_name(files: CountedQueries) -> None:
    """It would take longer to read all of them."""
    names = [f"day-{number}" for number in range(10)]
    sent(files, *names, *(f"day-other-{number}" for number in range(200)))
    before = SentBefore(files, "paris", names)
    assert all(len(before.named(name, DIGEST)) == 1 for name in names)
    assert files.asked == 11


STEMS = st.text("ab-", min_size=1, max_size=3)


@settings(max_examples=40)
@given(st.sets(STEMS), st.sets(STEMS, min_size=1))
def test_together_they_say_what_each_says(there: set[str], names: set[str]) -> None:
    """Whatever else the branch has sent, also under names that begin alike, or have nothing in common."""

    class InMemory:
        def of_branch(self, branch: str) -> Iterator[File]:
            return (File(branch, f"{stem}-{DIGEST}.csv", state="counted") for stem in sorted(there))

        def beginning_with(self, branch: str, prefix: str) -> Iterator[File]:
            return (record for record in self.of_branch(branch) if record.key.startswith(prefix))

    def said(many: int) -> list[list[tuple[str, str]]]:
        with patch.object(sent_before, "_MANY", many):
            before = SentBefore(InMemory(), "paris", names)  # type: ignore[arg-type]
        return [
            [(digest, record.key) for digest, record in before.named(name, DIGEST)] for name in sorted(names)
        ]

    assert said(1) == said(1000)
