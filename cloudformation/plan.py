"""The stacks of one deployment, and what has to change in them.

    storage stack ──▶ stacks of the compute that is wanted ──▶ removal of the compute that is not

Data and compute are stacks of their own, so a change of the compute cannot touch the data.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from cloudformation import change_sets, stack
from cloudformation.adoption import LeftBehind, import_template, is_half_adopted, resources_to_import
from cloudformation.change_sets import ChangeSet
from cloudformation.source_key import with_source_key
from cloudformation.templates import declared, output_names, parameter_names, resource_types, template
from models.errors import UsageError

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient
    from types_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef

Compute = Literal["lambda", "vm", "both", "none"]

# The stacks that a compute consists of, in the order in which they are made. With `none`, machines of the
# user's own count, and share the stream as VMs do.
COMPONENTS: Mapping[Compute, tuple[str, ...]] = {
    "lambda": ("lambda",),
    "vm": ("leases", "vm"),
    "both": ("lambda", "leases", "vm"),
    "none": ("leases",),
}
PARTS = COMPONENTS["both"]

_FILLED_IN = {"CodeDigest", "StorageStack"}  # beside the outputs of other stacks


class WholeStack(NamedTuple):
    """A stack that is to come, to change or to go, with everything in it."""

    stack: str
    action: Literal["Add", "Modify", "Remove"]
    resources: Sequence[tuple[str, str]]  # logical names and types


class Wish(NamedTuple):
    """What a user wants of a deployment."""

    parts: Sequence[str]  # of the compute, of PARTS
    settings: Mapping[str, str]  # parameters of the templates; those not given stay as they are
    code: Mapping[str, str]  # the digest of the package for a part, for those that have one


@dataclass(frozen=True)
class PartPlan:
    """What would change in one stack of the compute."""

    parameters: Mapping[str, str]  # with which it was asked
    change: ChangeSet | None


@dataclass(frozen=True)
class Plan:
    """What leads from what there is to what is wanted, in this order."""

    is_new: bool
    adopts: bool  # tables that an earlier stack left; their statistics may have missed changes
    storage: ChangeSet | None  # where tables are adopted, what must come before all the rest of it
    compute: Mapping[str, PartPlan]
    later: Sequence[WholeStack]  # stacks of which nothing can be asked before others are there
    removals: Sequence[WholeStack]

    @property
    def changes(self) -> list[ChangeSet]:
        """All that was asked for and is to be made."""
        asked = (self.storage, *(part.change for part in self.compute.values()))
        return [change for change in asked if change]

    @property
    def is_empty(self) -> bool:
        """Whether everything is as it should be."""
        return not (self.changes or self.later or self.removals)


@dataclass(frozen=True)
class Stacks:
    """The stacks of one deployment: that of the storage, and beside it those of the compute.

    Args:
        cloudformation: a boto3 CloudFormation client.
        name: of the deployment, which is that of the storage's stack.
    """

    cloudformation: "CloudFormationClient"
    name: str

    def __post_init__(self) -> None:
        if self.name.endswith(tuple(f"-{part}" for part in PARTS)):
            raise UsageError(
                "the name ends as that of a stack for another one's compute",
                where=f"stack {self.name}",
                remedy="Choose another name with --stack",
            )

    @property
    def names(self) -> list[str]:
        """Those of all stacks that there may be, the storage's first."""
        return [self.name, *map(self.of, PARTS)]

    def of(self, part: str) -> str:
        """The name of a part's stack."""
        return f"{self.name}-{part}"

    def has_storage(self) -> bool:
        """Whether there is anything in the stack of the storage."""
        return not stack.is_empty(stack.current(self.cloudformation, self.name)[0])

    def running(self) -> list[str]:
        """The parts of the compute that are deployed."""
        statuses = {part: stack.current(self.cloudformation, self.of(part))[0] for part in PARTS}
        return [part for part, status in statuses.items() if not stack.is_empty(status)]

    def parameters(self, part: str) -> dict[str, str]:
        """With what a part is deployed; nothing if it is not."""
        return stack.current(self.cloudformation, self.of(part))[1]

    def resources(self, part: str, kind: str) -> list[str]:
        """The real names of what is in a part's stack and of a type of CloudFormation's."""
        return [it["PhysicalResourceId"] for it in self._resources(part) if it["ResourceType"] == kind]

    def is_half_adopted(self) -> bool:
        """Whether the stack of the storage has only what was left by an earlier one."""
        return is_half_adopted(self.cloudformation, self.name)

    def plan(self, wish: Wish, left: LeftBehind | None = None) -> Plan:
        """Asks for every change that can be asked for yet.

        Args:
            wish: what is wanted.
            left: what an earlier stack left, to be adopted by a new one.

        Raises:
            UsageError: CloudFormation refuses a template, a parameter or the name.
            TryAgain: another change of a stack is under way.
        """
        is_new, before, known = not self.has_storage(), self.running(), self._given_out()
        adopts = left is not None or self.is_half_adopted()
        storage = self._adopt(left) if left else self.change_of_storage(wish)
        can_be_asked = [part for part in wish.parts if _needed(part) <= known.keys()]
        later = [self._whole(part, part in before) for part in wish.parts if part not in can_be_asked]
        return Plan(
            is_new,
            adopts,
            storage,
            {part: self._ask_for(part, wish) for part in can_be_asked},
            [*self._rest_of_storage(left), *later],
            [self._removal(part) for part in reversed(before) if part not in wish.parts],
        )

    def discard(self, plan: Plan) -> None:
        """Throws away what was asked for."""
        for change in plan.changes:
            change_sets.discard(self.cloudformation, change)

    def change_of_storage(self, wish: Wish) -> ChangeSet | None:
        """What has to change in the stack of the storage, or to be made."""
        settings = with_source_key(self.cloudformation, self.name, wish.settings)
        return self._ask(self.name, template("storage"), settings)

    def change_of(self, part: str, plan: Plan, wish: Wish) -> ChangeSet | None:
        """The change of a part, once all before it is done: as planned, or anew if other stacks changed."""
        planned = plan.compute.get(part)
        if planned and planned.parameters == self._parameters_for(part, wish):
            return planned.change
        if planned and planned.change:
            change_sets.discard(self.cloudformation, planned.change)
        return self._ask_for(part, wish).change

    def _adopt(self, left: LeftBehind) -> ChangeSet | None:
        """Asks for the import of what was left, as it is: an import sets no tags."""
        text, imports = import_template(left.resources), resources_to_import(left.resources)
        return change_sets.ask(self.cloudformation, self.name, text, left.parameters, imports=imports)

    def _rest_of_storage(self, left: LeftBehind | None) -> list[WholeStack]:
        """What is made beside that which is adopted."""
        if left is None:
            return []
        made = [it for it in resource_types(template("storage")) if it[0] not in left.resources]
        return [WholeStack(self.name, "Add", made)]

    def _ask_for(self, part: str, wish: Wish) -> PartPlan:
        parameters = self._parameters_for(part, wish)
        return PartPlan(parameters, self._ask(self.of(part), template(part), parameters))

    def _ask(self, name: str, text: str, parameters: Mapping[str, str]) -> ChangeSet | None:
        tags = {"flowtally:stack": self.name}
        return change_sets.ask(self.cloudformation, name, text, declared(text, parameters), tags)

    def _parameters_for(self, part: str, wish: Wish) -> dict[str, str]:
        known = {"StorageStack": self.name, **self._given_out(), **wish.settings}
        if part in wish.code:
            known["CodeDigest"] = wish.code[part]
        return declared(template(part), known)

    def _given_out(self) -> dict[str, str]:
        """What the storage and the leases give out to other stacks."""
        there = [
            name for name in (self.name, self.of("leases")) if stack.current(self.cloudformation, name)[0]
        ]
        return {
            key: value for name in there for key, value in stack.outputs(self.cloudformation, name).items()
        }

    def _whole(self, part: str, is_there: bool) -> WholeStack:
        return WholeStack(self.of(part), "Modify" if is_there else "Add", resource_types(template(part)))

    def _removal(self, part: str) -> WholeStack:
        entries = self._resources(part)
        return WholeStack(
            self.of(part), "Remove", [(it["LogicalResourceId"], it["ResourceType"]) for it in entries]
        )

    def _resources(self, part: str) -> "list[StackResourceSummaryTypeDef]":
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.of(part))
        return [entry for page in pages for entry in page["StackResourceSummaries"]]


def compute_of(parts: Sequence[str]) -> Compute:
    """What consists of these parts; Lambda, if there are none."""
    has_lambda, has_vm = "lambda" in parts, "vm" in parts
    if parts and not (has_lambda or has_vm):
        return "none"
    return "both" if has_lambda and has_vm else "vm" if has_vm else "lambda"


def check_settings(settings: Mapping[str, str], parts: Sequence[str]) -> None:
    """Refuses settings that neither the storage nor these parts of the compute have.

    Raises:
        UsageError: it names them, and those that can be set.
    """
    known = set().union(*(parameter_names(template(part)) for part in ("storage", *parts)))
    known -= _FILLED_IN | output_names(template("storage"), template("leases"))
    known |= {"AddressScope"}  # a setting that is given out, too
    if unknown := sorted(settings.keys() - known):
        raise UsageError(
            f"{', '.join(unknown)} cannot be set",
            where="--set",
            remedy=f"Known are {', '.join(sorted(known))}",
        )


def _needed(part: str) -> set[str]:
    """The parameters of a part that other stacks give out."""
    return parameter_names(template(part)) & output_names(template("storage"), template("leases"))
