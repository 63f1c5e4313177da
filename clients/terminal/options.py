"""The options that all commands share: where they work, and how much they say."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple, TypeVar

import click

Result = TypeVar("Result")

DEFAULT_STACK = "flowtally"


class AccountOptions(NamedTuple):
    """Where the resources are, as far as the command line or the environment say."""

    stack: str = DEFAULT_STACK
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None


_AGES = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def age(_context: click.Context, _option: click.Parameter, value: str | None) -> float:
    """Seconds, from `10m`: for options, 0 where nothing is given."""
    if value is None:
        return 0.0
    match = re.fullmatch(r"(\d+)([smhd])", value)
    if match is None:
        raise click.BadParameter(f"{value!r} is no age like 90s, 10m, 2h or 1d")
    return int(match[1]) * _AGES[match[2]]


def quiet_option(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command the option `--quiet`, which is obeyed before the command runs."""

    def obey(_context: click.Context, _option: click.Parameter, is_set: bool) -> None:
        if is_set:
            from clients.terminal.console import hush  # noqa: PLC0415  # rich would slow `--help` down

            hush()

    text = "Say nothing but what was asked for, warnings and errors."
    return click.option("-q", "--quiet", is_flag=True, callback=obey, expose_value=False, help=text)(command)


def pass_account(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command an `Account` as its first argument, and the options to say which."""

    @wraps(command)
    def with_account(
        stack: str | None, region: str | None, profile: str | None, endpoint_url: str | None, **others: Any
    ) -> Result:
        from clients.terminal.account import Account  # noqa: PLC0415  # boto3 would slow `--help` down

        before: AccountOptions = click.get_current_context().obj
        account = Account(
            stack or before.stack,
            region or before.region,
            profile or before.profile,
            endpoint_url or before.endpoint_url,
        )
        return command(account, **others)

    decorated: Callable[..., Result] = quiet_option(with_account)
    for name, meaning in (
        ("endpoint-url", "Another address than AWS's."),
        ("profile", "Profile of the AWS configuration."),
        ("region", "AWS region."),
        ("stack", "Name of the stack."),
    ):
        decorated = click.option(f"--{name}", help=meaning)(decorated)
    return decorated


branch_option = click.option(
    "--branch",
    envvar="FLOWTALLY_BRANCH",
    default="main",
    show_default=True,
    show_envvar=True,
    help="Whose files they are.",
)

DAY = click.DateTime(["%Y-%m-%d"])
first_option = click.option("--from", "first", type=DAY, metavar="DAY", help="The first day, YYYY-MM-DD.")
last_option = click.option("--to", "last", type=DAY, metavar="DAY", help="The last day.")
