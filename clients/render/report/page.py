"""Puts the page together: text and tables for everybody, charts for those who see and have a script."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, tostring

from clients.insight.findings import NETWORK, Finding, Measure
from clients.insight.overview import Overview, doubled_on
from clients.insight.ranking import Traffic
from clients.render.findings import SEVERITIES, figure, growth_text, named, sentence
from clients.render.report import charts
from clients.render.report.answer import answer
from clients.render.report.elements import Child, element, folded, table
from clients.render.report.remarks import footnote, remarks
from clients.terminal.console import UNDEFINED, count_of, duration, number
from models.load import load
from models.visible import visible

FINDINGS_SHOWN = 24  # with a chart each; the others stand in a table
FINDINGS_LISTED = 500

_FOLDER = Path(__file__).parent
_LIBRARY = "echarts-6.1.0.min.js"
# Nothing may be fetched from anywhere, whatever stands in the page.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def report_page(overview: Overview, title: str) -> str:
    """The report as one HTML page.

    Args:
        overview: what it tells.
        title: what it is about, such as the name of the deployment.
    """
    page = _Page(overview, title)
    return page.html()


def write_report(target: Path, overview: Overview, title: str) -> int:
    """Writes the page to a file, and gives its length; the other arguments are those of `report_page`."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.write_text(report_page(overview, title), "utf-8")


