"""What runs each stage and how far behind it is, in words and numbers."""

from collections.abc import Sequence
from typing import NamedTuple

from clients.queries.compute import Compute
from clients.queries.lag import Lag
from clients.queries.stored import Status
from clients.terminal.console import count_of, duration

UNSEEN = "not permitted to see"


class Stage(NamedTuple):
    """One stage.

    Attributes:
        name: of the stage, for programs.
        shown: the same for people.
        compute: what runs it.
        runs_on: the same for people.
        vms: how many VMs are alive; None if that may not be seen.
        seen_seconds: since the last sign of life of a VM; None if there is none.
        behind: files that wait, or pairs that are behind; None if that may not be seen.
        seconds: for how long the first of them is.
        looked_at: files, or weeks of pairs, that were looked at.
        is_all: whether there are no others.
        set_aside: pairs without statistics.
        is_repair_due: whether all statistics are about to be compared.
        lag: how far behind it is, for people.
    """

    name: str
    shown: str
    compute: Compute
    runs_on: str
    vms: int | None
    seen_seconds: int | None
    behind: int | None
    seconds: int | None
    looked_at: int | None
    is_all: bool | None
    set_aside: int | None
    is_repair_due: bool
    lag: str


def stages_of(status: Status, now: float) -> Sequence[Stage]:
    """Both stages.

    Args:
        status: of the deployment.
        now: epoch seconds.
    """
    compute, lag, files = status.compute, status.lag, len(status.incoming_since)
    vms = len(compute.alive(now)) if compute.seen_at is not None else None
    seen = [max(0, round(now - at)) for at in compute.seen_at or () if at]
    waited = round(max(0.0, now - min(status.incoming_since, default=now)))
    told = f"{count_of(files, 'file')} on the way, for up to {age_of(waited)}" if files else "up to date"
    counting = Stage(
        name="summarize",
        shown="counting",
        compute=compute,
        runs_on=_runs_on(compute, now, with_age=False),
        vms=vms,
        seen_seconds=None,
        behind=files,
        seconds=waited,
        looked_at=files,
        is_all=True,
        set_aside=None,
        is_repair_due=False,
        lag=told,
    )
    consolidating = counting._replace(
        name="consolidate",
        shown="consolidating",
        runs_on=_runs_on(compute, now, with_age=True),
        seen_seconds=min(seen, default=None),
        behind=lag and lag.behind,
        seconds=lag and round(lag.seconds(now)),
        looked_at=lag and lag.looked_at,
        is_all=lag and lag.is_all,
        set_aside=lag and lag.set_aside,
        is_repair_due=compute.is_repair_due,
        lag=_lag(lag, compute, now),
    )
    return [counting, consolidating]


def _runs_on(compute: Compute, now: float, *, with_age: bool) -> str:
    """`Lambda`, `VM, seen 4 s ago`, or both, or none."""
    found = ["Lambda"] if compute.has_lambda else []
    if alive := compute.alive(now):
        vms = "VM" if len(alive) == 1 else f"{len(alive)} VMs"
        found.append(f"{vms}, seen {age_of(now - max(alive))} ago" if with_age and all(alive) else vms)
    elif compute.seen_at:
        found.append(f"VM, not seen for {age_of(now - max(compute.seen_at))}")
    if found:
        return " and ".join(found)
    return UNSEEN if compute.has_lambda is None or compute.seen_at is None else "nothing seen"


def _lag(lag: Lag | None, compute: Compute, now: float) -> str:
    """`3 pairs behind, for up to 12 min`."""
    if lag is None:
        return UNSEEN
    sample = "" if lag.is_all else f" ({count_of(lag.looked_at, 'recent change')} looked at)"
    told = "up to date" + sample
    if lag.behind:
        told = f"{count_of(lag.behind, 'pair')} behind, for up to {age_of(lag.seconds(now))}{sample}"
    if lag.set_aside:
        told += f"; {count_of(lag.set_aside, 'pair')} set aside"
    return f"{told}; a repair is due" if compute.is_repair_due else told


def age_of(seconds: float) -> str:
    """A time for people, to the second; none is below 0, whatever the clocks say."""
    return duration(round(max(0.0, seconds)) * 1e6)
