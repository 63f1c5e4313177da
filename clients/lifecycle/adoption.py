"""Looks for what a deleted stack left behind, and whether a new one can take it over as it is."""

from collections.abc import Mapping, Sequence

from clients.lifecycle import retained_resources
from clients.lifecycle.retained_resources import TABLES, Table
from clients.terminal.account import Account
from cloudformation.adoption import LeftBehind
from models.errors import UsageError

_SCOPE, _KEY = "flowtally:address-scope", "flowtally:source-key"
_STREAM = {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
_OTHERWISE = (
    "Export and remove what is there by `flowtally destroy`, or choose another name with --stack; then deploy"
)


def left_behind(account: Account) -> LeftBehind | None:
    """The tables of a stack that is gone, and its bucket if that is there, too; None without tables.

    Raises:
        UsageError: the tables cannot be taken over; the message says why, and what to do.
        OtherLayout: they were laid out by another version.
    """
    found = retained_resources.tables(account, account.stack)
    tables = [table for table in found if not retained_resources.is_being_deleted(account, table)]
    if not tables:
        return None
    totals = _daily_totals(tables)
    retained_resources.check_layouts(account, tables)
    parameters = {**_told_by_tags(account, totals), **_recovery(account, totals)}
    _check_stream(account, totals)
    resources = {table.kind: table.name for table in tables}
    if bucket := retained_resources.bucket(account, account.stack):
        resources["Bucket"] = bucket
        parameters |= _acceleration(account, bucket)
    return LeftBehind(resources, parameters)


def _daily_totals(tables: Sequence[Table]) -> Table:
    """The table of which all others can be made anew.

    Raises:
        UsageError: it is not there, or there are several tables of a kind.
    """
    by_kind = {kind: [table for table in tables if table.kind == kind] for kind in TABLES}
    for kind, of_kind in by_kind.items():
        if len(of_kind) > 1:
            names = ", ".join(table.name for table in of_kind)
            raise UsageError(
                f"earlier stacks of this name left several tables {kind}: {names}", remedy=_OTHERWISE
            )
    if not by_kind["DailyTotals"]:
        raise UsageError(
            "an earlier stack of this name left tables, but not that of the daily totals, which all else is"
            " made from",
            where=", ".join(table.name for table in tables),
            remedy=_OTHERWISE,
        )
    return by_kind["DailyTotals"][0]


def _told_by_tags(account: Account, totals: Table) -> dict[str, str]:
    """The secret by which files are named in the table, and whether branches share their addresses."""
    tags = retained_resources.tags(account, totals)
    if missing := [name for name in (_KEY, _SCOPE) if not tags.get(name)]:
        raise UsageError(
            f"an earlier stack of this name left this table, and it lacks the tags {', '.join(missing)}",
            where=f"table {totals.name}",
            remedy=f"Give them back to it if they are known. {_OTHERWISE}",
        )
    return {"SourceKey": tags[_KEY], "AddressScope": tags[_SCOPE]}


def _check_stream(account: Account, totals: Table) -> None:
    described = account.client("dynamodb").describe_table(TableName=totals.name)["Table"]
    if described.get("StreamSpecification") != _STREAM:
        raise UsageError(
            "an earlier stack of this name left this table, and its stream is switched off",
            where=f"table {totals.name}",
            remedy=f"Switch it on by `aws dynamodb update-table --table-name {totals.name}"
            " --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`, and deploy again",
        )


def _recovery(account: Account, totals: Table) -> Mapping[str, str]:
    backups = account.client("dynamodb").describe_continuous_backups(TableName=totals.name)
    recovery = backups["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
    return _flag("PointInTimeRecovery", recovery.get("PointInTimeRecoveryStatus") == "ENABLED")


def _acceleration(account: Account, bucket: str) -> Mapping[str, str]:
    status = account.client("s3").get_bucket_accelerate_configuration(Bucket=bucket).get("Status")
    return _flag("TransferAcceleration", status == "Enabled")


def _flag(parameter: str, is_on: bool) -> Mapping[str, str]:
    return {parameter: str(is_on).lower()}