class _Page:
    """A page under construction: charts put their data aside as they are placed."""

    def __init__(self, overview: Overview, title: str) -> None:
        self._overview = overview
        self._title = title
        self._charts: dict[str, dict[str, Any]] = {}

    def html(self) -> str:
        """All of it."""
        body = element("body", *self._body())
        head = element(
            "head",
            element("meta", charset="utf-8"),
            element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
            element("meta", name="viewport", content="width=device-width, initial-scale=1"),
            element("meta", name="color-scheme", content="light dark"),
            element("title", f"Traffic report: {self._title}"),
            element("style", _file("style.css")),
        )
        data = json.dumps(self._charts, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
        body.append(element("script", data, type="application/json", id="data"))
        body.append(element("script", _file(_LIBRARY)))
        body.append(element("script", _file("charts.js")))
        root = element("html", head, body, lang="en")
        return f"<!DOCTYPE html>\n{tostring(root, encoding='unicode', method='html')}\n"

    def _body(self) -> list[Child]:
        sections = self._sections()
        overview = self._overview
        return [
            element("a", "To the report", class_="skip", href="#report"),
            element(
                "header",
                element("h1", f"Traffic report: {self._title}"),
                element("p", f"{overview.days[0]} to {overview.days[-1]}", class_="quiet"),
                element("nav", element("ul", *_links(sections)), aria_label="Sections"),
            ),
            element("main", *(section for section, _ in sections), id="report", tabindex="-1"),
            element("footer", element("p", footnote(overview), class_="quiet")),
        ]

    def _sections(self) -> list[tuple[Element, str]]:
        return [
            (self._answer(), "In short"),
            (self._load(), "Load over the days"),
            (self._ranks(), "Who makes the load"),
            (self._growth(), "Who grows"),
            (self._heat_map(), "Devices by day"),
            (self._findings(), "Findings"),
            (self._quality(), "Data quality"),
        ]

    def _answer(self) -> Element:
        lines = [element("p", line) for line in answer(self._overview)]
        return _section("In short", element("div", *lines, class_="answer"))

    def _load(self) -> Element:
        history = self._overview.network.history
        rows = [
            [day, number(load(history[day].duration)), f"{history[day].packets:,}", f"{history[day].flows:,}"]
            if day in history
            else [day, "no flows", "0", "0"]
            for day in self._overview.days
        ]
        return _section(
            "Load over the days",
            element(
                "p",
                "Load is the average number of flows open at once: the flow durations of a day, added up, "
                "divided by the length of a day. Loads may be added, compared, and held against a capacity.",
            ),
            self._chart(
                "load", "Flows open at once on each day", charts.load_over_days(self._overview), "days"
            ),
            folded(
                "The same as a table",
                table("Load, packets and flows by day", ["Day", "Load", "Packets", "Flows"], rows),
            ),
        )

    def _ranks(self) -> Element:
        total = self._overview.network.duration
        parts: list[Child] = []
        for name, label, ranked in (
            ("devices", "Busiest devices", self._overview.busiest_devices),
            ("pairs", "Busiest pairs", self._overview.busiest_pairs),
        ):
            parts.append(element("h3", label))
            parts.append(self._chart(name, f"{label} by load", charts.shares(ranked, total), "ranks"))
            parts.append(folded("The same as a table", _ranking_table(label, ranked, total)))
        hint = (
            "A device has a part in what it sends and in what is sent to it, so the parts of devices overlap."
        )
        return _section("Who makes the load", element("p", hint), *parts)

    def _growth(self) -> Element:
        growing = self._overview.growing
        last = self._overview.days[-1]
        if not growing:
            return _section("Who grows", element("p", "No pair grows steadily over four weeks or more."))
        rows = [
            [
                named(one.subject),
                one.measure.value,
                growth_text(one.value),
                figure(one.expected, one.measure),
                doubled_on(last, one.value) or UNDEFINED,
            ]
            for one in growing
        ]
        headings = ["Pair", "Measure", "Growth", "At first, a day", "Doubled by"]
        return _section(
            "Who grows",
            element("p", "If it goes on as it did; nobody knows whether it will."),
            table("What grows steadily", headings, rows, texts=2),
        )

    def _heat_map(self) -> Element:
        overview = self._overview
        ranked = overview.busiest_devices[: charts.HEATMAP_DEVICES]
        rows = [[day, *(_load_of(traffic, day) for traffic in ranked)] for day in overview.days]
        chart = self._chart("heat", "Load of the busiest devices by day", charts.heat_map(overview), "heat")
        return _section(
            "Devices by day",
            element("div", chart, class_="scroll", tabindex="0", role="region", aria_label="Heat map"),
            folded(
                "The same as a table",
                table("Load by day and device", ["Day", *(named(traffic.name) for traffic in ranked)], rows),
            ),
        )

    def _findings(self) -> Element:
        found = self._overview.findings
        if not found:
            return _section("Findings", element("p", "Nothing stands out against its own history."))
        shown, rest = found[:FINDINGS_SHOWN], found[FINDINGS_SHOWN:FINDINGS_LISTED]
        items = [self._finding(place, finding) for place, finding in enumerate(shown)]
        parts: list[Child] = [
            element("p", f"{count_of(len(found), 'finding')}, the most urgent first; each is one cause."),
            element("ul", *items, class_="findings"),
        ]
        if rest:
            rows = [[one.day, SEVERITIES[one.severity], one.kind.value, sentence(one)] for one in rest]
            headings = ["Day", "Severity", "Kind", "What happened"]
            parts.append(
                folded(f"{len(rest)} more", table("More findings", headings, rows, texts=4, is_prose=True))
            )
        return _section("Findings", *parts)

    def _finding(self, place: int, finding: Finding) -> Element:
        severity = SEVERITIES[finding.severity]
        heading = element(
            "h3",
            element("span", severity, class_=f"badge {severity}"),
            f"{finding.kind.value}, {finding.day}",
        )
        parts: list[Child] = [heading, element("p", sentence(finding))]
        if finding.series:
            chart = charts.of_finding(finding)
            label = f"{finding.measure.value} of {named(_charted(finding))} by day"
            rows = [[day, figure(value, finding.measure)] for day, value in finding.series]
            parts.append(self._chart(f"finding-{place}", label, chart, "finding"))
            headings = ["Day", finding.measure.value]
            parts.append(folded("The same as a table", table(label.capitalize(), headings, rows)))
        return element("li", *parts)

    def _quality(self) -> Element:
        quality = self._overview.quality
        rows = [
            [
                visible(branch.name),
                f"{branch.files:,}",
                f"{branch.rejected:,}",
                f"{branch.rows:,}",
                f"{branch.quarantined:,}",
                branch.first_day or UNDEFINED,
                branch.last_day or UNDEFINED,
            ]
            for branch in quality.branches
        ]
        headings = ["Branch", "Files", "Rejected", "Rows", "In quarantine", "First day", "Last day"]
        lines = list(remarks(self._overview))
        parts: list[Child] = [element("p", line) for line in lines]
        if rows:
            parts.append(table("Files by branch", headings, rows))
        return _section("Data quality", *parts)

    def _chart(self, name: str, label: str, chart: dict[str, Any], kind: str) -> Element:
        self._charts[name] = chart
        place = element("div", id=name, class_=f"chart {kind}", role="img", aria_label=label)
        return element("figure", place, element("figcaption", label))


def _section(heading: str, *children: Child) -> Element:
    name = _anchor(heading)
    return element("section", element("h2", heading, id=name), *children, aria_labelledby=name)


def _anchor(heading: str) -> str:
    return f"section-{heading.lower().replace(' ', '-')}"


def _links(sections: Sequence[tuple[Element, str]]) -> list[Element]:
    return [element("li", element("a", name, href=f"#{_anchor(name)}")) for _, name in sections]


def _ranking_table(label: str, ranked: Sequence[Traffic], total: int) -> Element:
    rows = [
        [
            named(traffic.name),
            number(traffic.load),
            f"{traffic.duration / total if total else 0:.1%}",
            duration(traffic.daily.mean),
            duration(traffic.daily.deviation()),
            f"{traffic.packets:,}",
            traffic.peak_day,
            growth_text(traffic.growth),
        ]
        for traffic in ranked
    ]
    headings = ["Who", "Load", "Part", "Mean a day", "Deviation", "Packets", "Peak day", "Growth"]
    return table(f"{label} (deviation: population, over the days with flows)", headings, rows)


def _load_of(traffic: Traffic, day: str) -> str:
    totals = traffic.history.get(day)
    return number(load(totals.duration)) if totals else UNDEFINED


def _charted(finding: Finding) -> str:
    """Whose history the chart of a finding shows."""
    if finding.measure in (Measure.PEERS, Measure.PAIRS) or not finding.pairs:
        return "the network" if finding.subject == NETWORK else finding.subject
    return finding.pairs[0]


def _file(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
