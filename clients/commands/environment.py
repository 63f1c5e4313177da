"""The command `flowtally environment`."""

import shlex

import click

from clients.render.output import Output, pass_output
from clients.terminal.account import Account
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from clients.uploading.uploader import check_branch
from cloudformation import stack
from models.errors import NotFound


def _checked(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    return value if value is None else check_branch(value)


@click.command(
    epilog=explanation(
        "flowtally environment > flowtally.env",
        "flowtally environment --branch paris > paris.env",
        statuses={1: "machines of your own are not provided for, or AWS refused"},
        document={"AWS_REGION": "text", "FLOWTALLY_BUCKET": "text", "FLOWTALLY_…": "text"},
    )
)
@click.option("--branch", callback=_checked, help="Print those of the computer of a branch instead.")
@pass_output
@pass_account
def environment(account: Account, output: Output, branch: str | None) -> None:
    """Print the settings of a machine of your own, or of a branch's computer.

    Lines NAME=value: what `install.sh --environment` takes, as docs/vm.md tells. With them and credentials
    that have BranchUploadPolicy, `upload`, also with --wait, and `status --branch` work for a branch, which
    may not look at the stack: `set -a; . ./paris.env; set +a`.
    """
    settings = _of_daemon(account) if branch is None else _of_branch(account, branch)
    output.give(**settings)
    if output.is_for_people:
        for name, value in settings.items():
            click.echo(f"{name}={value}")


def _of_branch(account: Account, branch: str) -> dict[str, str]:
    """What a branch needs to know, and nothing else."""
    deployment = account.deployment
    return {
        "AWS_REGION": account.client("s3").meta.region_name,
        "FLOWTALLY_STACK": account.stack,
        "FLOWTALLY_BRANCH": shlex.quote(branch),
        "FLOWTALLY_BUCKET": deployment.bucket,
        "FLOWTALLY_FILES": deployment.files,
    }


def _of_daemon(account: Account) -> dict[str, str]:
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
    return settings
