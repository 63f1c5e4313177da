"""How a batch of a stream is delivered until it is done: again, in part, in halves, or given up."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from clients.local_aws.lambda_service.delivery import MappingSettings, Record, failed_records, log
from clients.local_aws.lambda_service.environment import InvocationResult

_FIRST_WAIT = 0.1  # seconds
_LONGEST_WAIT = 5.0


@dataclass(frozen=True)
class Batch:
    """Records of a shard, in their order, and how often they were tried in vain."""

    records: Sequence[Record]
    attempts: int = 0

    def halves(self) -> "tuple[Batch, Batch]":
        """The first half and the second."""
        middle = len(self.records) // 2
        return Batch(self.records[:middle], self.attempts), Batch(self.records[middle:], self.attempts)


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
    call: Callable[[Sequence[Record]], InvocationResult]
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
            fresh = self._without_aged(batch.records)
            if not fresh:
                yield _number(batch.records[-1])
                continue
            result = self.call(fresh)
            done = self._count_done(result, fresh)
            if done == len(fresh):
                yield _number(batch.records[-1])
                continue
            if done:
                yield _number(fresh[done - 1])
            left = Batch(fresh[done:], batch.attempts)
            if self.settings.bisects and result.error and len(left.records) > 1:
                waiting.extendleft(reversed(left.halves()))
            elif 0 <= self.settings.retries <= left.attempts:
                log.error("records given up after their retries", extra={"records": len(left.records)})
                yield _number(left.records[-1])
            else:
                waiting.appendleft(Batch(left.records, left.attempts + 1))
                self.wait(min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(left.attempts, 10)))

    def _without_aged(self, records: Sequence[Record]) -> list[Record]:
        """Gives up what is too old, and gives the rest."""
        fresh = [record for record in records if not self._is_too_old(record)]
        if len(fresh) < len(records):
            log.error("records given up for their age", extra={"records": len(records) - len(fresh)})
        return fresh

    def _count_done(self, result: InvocationResult, records: Sequence[Record]) -> int:
        """How many records stand before the first that failed; all of them if none did."""
        numbers = [_number(record) for record in records]
        failed = failed_records(result, numbers, reports_failures=self.settings.reports_failures)
        return min((numbers.index(number) for number in failed), default=len(records))

    def _is_too_old(self, record: Record) -> bool:
        changed = record["dynamodb"].get("ApproximateCreationDateTime")
        limit = self.settings.record_age
        return 0 <= limit < self.now() - changed if changed is not None else False


def _number(record: Record) -> str:
    number: str = record["dynamodb"]["SequenceNumber"]
    return number
