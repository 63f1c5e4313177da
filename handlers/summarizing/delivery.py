"""One delivery of a message: how often it came already, and how long the run may last that works on it."""

from collections.abc import Callable
from typing import NamedTuple

from models.errors import FileRejected, RunCutShort

MARGIN = 10.0  # seconds before its time limit in which a run begins nothing more
FRUITLESS = 3  # from this delivery on, a file is set aside by a run that is cut off and got no further
DEADLY = 3  # processes that were killed for want of memory while they worked on a file; then it is set aside
KILLED = (
    "three processes that worked on it were killed for want of memory; some of it may be counted. Complete it"
    " with `flowtally redrive --rejected`, or take it out with `flowtally retract` and delete it in rejected/"
)


class Delivery(NamedTuple):
    """What a run was given to work with."""

    receives: int  # of the message, this one included
    time_left: Callable[[], float]  # gives the seconds until the run is cut off
    deaths: int = 0  # for want of memory, of processes that worked on it

    def check_time(self) -> None:
        """Ends a run that its time limit would cut off soon.

        Raises:
            RunCutShort: there is no time to begin anything more.
        """
        if self.time_left() < MARGIN:
            raise RunCutShort("the time limit of this run is near; the next one goes on")

    @property
    def is_deadly(self) -> bool:
        """Whether it would be likely to end this process, too."""
        return self.deaths >= DEADLY

    @property
    def is_fruitless(self) -> bool:
        """Whether there is no point in another one like it: earlier ones came to no end either.

        A run that is beyond its limit was frozen, and does not tell how long the file takes.
        """
        return self.receives >= FRUITLESS and self.time_left() > 0


def cut_off(last: str) -> FileRejected:
    """What is said of a file that gets no further, and how its last run ended."""
    return FileRejected(
        f"it takes longer than a run may last: several were cut off, and in the last one {last}",
        remedy="Divide it, or try it again with `flowtally redrive --rejected`",
    )
