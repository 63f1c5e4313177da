"""The command `flowtally environment`."""

import click

from clients.render.output import Output, pass_output
from clients.terminal.account import Account
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from cloudformation import stack
from models.errors import NotFound


@click.command(
    epilog=explanation(
        "flowtally environment > flowtally.env",
        statuses={1: "machines of your own are not provided for, or AWS refused"},
        document={"AWS_REGION": "text", "FLOWTALLY_BUCKET": "text", "FLOWTALLY_…": "text"},
    )
)
@pass_output
@pass_account
def environment(account: Account, output: Output) -> None:
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
    output.give(**settings)
    if output.is_for_people:
        for name, value in settings.items():
            click.echo(f"{name}={value}")
