"""The table by which the daemons of VMs share the stream, as a stack of its own."""

from importlib.resources import files
from typing import TYPE_CHECKING

from cloudformation.stack import deploy_stack

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient


def deploy_leases(cloudformation: "CloudFormationClient", stack: str) -> str:
    """Deploys it beside the storage of a stack, or updates it, and gives the table's name.

    Raises:
        FlowtallyError: as `deploy_stack` does.
    """
    name = f"{stack}-leases"
    deploy_stack(cloudformation, name, (files("cloudformation") / "leases.yaml").read_text(), {})
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return next(output["OutputValue"] for output in outputs if output["OutputKey"] == "Leases")
