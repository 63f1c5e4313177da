"""What was started again."""

from clients.recovering.redrive import RedriveResult
from clients.render.listing import Column
from clients.terminal.console import say, warn

RESTARTED = [
    Column("file", lambda result: result.name),
    Column("restarted", lambda result: result.restarted, kind="boolean"),
    Column("reason", lambda result: result.reason),
]


def say_what_was_done(result: RedriveResult) -> None:
    """Prints what was done with an object."""
    if not result.restarted:
        warn(f"{result.name} stays in rejected/: another file waits under its name")
    elif result.reason:
        say(f"started again   {result.name}  had been rejected: {result.reason}")
    else:
        say(f"started again   {result.name}")
