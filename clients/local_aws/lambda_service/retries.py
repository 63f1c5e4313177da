"""How a batch of a stream is delivered until it is done: again, in part, in halves, or given up."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clients.local_aws.lambda_service.delivery import MappingSettings, Record, failed_records, log
from clients.local_aws.lambda_service.environment import Outcome

_FIRST_WAIT = 0.1  # seconds
_LONGEST_WAIT = 5.0


@dataclass(frozen=True)
class Batch:
    """Records of a shard, in their order, and how often they were tried in vain."""

    records: Sequence[Record]
    attempts: int = 0


@dataclass(frozen=True)
class Retrying:
    """Delivers batches by the settings of a stream's mapping.

    Args:
        settings: of the mapping.
        call: invokes the function on records.
        wait: waits for so many seconds.
        now: gives epoch seconds.
    """

    settings: MappingSettings
    call: Callable[[Sequence[Record]], Outcome]
    wait: Callable[[float], object]
    now: Callable[[], float]

    def deliver(self, records: Sequence[Record]) -> Iterator[str]:
        """Delivers a batch; gives the sequence number up to which all is done whenever that moves on.

        * A report of failed records moves the checkpoint to the lowest of them; from there on all comes
          again, also what succeeded behind it.
        * A function that fails gets its batch in two halves, one after the other, if the mapping bisects.
          That does not count as a retry.
        * When retries or the age of records are at their limit, what is left of the batch is given up.
        """
        waiting = deque([Batch(records)])
        while waiting:
            batch = waiting.popleft()
            fresh = [record for record in batch.records if not self._is_too_old(record)]
            if len(fresh) < len(batch.records):
                log.error(
                    "records given up for their age", extra={"records": len(batch.records) - len(fresh)}
                )
            outcome = self.call(fresh) if fresh else None
            failed = self._first_failed(outcome, fresh) if outcome else None
            if failed is None:
                yield _number(batch.records[-1])
                continue
            if failed:
                yield _number(fresh[failed - 1])
            rest = fresh[failed:]
            if self.settings.bisects and outcome and outcome.error and len(rest) > 1:
                middle = len(rest) // 2
                waiting.extendleft(
                    [Batch(rest[middle:], batch.attempts), Batch(rest[:middle], batch.attempts)]
                )
            elif 0 <= self.settings.retries <= batch.attempts:
                log.error("records given up after their retries", extra={"records": len(rest)})
                yield _number(rest[-1])
            else:
                waiting.appendleft(Batch(rest, batch.attempts + 1))
                self.wait(min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(batch.attempts, 10)))

    def _first_failed(self, outcome: Outcome, records: Sequence[Record]) -> int | None:
        numbers = [_number(record) for record in records]
        failed = failed_records(outcome, numbers, reports_failures=self.settings.reports_failures)
        return min((numbers.index(number) for number in failed), default=None)

    def _is_too_old(self, record: Record) -> bool:
        changed = record["dynamodb"].get("ApproximateCreationDateTime")
        limit = self.settings.record_age
        return 0 <= limit < self.now() - changed if changed is not None else False


def _number(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number
