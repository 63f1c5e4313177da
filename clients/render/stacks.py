"""What `deploy` and `destroy` show: changes to come, and events as they happen."""

from typing import Any

from rich.table import Table
from rich.text import Text

from clients.terminal.console import out, say, table
from cloudformation.change_sets import ChangeSet
from cloudformation.plan import Plan, WholeStack

_STYLES = {"Add": "green", "Import": "green", "Modify": "yellow", "Remove": "red", "Replace": "bold red"}


def print_plan(plan: Plan) -> None:
    """Prints a table for each stack that is made, changed or removed."""
    shown: list[ChangeSet | WholeStack] = [*plan.changes, *plan.removals, *plan.later]
    for change in shown:
        out.print(changes_table(change))


def changes_table(change: ChangeSet | WholeStack) -> Table:
    """One row for each resource that is made, changed or removed."""
    columns = ["Change", "Resource", "Type"]
    rows: list[tuple[str, str, str, str]]
    if isinstance(change, WholeStack):
        rows = [(change.action, name, kind, "") for name, kind in change.resources]
    else:
        rows = [
            (_action(it), it["LogicalResourceId"], it["ResourceType"], _touched(it)) for it in change.changes
        ]
    if any(touched for *_, touched in rows):
        columns.append("What changes")
    made = table(f"Stack {change.stack}", *columns)
    for action, name, kind, touched in rows:
        cells: tuple[Text | str, ...] = (_styled(action), name, _type(kind), touched)
        made.add_row(*cells[: len(columns)])
    return made


def print_event(event: Any) -> None:
    """Prints what became of a resource, in a line; what has only begun is left out."""
    status = event.get("ResourceStatus", "")
    if status.endswith("_IN_PROGRESS"):
        return
    style = "red" if "FAILED" in status or "ROLLBACK" in status else "dim"
    reason = event.get("ResourceStatusReason", "")
    line = f"  {status.lower().replace('_', ' '):<18} {event['LogicalResourceId']}"
    say(f"{line}: {reason}" if reason and style == "red" else line, style=style)


def _action(change: Any) -> str:
    """What happens to a resource; `Replace` if it is made anew."""
    action: str = change["Action"]
    return "Replace" if change.get("Replacement") == "True" else action


def _touched(change: Any) -> str:
    """The properties that change, if the resource is there already."""
    return ", ".join(sorted({_property(detail) for detail in change.get("Details", [])} - {""}))


def _styled(action: str) -> Text:
    return Text(action.lower(), style=_STYLES.get(action, ""))


def _type(name: str) -> str:
    """`AWS::S3::Bucket` as `S3 Bucket`."""
    return name.removeprefix("AWS::").replace("::", " ")


def _property(detail: Any) -> str:
    target = detail.get("Target", {})
    return str(target.get("Name") or target.get("Attribute") or "")
