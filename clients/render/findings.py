"""Findings in words: one plain sentence each."""

from clients.insight.findings import NETWORK, Finding, Kind, Measure, Severity
from clients.terminal.console import UNDEFINED, count_of, duration, number
from models.load import doubling_days
from models.traffic import split_pair
from models.visible import visible

SEVERITIES = {Severity.HIGH: "high", Severity.MEDIUM: "medium", Severity.LOW: "low"}


def subject_of(finding: Finding) -> str:
    """Whom a finding is about: `source → destination`, a device, or the network."""
    return named(finding.subject)


def named(subject: str) -> str:
    """A pair as people read it; a device by its address."""
    source, destination = map(visible, split_pair(subject))
    return f"{source} → {destination}" if destination else source


def figure(value: float, measure: Measure) -> str:
    """A figure of a finding with its unit."""
    if measure is Measure.DURATION:
        return duration(value)
    return f"{_counted(value)} {measure.value}"


def _counted(value: float) -> str:
    """A number of things: whole where they are many."""
    return f"{value:,.0f}" if 10 <= value < 100_000 else number(value)


def _usually(value: float) -> str:
    return "hardly any are usual" if value < 1 else f"{number(value)} a day are usual"


def sentence(finding: Finding) -> str:
    """What happened, in a sentence that needs no statistics."""
    return _SENTENCES[finding.kind](finding)


def _who(finding: Finding) -> str:
    if finding.subject == NETWORK:
        return f"{count_of(finding.pair_count, 'pair')} all over the network"
    if finding.pair_count > 1 and finding.subject not in finding.pairs:
        return f"{count_of(finding.pair_count, 'pair')} of {subject_of(finding)}"
    return subject_of(finding)


def _example(finding: Finding) -> str:
    """Whose figures are given, where a finding is of several pairs."""
    is_group = finding.pair_count > 1 and finding.subject not in finding.pairs
    return f", {named(finding.pairs[0])} first" if is_group and finding.pairs else ""


def _burst(finding: Finding) -> str:
    now, usual = figure(finding.value, finding.measure), figure(finding.expected, finding.measure)
    return (
        f"On {finding.day} {_who(finding)} had {number(finding.ratio)} times the usual "
        f"{finding.measure.value}: {now} instead of {usual}{_example(finding)}."
    )


def _step(finding: Finding) -> str:
    now, before = figure(finding.value, finding.measure), figure(finding.expected, finding.measure)
    direction = "risen" if finding.ratio > 1 else "fallen"
    has = "has" if finding.measure is Measure.DURATION else "have"
    return (
        f"Since {finding.day} the {finding.measure.value} of {_who(finding)} {has} {direction} to "
        f"{number(finding.ratio)} times the level before: {now} a day instead of {before}{_example(finding)}."
    )


def _growth(finding: Finding) -> str:
    days = doubling_days(finding.value)
    grows = "grows" if finding.measure is Measure.DURATION else "grow"
    return (
        f"The {finding.measure.value} of {_who(finding)} {grows} by {finding.value:.1%} a day, at which pace "
        f"it takes {number(days)} days to double."
    )


def _silent(finding: Finding) -> str:
    usual = figure(finding.expected, finding.measure)
    return (
        f"Nothing was seen of {_who(finding)} after {finding.day}, on {number(finding.score)} days so far; "
        f"before, there were {usual} a day{_example(finding)}."
    )


def _scan(finding: Finding) -> str:
    if finding.measure is Measure.FLOWS:
        return (
            f"On {finding.day} {subject_of(finding)} had {_counted(finding.value)} flows of hardly a packet "
            "each: this looks like a scan of ports."
        )
    return (
        f"On {finding.day} {subject_of(finding)} touched {_counted(finding.value)} addresses that it had "
        f"never met, where {_usually(finding.expected)}: this looks like a scan."
    )


def _new_peers(finding: Finding) -> str:
    met = f"{_counted(finding.value)} addresses never met before"
    usually = _usually(finding.expected)
    return f"On {finding.day} {subject_of(finding)} took up traffic with {met}, where {usually}."


def _quiet_day(finding: Finding) -> str:
    low, expected = _counted(finding.expected - finding.value), _counted(finding.expected)
    hint = "a file may be missing or cut off"
    return f"On {finding.day} {low} of {expected} pairs were far below their usual: {hint}."


_SENTENCES = {
    Kind.BURST: _burst,
    Kind.STEP: _step,
    Kind.GROWTH: _growth,
    Kind.SILENT: _silent,
    Kind.SCAN: _scan,
    Kind.NEW_PEERS: _new_peers,
    Kind.QUIET_DAY: _quiet_day,
}


def growth_text(rate: float) -> str:
    """A growth a day, as people read it."""
    return f"{rate:+.1%} a day" if rate else UNDEFINED
