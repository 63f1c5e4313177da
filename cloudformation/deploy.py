"""One stack brought in line with its template, without a question: for demo, tests and benchmarks."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cloudformation import change_sets
from cloudformation.source_key import with_source_key
from cloudformation.stack import outputs, remove_failed_creation, stack_output
from cloudformation.templates import declared, template

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient


def deploy_storage(cloudformation: "CloudFormationClient", stack: str, **parameters: str) -> None:
    """Deploys bucket, queues, tables and policies, or updates them; a key of its own is drawn once.

    Raises:
        FlowtallyError: as `deploy_stack` does.
    """
    given = with_source_key(cloudformation, stack, parameters)
    deploy_stack(cloudformation, stack, template("storage"), given)


def deploy_leases(cloudformation: "CloudFormationClient", stack: str) -> str:
    """Deploys the table by which daemons share the stream beside a storage, and gives its name.

    Raises:
        FlowtallyError: as `deploy_stack` does.
    """
    name = f"{stack}-leases"
    text = template("leases")
    deploy_stack(cloudformation, name, text, declared(text, outputs(cloudformation, stack)))
    return stack_output(cloudformation, name, "Leases")


def deploy_stack(
    cloudformation: "CloudFormationClient", name: str, text: str, parameters: Mapping[str, str]
) -> None:
    """Creates the stack, or updates it to the template; returns when all is ready. Safe to repeat.

    Args:
        cloudformation: a boto3 CloudFormation client.
        name: the stack's name.
        text: of the template.
        parameters: of the template; those not given keep their values, or get their defaults.

    Raises:
        UsageError: CloudFormation refuses the template, a parameter or the name.
        TryAgain: another change of the stack is under way.
        FlowtallyError: a resource could not be made; the message has the first cause.
    """
    remove_failed_creation(cloudformation, name)
    if change_set := change_sets.ask(cloudformation, name, text, parameters):
        change_sets.execute(cloudformation, change_set)
