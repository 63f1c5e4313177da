"""Where a command works: the options that say so, and the account that they lead to."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

import click

from clients.terminal.account import Account

Result = TypeVar("Result")


class Place(NamedTuple):
    """Where the resources are, as far as the command line or the environment say."""

    stack: str
    region: str | None
    profile: str | None


def on_account(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command an `Account` as its first argument, and the options to say which."""

    @wraps(command)
    def with_account(stack: str | None, region: str | None, profile: str | None, **others: Any) -> Result:
        place: Place = click.get_current_context().obj
        account = Account(stack or place.stack, region or place.region, profile or place.profile)
        return command(account, **others)

    for name, meaning in (
        ("profile", "Profile of the AWS configuration."),
        ("region", "AWS region."),
        ("stack", "Name of the stack."),
    ):
        with_account = click.option(f"--{name}", help=meaning)(with_account)
    return with_account
