"""The command `flowtally deploy`: what it asks, and how it is called."""

from typing import Any, get_args

import click

from clients.lifecycle.deploy import Deployer
from clients.render.stacks import print_event, print_plan
from clients.terminal.account import Account
from clients.terminal.console import say
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from clients.terminal.questions import ask, yes_option
from cloudformation.plan import Compute, Plan


class _Terminal:
    """Shows and asks on the terminal.

    Args:
        yes: whether everything is agreed to.
    """

    def __init__(self, *, yes: bool) -> None:
        self._yes = yes

    def show_plan(self, plan: Plan) -> None:
        print_plan(plan)

    def show_event(self, event: Any) -> None:
        print_event(event)

    def confirm(self, question: str) -> bool:
        return self._yes or bool(ask(lambda: click.confirm(question)))


def _settings(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE")
    return dict(value.split("=", 1) for value in values)


@click.command(
    epilog=explanation(
        "flowtally deploy",
        "flowtally deploy --compute vm --set AlarmEmail=it@example.org",
        statuses={1: "nothing was changed, as the answer was no, or AWS refused"},
    )
)
@click.option(
    "--compute",
    type=click.Choice(get_args(Compute)),
    help="What counts the files; none: machines of your own. [default: what does so now, or lambda]",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    callback=_settings,
    help="A parameter of the templates, such as AlarmEmail or MaximumConcurrency; it stays as set.",
)
@yes_option
@pass_account
def deploy(account: Account, compute: Compute | None, settings: dict[str, str], yes: bool) -> int:
    """Deploy flowtally to AWS, or bring a deployment in line with this version.

    Shows what will change, asks, and follows it to its end. Data and compute are separate stacks: the
    compute can be switched at any time, also while files are on their way. Safe to repeat and to interrupt.
    """
    if Deployer(account, settings, _Terminal(yes=yes)).run(compute):
        return 0
    say("Nothing was changed.")
    return 1
