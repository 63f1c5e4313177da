"""Where a deployed flowtally keeps its things: the names of its bucket, queues, tables and stream."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, get_args

from botocore.exceptions import ClientError

from models.errors import NotFound, UsageError, error_code
from models.traffic import AddressScope

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient


@dataclass(frozen=True, slots=True)
class Deployment:
    """The resources of one stack, as its outputs or the environment of a worker name them."""

    bucket: str
    queue_url: str
    dead_letter_queue_url: str
    daily_totals: str
    pair_statistics: str
    files: str
    stream_arn: str
    address_scope: AddressScope = "enterprise"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Deployment":
        """Reads `FLOWTALLY_BUCKET`, `FLOWTALLY_QUEUE_URL`… as a worker gets them.

        Raises:
            UsageError: variables are missing, or the address scope is none.
        """
        return cls._from_strings({name: environ.get(_variable(name), "") for name in _names()}, _variable)

    @classmethod
    def from_stack(cls, cloudformation: "CloudFormationClient", stack: str) -> "Deployment":
        """Reads the outputs of the stack.

        Raises:
            NotFound: there is no such stack in this account and region.
            UsageError: the stack is not one of flowtally's.
        """
        try:
            description = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if error_code(error) != "ValidationError":
                raise
            raise NotFound(f"there is no stack {stack!r} in {cloudformation.meta.region_name}") from error
        outputs = {out["OutputKey"]: out["OutputValue"] for out in description.get("Outputs", [])}
        return cls._from_strings({name: outputs.get(_output(name), "") for name in _names()}, _output)

    @classmethod
    def _from_strings(cls, values: Mapping[str, str], spelling: Callable[[str], str]) -> "Deployment":
        values = {**values, "address_scope": values["address_scope"] or "enterprise"}
        if missing := [spelling(name) for name, value in values.items() if not value]:
            raise UsageError(
                f"{', '.join(missing)} not set",
                remedy="Take the values from the outputs of the flowtally stack",
            )
        if values["address_scope"] not in get_args(AddressScope):
            raise UsageError(
                f"{spelling('address_scope')} is {values['address_scope']!r}",
                remedy=f"Set it to one of {', '.join(get_args(AddressScope))}",
            )
        return cls(**values)  # type: ignore[arg-type]  # the scope was checked just above

    def to_environment(self) -> dict[str, str]:
        """The variables from which `from_environment` makes the same deployment."""
        return {_variable(name): value for name, value in asdict(self).items()}


def _names() -> list[str]:
    return [field.name for field in fields(Deployment)]


def _variable(name: str) -> str:
    return f"FLOWTALLY_{name.upper()}"


def _output(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
