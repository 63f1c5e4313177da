"""The command `flowtally environment`."""

import click

from clients.terminal.account import Account
from clients.terminal.options import pass_account
from cloudformation import stack
from models.errors import NotFound


@click.command()
@pass_account
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
    settings["FLOWTALLY_METRICS"] = stack.stack_output(cloudformation, account.stack, "MetricNamespace")
    settings["FLOWTALLY_LEASES"] = stack.stack_output(cloudformation, leases, "Leases")
    for name, value in settings.items():
        click.echo(f"{name}={value}")
