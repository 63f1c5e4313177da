"""Where a deployed flowtally keeps its things: the names of its bucket, queues, tables and stream."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, get_args

from botocore.exceptions import ClientError

from models.errors import NotFound, OtherLayout, UsageError, error_code
from models.traffic import AddressScope

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient


# How the tables are laid out; raised when items are written that earlier versions cannot read, or the other
# way round. 1, a day to an item, was never released; 2 is a week to an item.
LAYOUT = 2


@dataclass(frozen=True, slots=True)
class Deployment:
    """The resources of one stack, as its outputs or the environment of a worker name them.

    `source_key` is the secret by which files are named in the items that they contributed to: whoever knows
    it can make two files that pass for one. `layout` is that of the tables, which is always `LAYOUT`.
    """

    bucket: str
    queue_url: str
    dead_letter_queue_url: str
    daily_totals: str
    pair_statistics: str
    files: str
    stream_arn: str
    source_key: bytes = field(repr=False)
    layout: int = LAYOUT
    address_scope: AddressScope = "enterprise"

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Deployment":
        """Reads `FLOWTALLY_BUCKET`, `FLOWTALLY_QUEUE_URL`… as a worker gets them.

        Raises:
            UsageError: variables are missing, or have values that cannot be.
            OtherLayout: the tables are laid out as another version does.
        """
        return cls._from_strings({name: environ.get(_variable(name), "") for name in _names()}, _variable)

    @classmethod
    def from_stack(cls, cloudformation: "CloudFormationClient", stack: str) -> "Deployment":
        """Reads the outputs of the stack.

        Raises:
            NotFound: there is no such stack in this account and region.
            UsageError: the stack is not one of flowtally's.
            OtherLayout: another version made it, with other tables.
        """
        try:
            description = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if error_code(error) != "ValidationError":
                raise
            raise NotFound(f"there is no stack {stack!r} in {cloudformation.meta.region_name}") from error
        outputs = {out["OutputKey"]: out["OutputValue"] for out in description.get("Outputs", [])}
        if {"DailyTotals", "PairStatistics", "StreamArn"} <= outputs.keys():  # it is one of ours
            check_layout(outputs.get("Layout", "1"), where=f"stack {stack}")
        return cls._from_strings({name: outputs.get(_output(name), "") for name in _names()}, _output)

    @classmethod
    def _from_strings(cls, values: Mapping[str, str], spelling: Callable[[str], str]) -> "Deployment":
        values = {**values, "address_scope": values["address_scope"] or "enterprise"}
        if values["layout"]:
            check_layout(values["layout"], where=spelling("layout"))
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
        read: dict[str, Any] = {
            **values,
            "source_key": _key(values["source_key"], spelling),
            "layout": LAYOUT,
        }
        return cls(**read)

    def to_environment(self) -> dict[str, str]:
        """The variables from which `from_environment` makes the same deployment."""
        values = {name: getattr(self, name) for name in _names()}
        return {_variable(name): _text(value) for name, value in values.items()}


def check_layout(found: str, *, where: str) -> None:
    """Refuses tables that are laid out as another version does.

    Args:
        found: the number of their layout.
        where: what says so.

    Raises:
        OtherLayout: it is not this version's.
    """
    if found != str(LAYOUT):
        raise OtherLayout(
            f"the tables have layout {found}, and this version of flowtally reads and writes layout {LAYOUT}",
            where=where,
            remedy="Export everything and remove it with the version that deployed it; then deploy with this"
            " one, and upload the files again",
        )


def _key(text: str, spelling: Callable[[str], str]) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise UsageError(
            f"{spelling('source_key')} is not in hex",
            remedy="Take the value from the outputs of the flowtally stack",
        ) from error


def _text(value: str | bytes | int) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _names() -> list[str]:
    return [each.name for each in fields(Deployment)]


def _variable(name: str) -> str:
    return f"FLOWTALLY_{name.upper()}"


def _output(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
