"""The options that say where a command works, and the account that they lead to."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

import click

Result = TypeVar("Result")

DEFAULT_STACK = "flowtally"


class AccountOptions(NamedTuple):
    """Where the resources are, as far as the command line or the environment say."""

    stack: str
    region: str | None
    profile: str | None


def pass_account(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command an `Account` as its first argument, and the options to say which."""

    @wraps(command)
    def with_account(stack: str | None, region: str | None, profile: str | None, **others: Any) -> Result:
        from clients.terminal.account import Account  # noqa: PLC0415  # boto3 would slow `--help` down

        before: AccountOptions = click.get_current_context().obj
        account = Account(stack or before.stack, region or before.region, profile or before.profile)
        return command(account, **others)

    for name, meaning in (
        ("profile", "Profile of the AWS configuration."),
        ("region", "AWS region."),
        ("stack", "Name of the stack."),
    ):
        with_account = click.option(f"--{name}", help=meaning)(with_account)
    return with_account


branch_option = click.option(
    "--branch",
    envvar="FLOWTALLY_BRANCH",
    default="main",
    show_default=True,
    show_envvar=True,
    help="Whose files they are.",
)
