"""Lambda's event source mappings after their documentation, invoking the production handlers."""

from collections.abc import Callable, Mapping
from typing import Any

from greenlet import getcurrent

import handlers.consolidate
import handlers.summarize
from handlers.summarizing.messages import Visibility
from tests.simulation import faults as kinds
from tests.simulation.event_loop import Process, Task
from tests.simulation.streams import Shard
from tests.simulation.world import QUEUE, World

Handler = Callable[[Mapping[str, Any], Any], dict[str, Any]]


def _assembled() -> Any:
    """What the handlers keep from one invocation to the next, here per process."""
    task: Any = getcurrent()
    return task.process.worker


def assemble_from_process() -> None:
    """Has the production handlers find the stage of the simulated process that they run in."""
    handlers.summarize._worker = _assembled  # type: ignore[assignment]
    handlers.consolidate._consolidator = _assembled  # type: ignore[assignment]


class Context:
    """What Lambda says of an invocation."""

    def __init__(self, remaining: Callable[[], float]) -> None:
        self._remaining = remaining

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int(self._remaining() * 1000))


class Function:
    """A Lambda function: each invocation in a process of its own, with a time limit."""

    def __init__(self, world: World, name: str, handler: Handler, worker: Callable[[Process], Any]) -> None:
        self.timeout = world.random.choice((60, 300, 900))
        self._world = world
        self._name = name
        self._handler = handler
        self._worker = worker
        self._invocations = 0

    def invoke(self, event: Mapping[str, Any]) -> dict[str, Any] | None:
        """What the handler returns; None if it failed, died or took too long.

        What takes too long is given up; it may go on all the same, as a process does that is frozen.
        """
        scheduler = self._world.scheduler
        self._invocations += 1
        process = self._world.process(f"{self._name}-{self._invocations}")
        process.worker = self._worker(process)
        deadline = scheduler.now + self.timeout
        caller: Any = getcurrent()
        answers: list[dict[str, Any] | None] = []
        waiting = [caller]

        def give_back(answer: dict[str, Any] | None) -> None:
            if waiting:
                answers.append(answer)
                scheduler.wake(waiting.pop())

        def run() -> None:
            try:
                answer = self._handler(event, Context(lambda: deadline - scheduler.now))
            except Exception as error:
                self._world.trace(process.name, f"failed with {error!r}")
                answer = None
            process.hands.clear()
            give_back(answer)

        process.on_death = lambda: give_back(None)
        scheduler.spawn(process, run)
        scheduler.park(self.timeout)
        if waiting:
            waiting.clear()
            if self._world.random.random() < 0.5:
                scheduler.kill(process)
            return None
        return answers[0]


class QueueMapping:
    """The event source mapping of the queue, with partial batch failures."""

    def __init__(self, world: World, concurrency: int) -> None:
        self._world = world
        self._function = Function(
            world,
            "lambda-summarize",
            handlers.summarize.handler,
            lambda process: (world.summarizer(process), Visibility(world.connect(process, "sqs"), QUEUE)),
        )
        poller = Process("mapping of the queue")
        for _ in range(concurrency):
            world.scheduler.spawn(poller, self._poll)

    def _poll(self) -> None:
        queue = self._world.sqs
        while True:
            queue.wait()
            for message in queue.receive_message(QUEUE, 6 * self._function.timeout)["Messages"]:
                renamed = {name[0].lower() + name[1:]: value for name, value in message.items()}
                answer = self._function.invoke({"Records": [renamed]})
                failed = answer is None or answer["batchItemFailures"]
                if not failed:
                    queue.delete_message(QUEUE, message["ReceiptHandle"])


class StreamMapping:
    """The event source mapping of the stream: a poller per shard, parents before children.

    It retries until the record expires, reports partial failures, and may bisect.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._function = Function(
            world, "lambda-consolidate", handlers.consolidate.handler, world.consolidator
        )
        self._batch = world.random.choice((1, 5, 100, 1000))
        self._bisects = world.random.random() < 0.5
        self._finished: set[str] = set()
        self._begun: set[str] = set()
        self.process = Process("mapping of the stream")
        self.settled: dict[str, int] = {}  # the last sequence number by shard
        self.lost = False  # whether records expired before they were processed
        world.scheduler.spawn(self.process, self._discover)

    def _discover(self) -> None:
        while True:
            listed = {shard.id: shard for shard in self._world.streams.kept()}
            for shard in listed.values():
                is_next = shard.parent is None or shard.parent not in listed or shard.parent in self._finished
                if is_next and shard.id not in self._begun:
                    self._begun.add(shard.id)
                    self._spawn(shard)
            self._wait()

    def _spawn(self, shard: Shard) -> Task:
        return self._world.scheduler.spawn(self.process, lambda: self._poll(shard))

    def _poll(self, shard: Shard) -> None:
        place = 0
        size = self._batch
        while True:
            expired = shard.trimmed(self._world.scheduler.now)
            if place < expired:
                self.lost, place = True, expired
            batch = shard.records[place : place + size]
            if not batch and shard.closed_at is not None:
                self._finished.add(shard.id)
                self._world.records_came.fire()
                return
            if not batch:
                self._wait()
                continue
            done = self._deliver(batch)
            place += done
            if done:
                self.settled[shard.id] = shard.numbers[place - 1]
                size = self._batch
                if self._world.faults.happens(kinds.REDELIVERED):
                    place -= self._world.random.randint(1, done)
                    self._world.scheduler.sleep(self._world.random.choice((0, 1, 60)))  # more may come
            else:
                size = max(1, len(batch) // 2) if self._bisects else size
                closed = self._world.statistics.closed_until > self._world.scheduler.now
                self._world.scheduler.sleep(self._world.random.uniform(0.5, 7200 if closed else 30))

    def _deliver(self, batch: list[dict[str, Any]]) -> int:
        """How many of the records are processed."""
        answer = self._function.invoke({"Records": batch})
        if answer is None:
            return 0
        failed = {failure["itemIdentifier"] for failure in answer["batchItemFailures"]}
        numbers = [record["dynamodb"]["SequenceNumber"] for record in batch]
        return min((numbers.index(number) for number in failed), default=len(batch))

    def _wait(self) -> None:
        self._world.records_came.wait(
            None if self._world.faults.healed else self._world.random.uniform(1, 7200)
        )
