"""One delivery of a message: how often it came already, and how long the run may last that works on it."""

from collections.abc import Callable
from typing import NamedTuple

from models.errors import RunCutShort

MARGIN = 10.0  # seconds before its time limit in which a run begins nothing more
FRUITLESS = 3  # from this delivery on, a file is set aside by a run that is cut off and got no further


class Delivery(NamedTuple):
    """What a run was given to work with."""

    receives: int  # of the message, this one included
    time_left: Callable[[], float]  # gives the seconds until the run is cut off

    def check_time(self) -> None:
        """Ends a run that its time limit would cut off soon.

        Raises:
            RunCutShort: there is no time to begin anything more.
        """
        if self.time_left() < MARGIN:
            raise RunCutShort("the time limit of this run is near; the next one goes on")

    @property
    def is_fruitless(self) -> bool:
        """Whether there is no point in another one like it: earlier ones came to no end either.

        A run that is beyond its limit was frozen, and does not tell how long the file takes.
        """
        return self.receives >= FRUITLESS and self.time_left() > 0
