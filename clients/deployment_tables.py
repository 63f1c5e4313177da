"""What `deploy` and `destroy` show: changes to come, and events as they happen."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.table import Table
from rich.text import Text

from clients.console import out, table

if TYPE_CHECKING:
    from cloudformation.stack import ChangeSet


class Removal(NamedTuple):
    """A stack that is to go."""

    stack: str
    resources: Sequence[Any]


_STYLES = {"Add": "green", "Modify": "yellow", "Remove": "red", "Replace": "bold red"}


def changes_table(change: "ChangeSet | Removal") -> Table:
    """One row for each resource that is made, changed or removed."""
    made = table(f"Stack {change.stack}", "Change", "Resource", "Type", "What of it")
    if isinstance(change, Removal):
        for resource in change.resources:
            made.add_row(
                _styled("Remove"), resource["LogicalResourceId"], _type(resource["ResourceType"]), ""
            )
        return made
    for entry in change.changes:
        replaced = entry.get("Replacement") == "True"
        action = "Replace" if replaced else entry["Action"]
        touched = sorted({_property(detail) for detail in entry.get("Details", [])} - {""})
        made.add_row(
            _styled(action), entry["LogicalResourceId"], _type(entry["ResourceType"]), ", ".join(touched)
        )
    return made


def print_event(event: Any) -> None:
    """Prints what became of a resource, in a line; what has only begun is left out."""
    status = event.get("ResourceStatus", "")
    if status.endswith("_IN_PROGRESS"):
        return
    style = "red" if "FAILED" in status or "ROLLBACK" in status else "dim"
    reason = event.get("ResourceStatusReason", "")
    line = f"  {status.lower().replace('_', ' '):<18} {event['LogicalResourceId']}"
    out.print(Text(f"{line}: {reason}" if reason and style == "red" else line, style=style), soft_wrap=True)


def _styled(action: str) -> Text:
    return Text(action.lower(), style=_STYLES.get(action, ""))


def _type(name: str) -> str:
    """`AWS::S3::Bucket` as `S3 Bucket`."""
    return name.removeprefix("AWS::").replace("::", " ")


def _property(detail: Any) -> str:
    target = detail.get("Target", {})
    return str(target.get("Name") or target.get("Attribute") or "")
