"""What becomes of a batch that Lambda delivers on this computer: filters, answers, retries, checkpoints."""

import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from clients.local_aws.lambda_service.delivery import MappingSettings, failed_records
from clients.local_aws.lambda_service.environment import InvocationResult
from clients.local_aws.lambda_service.filters import matches
from clients.local_aws.lambda_service.retries import Retrying


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        (b'{"batchItemFailures": []}', ""),
        (b'{"batchItemFailures": null}', ""),
        (b"null", ""),
        (b"{}", ""),
        (b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', "b"),
        (b'{"batchItemFailures": [{"itemIdentifier": ""}]}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": null}]}', "abc"),
        (b'{"batchItemFailures": [{"itemId": "b"}]}', "abc"),
        (b'{"batchItemFailures": [{"itemIdentifier": "x"}]}', "abc"),
        (b'["b"]', "abc"),
    ],
)
def test_partial_failures(answer: bytes, failed: str) -> None:
    """Only what is reported failed; everything, if the report makes no sense."""
    assert failed_records(InvocationResult(answer), "abc", reports_failures=True) == set(failed)


def test_without_partial_failures_a_batch_fails_as_a_whole() -> None:
    """A report is not looked at, and an error is of all records."""
    report = InvocationResult(b'{"batchItemFailures": [{"itemIdentifier": "b"}]}')
    assert failed_records(report, "abc", reports_failures=False) == set()
    assert failed_records(InvocationResult(b"", "ValueError: no"), "abc", reports_failures=True) == set("abc")


@pytest.mark.parametrize(
    ("pattern", "passes"),
    [
        ({"eventName": ["INSERT"]}, True),
        ({"eventName": ["REMOVE", "INSERT"]}, True),
        ({"eventName": ["REMOVE"]}, False),
        ({"dynamodb": {"Keys": {"k": {"S": [{"prefix": "10."}]}}}}, True),
        ({"dynamodb": {"Keys": {"k": {"S": [{"anything-but": ["10.0.0.1"]}]}}}}, False),
        ({"dynamodb": {"OldImage": [{"exists": False}]}}, True),
        ({"dynamodb": {"size": [{"numeric": [">", 1, "<=", 5]}]}}, True),
        ({"dynamodb": {"NewImage": {"n": {"N": [{"numeric": [">", 1]}]}}}}, False),  # a string in the record
    ],
)
def test_filters(pattern: dict[str, Any], passes: bool) -> None:
    """A record passes if it has one of the values for each key; DynamoDB's numbers do not compare."""
    record = {
        "eventName": "INSERT",
        "dynamodb": {"Keys": {"k": {"S": "10.0.0.1"}}, "NewImage": {"n": {"N": "7"}}, "size": 5},
    }
    assert matches(pattern, record) is passes


def records(count: int, changed_at: float = 0.0) -> list[dict[str, Any]]:
    changed = {"ApproximateCreationDateTime": changed_at}
    return [{"dynamodb": {"SequenceNumber": str(n), **changed}} for n in range(count)]


class Scripted:
    """A function that fails as a test says, and notes what it was given."""

    def __init__(self, answer: Callable[[list[str]], InvocationResult]) -> None:
        self.batches: list[str] = []
        self._answer = answer

    def __call__(self, batch: Sequence[Any]) -> InvocationResult:
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        self.batches.append("".join(numbers))
        return self._answer(numbers)


def retrying(function: Scripted, **settings: Any) -> Retrying:
    mapping = MappingSettings("id", "arn", "tried", 100, **settings)
    return Retrying(mapping, function, wait=lambda _: None, now=lambda: 1000.0)


def reported(*numbers: str) -> InvocationResult:
    failures = [{"itemIdentifier": number} for number in numbers]
    return InvocationResult(json.dumps({"batchItemFailures": failures}).encode())


def test_the_checkpoint_moves_to_the_lowest_failed_record() -> None:
    """From there on all comes again, also what succeeded behind it."""
    answers = iter([reported("4", "2"), reported()])
    function = Scripted(lambda _: next(answers))
    checkpoints = list(retrying(function, reports_failures=True).deliver(records(6)))
    assert function.batches == ["012345", "2345"]
    assert checkpoints == ["1", "5"]


def test_a_batch_that_fails_is_retried_for_ever() -> None:
    """With no limit of retries and age, it comes until it succeeds."""
    left = iter(range(50))
    function = Scripted(
        lambda _: InvocationResult(b"", "Error: no") if next(left) < 49 else InvocationResult(b"null")
    )
    assert list(retrying(function).deliver(records(2))) == ["1"]
    assert function.batches == ["01"] * 50


def test_a_failing_batch_is_halved() -> None:
    """One bad record ends alone, in the order of the shard; what is beside it passes."""
    function = Scripted(lambda numbers: InvocationResult(b"", "Error: no" if "2" in numbers else ""))
    checkpoints = list(retrying(function, bisects=True, retries=1).deliver(records(4)))
    assert function.batches == ["0123", "01", "23", "2", "2", "3"]
    assert checkpoints == ["1", "2", "3"]


def test_retries_and_age_can_be_limited() -> None:
    """Then what is left of the batch is given up, and the shard goes on."""
    function = Scripted(lambda _: InvocationResult(b"", "Error: no"))
    assert list(retrying(function, retries=2).deliver(records(3))) == ["2"]
    assert function.batches == ["012"] * 3
    old = Scripted(lambda _: InvocationResult(b"null"))
    batch = records(1, changed_at=900.0) + records(3, changed_at=990.0)[1:]
    assert list(retrying(old, record_age=60).deliver(batch)) == ["2"]
    assert old.batches == ["12"]
