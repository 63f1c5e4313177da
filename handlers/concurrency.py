"""Many calls in flight at once, few of them waiting in memory."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import Event, Lock
from typing import Protocol, TypeVar

Item = TypeVar("Item")

_END = object()


class ForEach(Protocol):
    """Calls `work` once for every item; returns when all is done, raises the first error."""

    def __call__(self, work: Callable[[Item], object], items: Iterable[Item], /) -> None: ...


class ThreadedForEach:
    """Threads that share out work: each takes the next item when it has done its last.

    After an error no further item is begun; those under way are finished before it is raised.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="for-each")

    def __call__(self, work: Callable[[Item], object], items: Iterable[Item], /) -> None:
        source, turn, failed = iter(items), Lock(), Event()

        def work_through() -> None:
            while not failed.is_set():
                with turn:
                    item = next(source, _END)
                if item is _END:
                    return
                try:
                    work(item)  # type: ignore[arg-type]  # _END was ruled out
                except BaseException:
                    failed.set()
                    raise

        threads = [self._pool.submit(work_through) for _ in range(self._size)]
        wait(threads)
        for thread in threads:
            thread.result()
