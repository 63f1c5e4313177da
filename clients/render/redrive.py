"""What was started again."""

from clients.recovering.redrive import RedriveResult
from clients.render.listing import Column
from clients.terminal.console import say, warn
from models.visible import visible

RESTARTED = [
    Column("file", lambda result: result.name),
    Column("restarted", lambda result: result.restarted, kind="boolean"),
    Column("reason", lambda result: result.reason),
]


def say_what_was_done(result: RedriveResult) -> None:
    """Prints what was done with an object."""
    name = visible(result.name)
    if not result.restarted:
        warn(f"{name} stays in rejected/: another file waits under its name")
    elif result.reason:
        say(f"started again   {name}  had been rejected: {visible(result.reason)}")
    else:
        say(f"started again   {name}")
