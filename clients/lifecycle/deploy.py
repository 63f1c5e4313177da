"""`flowtally deploy`: from nothing, or from whatever is there, to storage and the compute that is wanted.

    packages ──▶ plan ──▶ answer ──▶ storage ──▶ packages into its bucket ──▶ compute ──▶ removals

Each step is one that can be repeated; after an interruption the same command goes on where it was.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from clients.lifecycle import retained_resources
from clients.lifecycle.adoption import left_behind
from clients.lifecycle.packages import StoredPackages
from clients.recovering.redrive import Redrive
from clients.recovering.repair import repair_all
from clients.terminal.account import Account
from clients.terminal.console import say
from cloudformation import change_sets, stack
from cloudformation.change_sets import ChangeSet
from cloudformation.package import Package, Target, build_package, build_vm_package
from cloudformation.plan import COMPONENTS, Compute, Plan, Stacks, Wish, check_settings, compute_of
from cloudformation.templates import parameter_default, template
from models.deployment import Deployment
from models.errors import FlowtallyError, OtherLayout, UsageError

_OTHER_FUNCTIONS = 5  # that may run beside those that count: consolidation, one a shard, and verification
_DONE = {"CREATE": "Creating", "UPDATE": "Updating", "IMPORT": "Adopting what an earlier one left, as"}
_STUCK = ("ROLLBACK_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED")


class Audience(Protocol):
    """Whoever deploys: sees what would change, decides, and sees what happens."""

    def show_plan(self, plan: Plan) -> None:
        """Shows what would change, before anything does."""

    def show_event(self, event: Any) -> None:
        """Shows what became of a resource."""

    def confirm(self, question: str) -> bool:
        """Whether to go on."""


class Deployer:
    """Deploys one stack of flowtally and its compute.

    Args:
        account: where.
        settings: parameters of the templates; those not given stay as they are.
        audience: whom to show things and to ask.

    Raises:
        UsageError: the stack cannot have that name.
    """

    def __init__(self, account: Account, settings: Mapping[str, str], audience: Audience) -> None:
        self._account = account
        self._settings = settings
        self._audience = audience
        self._cloudformation = account.client("cloudformation")
        self._stacks = Stacks(self._cloudformation, account.stack)
        self._packages = StoredPackages(account, self._stacks)

    def run(self, compute: Compute | None) -> bool:
        """Deploys; False if the user does not want to.

        Args:
            compute: what is to run; by default what does, or Lambda.

        Raises:
            UsageError: the name or a setting is refused, or the stack is not one of flowtally's.
            FlowtallyError: a resource could not be made; the message has the first cause.
        """
        identity = self._account.client("sts").get_caller_identity()
        region = self._cloudformation.meta.region_name
        say(f"Stack {self._account.stack} in {region}, account {identity['Account']}", style="bold")
        wanted = COMPONENTS[compute or compute_of(self._stacks.running())]
        check_settings(self._settings, wanted)
        self._wait_for_changes_under_way()
        self._remove_failed_creations()
        self._check_that_it_is_ours()
        left = None if self._stacks.has_storage() else left_behind(self._account)
        packages = self._build(wanted)
        code = {part: package.digest for part, package in packages.items()}
        wish = Wish(wanted, self._settings, code)
        if "lambda" in wanted:
            self._look_at_quota()
        plan = self._stacks.plan(wish, left)
        if plan.is_empty:
            say("Everything is as it should be: nothing to change.")
        elif not self._is_agreed(plan):
            return False
        self._carry_out(plan, wish, packages)
        self._finish(wanted)
        return True

    def _wait_for_changes_under_way(self) -> None:
        """Follows what somebody else has begun, or an interrupted run of this command, to its end.

        Raises:
            FlowtallyError: a stack is stuck, so that nothing can be changed.
        """
        for name in self._stacks.names:
            status, _ = stack.current(self._cloudformation, name)
            if stack.is_under_way(status):
                say(f"Another change of stack {name} is under way ({status}); waiting for its end")
                status = stack.follow(self._cloudformation, name, on_event=self._audience.show_event)
            if status in _STUCK:
                raise FlowtallyError(
                    f"an earlier change got stuck ({status})",
                    where=f"stack {name}",
                    remedy="Look at its events in the console of CloudFormation; continue or delete it there",
                )

    def _remove_failed_creations(self) -> None:
        """Removes stacks that were taken back when they were made, and the empty tables that are left.

        What holds data is of an earlier stack of that name, and adopted.
        """
        if stack.current(self._cloudformation, self._account.stack)[0] == "ROLLBACK_COMPLETE":
            retained_resources.remove_tables(self._account, retained_resources.empty_tables(self._account))
        for name in self._stacks.names:
            stack.remove_failed_creation(self._cloudformation, name)

    def _check_that_it_is_ours(self) -> None:
        """Refuses a stack that somebody else made, or a version of flowtally that laid out tables otherwise.

        Raises:
            UsageError: it does not have the outputs of one of flowtally's.
            OtherLayout: its tables are not this version's.
        """
        if not self._stacks.has_storage() or self._stacks.is_half_adopted():
            return
        try:
            Deployment.from_stack(self._cloudformation, self._account.stack)
        except OtherLayout:
            raise
        except UsageError as error:
            raise UsageError(
                "there is a stack of this name already, and it is not one of flowtally's",
                where=f"stack {self._account.stack}",
                remedy="Choose another name with --stack",
            ) from error

    def _build(self, parts: Sequence[str]) -> dict[str, Package]:
        """The program, packaged for each part of the compute that runs it."""
        packages = {}
        for part in parts:
            if part != "leases":
                say(f"Packaging the program for {part}")
                packages[part] = build_vm_package() if part == "vm" else build_package(self._target())
        return packages

    def _target(self) -> Target:
        """What the functions run on: as set now, or before, or by default."""
        parameters = {**self._stacks.parameters("lambda"), **self._settings}
        runtime = parameters.get("Runtime", f"python{Target().python}")
        architecture: Any = parameters.get("Architecture", Target().architecture)
        return Target(architecture, runtime.removeprefix("python"))

    def _look_at_quota(self) -> None:
        """Says what it means if Lambda may run too few functions at once in this account."""
        default = parameter_default(template("lambda"), "MaximumConcurrency")
        settings = {"MaximumConcurrency": default, **self._stacks.parameters("lambda"), **self._settings}
        wanted = settings["MaximumConcurrency"]
        limits = self._account.client("lambda").get_account_settings()["AccountLimit"]
        allowed = limits["ConcurrentExecutions"]
        # What is no number, CloudFormation refuses.
        if wanted.isdigit() and allowed < int(wanted) + _OTHER_FUNCTIONS:
            say(
                f"Lambda may run {allowed} functions at once in this account, and MaximumConcurrency is"
                f" {wanted}: under load, files and statistics wait for each other, and alarms tell of it."
                " Nothing is lost. Ask AWS for more (Service Quotas: Lambda, Concurrent executions), or set"
                " less"
            )

    def _is_agreed(self, plan: Plan) -> bool:
        """Whether somebody says yes; else, also after Ctrl-C, nothing is left of what was asked for."""
        is_agreed = False
        try:
            self._audience.show_plan(plan)
            is_agreed = self._audience.confirm("Create all this?" if plan.is_new else "Make these changes?")
        finally:
            if not is_agreed:
                self._stacks.discard(plan)
        return is_agreed

    def _carry_out(self, plan: Plan, wish: Wish, packages: Mapping[str, Package]) -> None:
        """Makes the changes. The packages come back also where nothing changes: one may have been deleted."""
        self._make(plan.storage)
        if plan.adopts:
            self._complete_adoption(plan, wish)
        self._packages.put(packages.values())
        before = self._stacks.running()
        for part in wish.parts:
            self._make(self._stacks.change_of(part, plan, wish))
        if "lambda" in packages:
            self._packages.check_functions(packages["lambda"])
        if not plan.is_new and set(before) != set(wish.parts):
            # Before the removals: interrupted there, it is done again.
            repaired = repair_all(self._account)
            say(f"Switching the compute: all statistics verified, {repaired} repaired")
        for removal in plan.removals:  # last, so that there is always something at work
            say(f"Removing stack {removal.stack}")
            stack.delete(self._cloudformation, removal.stack, self._audience.show_event)

    def _complete_adoption(self, plan: Plan, wish: Wish) -> None:
        """Makes the rest of the storage, and statistics of what nobody read while there was no stack."""
        if plan.storage is None or plan.storage.kind == "IMPORT":
            self._make(self._stacks.change_of_storage(wish))
        repaired = repair_all(self._account)
        say(f"Tables of an earlier stack adopted: all statistics verified, {repaired} repaired")

    def _make(self, change: ChangeSet | None) -> None:
        if change:
            say(f"{_DONE[change.kind]} stack {change.stack}")
            change_sets.execute(self._cloudformation, change, self._audience.show_event)

    def _finish(self, wanted: Sequence[str]) -> None:
        self._packages.remove_unused()
        self._start_again()
        outputs = stack.outputs(self._cloudformation, self._account.stack)
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
        deployment = Deployment.from_stack(self._cloudformation, self._account.stack)
        if restarted := Redrive(*clients, deployment).restart_incoming():
            say(f"Files that were waiting, started again: {restarted:,}")
