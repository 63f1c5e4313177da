"""The command `flowtally anomalies`."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import click

from clients.insight.detector import Detector
from clients.insight.findings import THRESHOLDS, Severity, Thresholds
from clients.queries.scan import TableScan, histories
from clients.render.findings import SEVERITIES, sentence
from clients.render.listing import Column, Listing, shape_of
from clients.render.output import Output, pass_output
from clients.render.unreadable import warn_of_unreadable
from clients.terminal.account import Account
from clients.terminal.console import count_of, number, say
from clients.terminal.explanation import explanation
from clients.terminal.options import pass_account
from models.errors import UsageError

FOUND = 3  # the exit status for monitors


_COLUMNS = [
    Column("severity", lambda finding: SEVERITIES[Severity(finding.severity)], "Severity"),
    Column("kind", lambda finding: finding.kind.value, "Kind"),
    Column("subject", lambda finding: finding.subject),
    Column("day", lambda finding: finding.day),
    Column("measure", lambda finding: finding.measure.value),
    Column("value", lambda finding: finding.value, kind="number"),
    Column("expected", lambda finding: finding.expected, kind="number"),
    Column("score", lambda finding: finding.score, kind="number"),
    Column("pairs", lambda finding: list(finding.pairs)),
    Column("pair_count", lambda finding: finding.pair_count, kind="integer"),
    Column("sentence", sentence, "What happened"),
]
_DOCUMENT = {
    "found": "integer",
    "read_units": "number",
    "unreadable": ["text"],
    "findings": [shape_of(_COLUMNS) | {"pairs": ["text"]}],
}


@click.command(
    epilog=explanation(
        "flowtally anomalies --since 2022-12-01 --severity medium",
        "flowtally anomalies --json | jq '.findings[].sentence'",
        statuses={0: "nothing was found", 1: "AWS refused", 3: "something was found"},
        document=_DOCUMENT,
    )
)
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Only what happened on this day (YYYY-MM-DD) or later; all days are looked at.",
)
@click.option(
    "--severity",
    type=click.Choice([name for _, name in sorted(SEVERITIES.items())]),
    default="low",
    show_default=True,
    help="The least severity to show.",
)
@click.option("-n", "count", type=click.IntRange(min=1), help="How many to show, the most urgent first.")
@click.option(
    "--threshold",
    "changes",
    metavar="NAME=VALUE",
    multiple=True,
    help="Another threshold than the measured ones, such as burst_deviations=6; may be repeated.",
)
@pass_output
@pass_account
def anomalies(
    account: Account,
    output: Output,
    since: datetime | None,
    severity: str,
    count: int | None,
    changes: Sequence[str],
) -> int:
    """Show what stands out: bursts, steps, growth, silence, scans, new peers.

    Every pair is judged by its own history. One cause is one finding. docs/insight.md tells what each means,
    when it is found, and how often rightly.
    """
    detector = Detector(thresholds_with(changes))
    scan = TableScan(account.client("dynamodb"), account.deployment.daily_totals)
    pairs = 0
    for pair, history in histories(scan):
        detector.take(pair, history)
        pairs += 1
    warn_of_unreadable(scan.unreadable)
    least = next(level for level, name in SEVERITIES.items() if name == severity)
    first_day = since.date().isoformat() if since else ""
    found = [one for one in detector.findings() if one.severity >= least and one.day >= first_day]
    title = "Findings, the most urgent first"
    listing = Listing("findings", title, _COLUMNS, found[:count], is_shown_empty=False)
    output.show(listing, found=len(found), read_units=scan.read_units, unreadable=scan.unreadable)
    say(
        f"{count_of(len(found), 'finding')} in {count_of(pairs, 'pair')}; reading cost "
        f"{number(scan.read_units)} read units"
    )
    return FOUND if found else 0


def thresholds_with(changes: Sequence[str]) -> Thresholds:
    """The measured thresholds with some of them changed.

    Args:
        changes: as they stand on the command line, `burst_deviations=6`.

    Raises:
        UsageError: there is no such threshold, or its value is no number.
    """
    rules = THRESHOLDS
    known = {field.name: type(getattr(THRESHOLDS, field.name)) for field in fields(Thresholds)}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in known:
            raise UsageError(f"no threshold {name!r}", remedy=f"Choose one of {', '.join(known)}")
        try:
            value: Any = known[name](text)
        except ValueError as error:
            raise UsageError(
                f"{text!r} is no value of {name}", remedy=f"Such as {change_of(name)}"
            ) from error
        rules = replace(rules, **{name: value})
    return rules


def change_of(name: str) -> str:
    """How a threshold stands on the command line."""
    return f"{name}={getattr(THRESHOLDS, name)}"
