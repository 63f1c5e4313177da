"""`flowtally deploy`: from nothing, or from whatever is there, to storage and the compute that is wanted.

    storage stack ──▶ packages into its bucket ──▶ stacks of the compute ──▶ removal of the compute not wanted

Data and compute are stacks of their own, so a change of the compute cannot touch the data. Each step is
one that can be repeated; after an interruption the same command goes on where it was.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

from botocore.exceptions import ClientError

from clients.lifecycle import retained_resources as leftovers
from clients.recovering.redrive import Redrive
from clients.recovering.repair import repair_all
from clients.render.stacks import Whole, changes_table, print_event
from clients.terminal.account import Account
from clients.terminal.console import out, say
from cloudformation import stack
from cloudformation.package import Package, Target, build_package, build_vm_package
from models.deployment import Deployment
from models.errors import FlowtallyError, UsageError, error_code

Compute = Literal["lambda", "vm", "both", "none"]

# The stacks that a compute consists of, in the order in which they are made. With `none`, machines of the
# user's own count, and share the stream as VMs do.
COMPONENTS: Mapping[Compute, tuple[str, ...]] = {
    "lambda": ("lambda",),
    "vm": ("leases", "vm"),
    "both": ("lambda", "leases", "vm"),
    "none": ("leases",),
}
_CODE = "code/"
_FILLED_IN = {"CodeKey", "StorageStack"}  # beside the outputs of other stacks
_STUCK = ("ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")
_EMPTY = ("", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")  # statuses of stacks with nothing in them


class Deployer:
    """Deploys one stack of flowtally and its compute.

    Args:
        account: where.
        settings: parameters of the templates; those not given stay as they are.
        confirm: asks whether to go on.
    """

    def __init__(self, account: Account, settings: Mapping[str, str], confirm: Callable[[str], bool]) -> None:
        self._account = account
        self._settings = settings
        self._confirm = confirm
        self._name = account.stack
        self._cloudformation = account.client("cloudformation")
        self._tags = {"flowtally:stack": account.stack}

    def run(self, compute: Compute | None) -> bool:
        """Deploys; False if the user does not want to.

        Args:
            compute: what is to run; by default what does, or Lambda.

        Raises:
            UsageError: the name or a setting is refused, or the stack is not one of flowtally's.
            FlowtallyError: a resource could not be made; the message has the first cause.
        """
        if self._name.endswith(tuple(f"-{part}" for part in COMPONENTS["both"])):
            raise UsageError(
                "the name ends as that of a stack for another one's compute",
                where=f"stack {self._name}",
                remedy="Choose another name with --stack",
            )
        identity = self._account.client("sts").get_caller_identity()
        region = self._cloudformation.meta.region_name
        say(f"Stack {self._name} in {region}, account {identity['Account']}", style="bold")
        before = self._running()
        wanted = COMPONENTS[compute or _compute_of(before)]
        self._check_settings(wanted)
        is_new = self._prepare_place()
        storage = stack.prepare(
            self._cloudformation, self._name, stack.template("storage"), self._given("storage"), self._tags
        )
        done = self._create(storage, wanted) if is_new else self._update(storage, before, wanted)
        if done:
            self._finish(wanted)
        return done

    def _prepare_place(self) -> bool:
        """Waits for changes under way and looks whether the stack is ours; True if there is none yet."""
        for name in (self._name, *(f"{self._name}-{part}" for part in COMPONENTS["both"])):
            status, _ = stack.current(self._cloudformation, name)
            if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":
                say(f"Another change of stack {name} is under way ({status}); waiting for its end")
                status = stack.follow(self._cloudformation, name, on_event=print_event)
            if status in _STUCK:
                raise FlowtallyError(
                    f"an earlier change got stuck ({status})",
                    where=f"stack {name}",
                    remedy="Look at its events in the console of CloudFormation; continue or delete it there",
                )
            if status == "ROLLBACK_COMPLETE" and name == self._name:
                self._remove_what_is_empty()
        status, _ = stack.current(self._cloudformation, self._name)
        if status in _EMPTY:
            return True
        try:
            Deployment.from_stack(self._cloudformation, self._name)
        except UsageError as error:
            raise UsageError(
                "there is a stack of this name already, and it is not one of flowtally's",
                where=f"stack {self._name}",
                remedy="Choose another name with --stack",
            ) from error
        return False

    def _remove_what_is_empty(self) -> None:
        """Removes the tables that a failed creation left; what holds data is of an earlier stack."""
        for table in leftovers.remove_empty_tables(self._account, self._name):
            say(f"Table {table.name} is left alone: it holds data of an earlier stack of this name")

    def _create(self, storage: stack.ChangeSet | None, wanted: Sequence[str]) -> bool:
        """The first time: compute can only be planned when there is storage, so all is asked for at once."""
        if storage is None:
            raise FlowtallyError("nothing would be created", where=f"stack {self._name}")
        out.print(changes_table(storage))
        for part in wanted:
            out.print(changes_table(self._creation(part)))
        if not self._confirm("Create all this?"):
            stack.discard(self._cloudformation, storage)
            return False
        stack.execute(self._cloudformation, storage, print_event)
        self._package(wanted)
        self._upload()
        for part in wanted:
            self._apply(self._plan(part))
        return True

    def _update(self, storage: stack.ChangeSet | None, before: Sequence[str], wanted: Sequence[str]) -> bool:
        self._package(wanted)
        # What depends on an output that is not there yet is planned when it is.
        plans = {part: self._plan(part) for part in wanted if self._knows_all_for(part)}
        changes = [change for change in (storage, *plans.values()) if change]
        removals = [self._removal(part) for part in reversed(before) if part not in wanted]
        for change in changes:
            out.print(changes_table(change))
        for removal in removals:
            out.print(changes_table(removal))
        later = [part for part in wanted if part not in plans]
        for part in later:
            out.print(changes_table(self._creation(part)))
        if not changes and not removals and not later:
            say("Everything is as it should be: nothing to change.")
            self._upload()  # a package may have been deleted
            return True
        if not self._confirm("Make these changes?"):
            for change in changes:
                stack.discard(self._cloudformation, change)
            return False
        self._upload()
        self._apply(storage)
        for part in wanted:
            self._apply(plans[part] if part in plans else self._plan(part))
        if set(before) != set(wanted):  # before the removals: interrupted there, it is done again
            repaired = repair_all(self._account)
            say(f"Switching the compute: all statistics verified, {repaired} repaired")
        for removal in removals:  # last, so that there is always something at work
            say(f"Removing stack {removal.stack}")
            stack.delete(self._cloudformation, removal.stack, print_event)
        return True

    def _apply(self, change: stack.ChangeSet | None) -> None:
        if change:
            say(f"{'Creating' if change.kind == 'CREATE' else 'Updating'} stack {change.stack}")
            stack.execute(self._cloudformation, change, print_event)

    def _finish(self, wanted: Sequence[str]) -> None:
        self._remove_old_packages()
        self._start_again()
        outputs = stack.outputs(self._cloudformation, self._name)
        for name in ("Bucket", "BranchUploadPolicyArn", "AnalystPolicyArn"):
            say(f"{name}: {outputs.get(name, '')}")
        if wanted == COMPONENTS["none"]:
            say(
                "Nothing in AWS counts files now: install a machine of your own with the settings"
                f" that flowtally environment{self._account.options} prints"
            )
        say(f"Ready. Next: flowtally upload{self._account.options} --branch NAME FILE…", style="bold")

    def _start_again(self) -> None:
        """Hands every file that waits to the compute that there is now.

        Functions and machines that were removed at work may have left messages hidden for hours.
        """
        clients = self._account.client("s3"), self._account.client("sqs")
        redrive = Redrive(*clients, Deployment.from_stack(self._cloudformation, self._name))
        if restarted := redrive.restart_incoming():
            say(f"Files that were waiting, started again: {restarted:,}")

    def _running(self) -> list[str]:
        """The parts of the compute that are deployed."""
        return [
            part
            for part in COMPONENTS["both"]
            if stack.current(self._cloudformation, f"{self._name}-{part}")[0] not in _EMPTY
        ]

    def _check_settings(self, wanted: Sequence[str]) -> None:
        known = set().union(*(stack.parameter_names(stack.template(part)) for part in ("storage", *wanted)))
        known -= _FILLED_IN | stack.output_names(*(stack.template(part) for part in ("storage", "leases")))
        known |= {"AddressScope"}
        if unknown := sorted(self._settings.keys() - known):
            raise UsageError(
                f"{', '.join(unknown)} cannot be set",
                where="--set",
                remedy=f"Known are {', '.join(sorted(known))}",
            )

    def _given(self, part: str) -> dict[str, str]:
        declared = stack.parameter_names(stack.template(part))
        return {name: value for name, value in self._settings.items() if name in declared}

    def _plan(self, part: str) -> stack.ChangeSet | None:
        """What would have to change in a stack of the compute."""
        template = stack.template(part)
        known = {"StorageStack": self._name, **self._outputs()}
        if part in self._packages:
            known["CodeKey"] = self._packages[part].key
        declared = stack.parameter_names(template)
        parameters = {name: value for name, value in known.items() if name in declared}
        return stack.prepare(
            self._cloudformation, f"{self._name}-{part}", template, parameters | self._given(part), self._tags
        )

    def _outputs(self) -> dict[str, str]:
        """What the storage and the leases give out to other stacks."""
        outputs = stack.outputs(self._cloudformation, self._name)
        if "leases" in self._running():
            outputs |= stack.outputs(self._cloudformation, f"{self._name}-leases")
        return outputs

    def _knows_all_for(self, part: str) -> bool:
        given_out = stack.output_names(stack.template("storage"), stack.template("leases"))
        return stack.parameter_names(stack.template(part)) & given_out <= self._outputs().keys()

    @cached_property
    def _packages(self) -> dict[str, Package]:
        """What was packaged, by the part that it is for."""
        return {}

    def _package(self, parts: Sequence[str]) -> None:
        """Packages the program for parts of the compute; a plan needs no more of a package than its key."""
        for part in parts:
            if part != "leases":
                say(f"Packaging the program for {part}")
                self._packages[part] = build_vm_package() if part == "vm" else build_package(self._target())

    def _upload(self) -> None:
        """Uploads what was packaged, unless it is there. Not before the answer: a no must change nothing."""
        s3, bucket = self._account.client("s3"), self._bucket
        for package in self._packages.values():
            try:
                s3.head_object(Bucket=bucket, Key=package.key)
            except ClientError as error:
                if error_code(error) not in ("404", "NoSuchKey"):
                    raise
                s3.put_object(Bucket=bucket, Key=package.key, Body=package.content)

    def _target(self) -> Target:
        """What the functions run on: as set now, or before, or by default."""
        parameters = {**stack.current(self._cloudformation, f"{self._name}-lambda")[1], **self._settings}
        runtime = parameters.get("Runtime", f"python{Target().python}")
        architecture: Any = parameters.get("Architecture", Target().architecture)
        return Target(architecture, runtime.removeprefix("python"))

    def _remove_old_packages(self) -> None:
        """Leaves only the packages that a stack still names."""
        used = {
            stack.current(self._cloudformation, f"{self._name}-{part}")[1].get("CodeKey")
            for part in COMPONENTS["both"]
        }
        s3 = self._account.client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=_CODE)
        for page in pages:
            for entry in page.get("Contents", []):
                if entry["Key"] not in used:
                    s3.delete_object(Bucket=self._bucket, Key=entry["Key"])

    def _creation(self, part: str) -> Whole:
        """What a stack will hold whose change set needs outputs of stacks that are not there yet."""
        return Whole(f"{self._name}-{part}", "Add", stack.resource_types(stack.template(part)))

    def _removal(self, part: str) -> Whole:
        name = f"{self._name}-{part}"
        pages = self._cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
        entries = [entry for page in pages for entry in page["StackResourceSummaries"]]
        return Whole(name, "Remove", [(it["LogicalResourceId"], it["ResourceType"]) for it in entries])

    @property
    def _bucket(self) -> str:
        return stack.stack_output(self._cloudformation, self._name, "Bucket")


def _compute_of(parts: Sequence[str]) -> Compute:
    """What consists of these parts; Lambda, if there are none."""
    has_lambda, has_vm = "lambda" in parts, "vm" in parts
    if parts and not (has_lambda or has_vm):
        return "none"
    return "both" if has_lambda and has_vm else "vm" if has_vm else "lambda"
