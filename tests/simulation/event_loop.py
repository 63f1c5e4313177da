"""One simulated clock and many processes on it, interleaved in an order that a seed decides.

Every call of a service hands control to the scheduler, which goes on with whoever is due next. So
production code runs unmodified and synchronously, in as many processes as a schedule wants, and the
same seed always gives the same interleaving.
"""

import traceback
from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from random import Random
from typing import Any

from greenlet import GreenletExit, getcurrent, greenlet


class Crash(GreenletExit):
    """The process dies here, as with `kill -9`: a BaseException, so that nothing handles it."""


class NeverAtRest(Exception):
    """The schedule does not come to an end."""


class Process:
    """Some tasks that live, freeze and die together, and a clock of their own.

    Args:
        name: what traces call it.
        skew: seconds by which its clock is ahead of the true time.
        on_death: called when it crashed.
    """

    def __init__(self, name: str, *, skew: float = 0.0, on_death: Callable[[], None] = lambda: None) -> None:
        self.name = name
        self.skew = skew
        self.on_death = on_death
        self.alive = True
        self.frozen_until = 0.0
        self.stopped: list[Task] = []  # tasks that go on when it thaws
        self.tasks: list[Task] = []
        self.hands: set[bytes] = set()  # digests of the file contents that it has read
        self.failed_calls = 0
        self.worker: Any = None  # what the Lambda shells find as their assembled stage


class Task(greenlet):
    """One line of execution of a process."""

    def __init__(self, process: Process, work: Callable[[], object], hub: greenlet) -> None:
        super().__init__(work, hub)
        self.process = process
        self.turn = 0  # tells an entry of the agenda that is still meant from one that was overtaken
        process.tasks.append(self)


class Scheduler:
    """The agenda of a schedule.

    Args:
        random: decides between those that are due at the same time.
        start: epoch seconds at which the simulated time begins.
    """

    def __init__(self, random: Random, start: float) -> None:
        self.now = start
        self.failures: list[str] = []  # exceptions that ended a process
        self.turns = 0
        self._random = random
        self._processes: dict[int, Process] = {}  # those that have tasks
        self._agenda: list[tuple[float, float, int, Task | Callable[[], None]]] = []
        self._hub = getcurrent()

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Has something happen outside any process; it must not wait."""
        heappush(self._agenda, (max(time, self.now), self._random.random(), 0, action))

    def spawn(self, process: Process, work: Callable[[], object], *, after: float = 0.0) -> Task:
        """Starts a task of a process."""

        def run() -> None:
            try:
                work()
            except Crash:
                process.alive = False
            except Exception as error:
                process.alive = False
                where = traceback.extract_tb(error.__traceback__)[-1]
                found = f"{type(error).__name__}: {error} ({where.filename}:{where.lineno})"
                self.failures.append(f"{process.name} ended with {found}")
            finally:
                process.tasks.remove(task)
                if not process.tasks:
                    self._processes.pop(id(process), None)

        task = Task(process, run, self._hub)
        self._processes[id(process)] = process
        self._enter(task, after)
        return task

    def sleep(self, seconds: float) -> None:
        """Lets others work; the calling task goes on after so many seconds, or later."""
        task = getcurrent()
        self._enter(task, seconds)
        self._hub.switch()

    def park(self, timeout: float | None = None) -> None:
        """Lets others work until somebody wakes the calling task."""
        if timeout is not None:
            self._enter(getcurrent(), timeout)
        self._hub.switch()

    def wake(self, task: Task, after: float = 0.0) -> None:
        """Has a parked task go on."""
        self._enter(task, after)

    def run(self, until: float = float("inf"), *, turns: int = 60_000) -> None:
        """Works off the agenda up to a time, or until nobody has anything left to do.

        Raises:
            NeverAtRest: it takes more turns than any schedule should.
        """
        while self._agenda and self._agenda[0][0] <= until:
            time, _, turn, entry = heappop(self._agenda)
            if not isinstance(entry, Task):
                self.now = max(self.now, time)
                entry()
                continue
            if turn != entry.turn or entry.dead:
                continue
            if entry.process.frozen_until > time:
                entry.process.stopped.append(entry)
                continue
            self.now = max(self.now, time)
            self.turns += 1
            if self.turns > turns:
                raise NeverAtRest(f"not at rest after {turns} turns")
            entry.switch()
            if not entry.process.alive:
                self._bury(entry.process)
        if until < float("inf"):
            self.now = max(self.now, until)

    def freeze(self, process: Process, seconds: float) -> None:
        """Stops a process for so many seconds from now, replacing what was said before."""
        process.frozen_until = self.now + seconds
        self.at(process.frozen_until, lambda: self._thaw(process))

    def kill(self, process: Process) -> None:
        """Ends a process from outside; not to be called by one of its own tasks."""
        if process.alive:
            process.alive = False
            self.at(self.now, lambda: self._bury(process))

    def close(self) -> None:
        """Ends all processes; those that wait for ever would otherwise stay in memory."""
        for process in list(self._processes.values()):
            process.alive = False
            process.on_death = lambda: None
            self._bury(process)
        self._agenda.clear()

    def _enter(self, task: Any, after: float) -> None:
        task.turn += 1
        heappush(self._agenda, (self.now + after, self._random.random(), task.turn, task))

    def _thaw(self, process: Process) -> None:
        if process.frozen_until <= self.now:
            for task in process.stopped:
                self._enter(task, 0)
            process.stopped.clear()

    def _bury(self, process: Process) -> None:
        for task in list(process.tasks):
            task.throw(Crash())
        process.tasks.clear()
        process.hands.clear()
        self._processes.pop(id(process), None)
        on_death, process.on_death = process.on_death, lambda: None
        on_death()


class Signal:
    """Something that tasks wait for."""

    def __init__(self, scheduler: Scheduler, random: Random) -> None:
        self._scheduler = scheduler
        self._random = random
        self._waiting: list[Task] = []

    def wait(self, timeout: float | None = None) -> None:
        """Parks the calling task until the signal fires, or for so many seconds."""
        task: Any = getcurrent()
        self._waiting.append(task)
        self._scheduler.park(timeout)
        if task in self._waiting:
            self._waiting.remove(task)

    def fire(self) -> None:
        """Wakes all that wait, each a little later."""
        for task in self._waiting:
            if not task.dead:
                self._scheduler.wake(task, self._random.random())
        self._waiting.clear()


class TasksForEach:
    """Stands in for `handlers.concurrency.ThreadedForEach`: as many tasks of one process as its size.

    Args:
        scheduler, process: where the tasks run.
        size: how many items are under way at once.
    """

    def __init__(self, scheduler: Scheduler, process: Process, size: int) -> None:
        self._scheduler = scheduler
        self._process = process
        self._size = size

    def __call__(self, work: Callable[[Any], object], items: Iterable[Any], /) -> None:
        if self._size == 1:
            for item in items:
                work(item)
            return
        source, caller = iter(items), getcurrent()
        errors: list[Exception] = []
        members: list[Task] = []

        def work_through() -> None:
            try:
                for item in source:
                    work(item)
                    if errors:
                        break
            except Exception as error:
                errors.append(error)
            members.pop()
            if not members:
                self._scheduler.wake(caller)  # type: ignore[arg-type]

        members += [self._scheduler.spawn(self._process, work_through) for _ in range(self._size)]
        self._scheduler.park()
        if errors:
            raise errors[0]
