"""The commands `flowtally deploy`, `environment` and `destroy`: what they ask, and how they are called."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, get_args

import click

from clients.lifecycle.deploy import Compute, Deployer
from clients.lifecycle.destroy import destroy as destroy_everything
from clients.terminal.account import Account
from clients.terminal.console import say
from clients.terminal.options import on_account
from cloudformation import stack
from models.errors import NotFound, UsageError

_YES = "Ask nothing."


def _settings(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    for value in values:
        if "=" not in value:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE")
    return dict(value.split("=", 1) for value in values)


def _ask(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except click.Abort:
        say("")
        raise UsageError("nobody answered", remedy="Say --yes, if nobody is to be asked") from None


@click.command()
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
@click.option("--yes", is_flag=True, help=_YES)
@on_account
def deploy(account: Account, compute: Compute | None, settings: dict[str, str], yes: bool) -> int:
    """Deploy flowtally to AWS, or bring a deployment in line with this version.

    Shows what will change, asks, and follows it to its end. Data and compute are separate stacks: the
    compute can be switched at any time, also while files are on their way. Safe to repeat and to interrupt.
    """
    confirm = lambda question: yes or _ask(lambda: click.confirm(question))  # noqa: E731
    if Deployer(account, settings, confirm).run(compute):
        return 0
    say("Nothing was changed.")
    return 1


@click.command()
@on_account
def environment(account: Account) -> None:
    """Print the settings of the daemon, for a machine of your own.

    Lines NAME=value: what `install.sh --environment` takes, as docs/vm.md tells.
    """
    cloudformation = account.client("cloudformation")
    settings = {"AWS_REGION": cloudformation.meta.region_name, **account.deployment.to_environment()}
    leases = f"{account.stack}-leases"
    if not stack.current(cloudformation, leases)[0]:
        raise NotFound(
            "there is no table by which machines share the stream",
            where=f"stack {leases}",
            remedy="`flowtally deploy --compute none` makes it, for machines of your own instead of Lambda",
        )
    settings["FLOWTALLY_LEASES"] = stack.stack_output(cloudformation, leases, "Leases")
    for name, value in settings.items():
        click.echo(f"{name}={value}")


@click.command()
@click.option(
    "--export",
    "directory",
    metavar="DIRECTORY",
    type=click.Path(file_okay=False, path_type=Path),
    help="Export everything to CSV files in this directory first.",
)
@click.option("--no-export", is_flag=True, help="Export nothing.")
@click.option("--yes", is_flag=True, help=_YES)
@on_account
def destroy(account: Account, directory: Path | None, no_export: bool, yes: bool) -> int:
    """Remove everything that was deployed, and all data.

    Says what is there, offers to export it, and asks for the name of the stack. Safe to repeat and to
    interrupt.
    """
    if directory and no_export:
        raise UsageError("either --export or --no-export", where="flowtally destroy")
    if yes and not (directory or no_export):
        raise UsageError(
            "the data would be gone without a copy",
            where="flowtally destroy --yes",
            remedy="Say --export DIRECTORY, or --no-export",
        )

    def export() -> Path | None:
        if directory or no_export:
            return directory
        answer = _ask(lambda: click.prompt("Export everything to which directory? (- for none)", default="-"))
        return None if answer == "-" else Path(answer)

    def confirm(name: str) -> bool:
        question = f"Everything above will be deleted for ever.\nThe name of the stack, to confirm ({name})"
        return yes or _ask(lambda: click.prompt(question, default="", show_default=False)) == name

    if destroy_everything(account, export, confirm):
        return 0
    say("Nothing was removed.")
    return 1
