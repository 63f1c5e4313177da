"""The first lines of the report: what to look at and why, made from the figures."""

from collections.abc import Iterator

from clients.insight.findings import Severity
from clients.insight.overview import Overview, doubled_on
from clients.render.findings import named, sentence
from clients.terminal.console import count_of, number
from models.load import load
from models.visible import visible

_GROWS = 0.002  # a day; below, nobody would call it growth


def answer(overview: Overview) -> list[str]:
    """Three to five sentences."""
    return [
        *_size(overview),
        *_concentration(overview),
        *_growth(overview),
        *_findings(overview),
        *_files(overview),
    ]


def _size(overview: Overview) -> Iterator[str]:
    network, days = overview.network, overview.days
    peak = network.peak_day
    busiest = load(network.history[peak].duration)
    yield (
        f"From {days[0]} to {days[-1]} ({count_of(len(days), 'day')}), {count_of(overview.pairs, 'pair')} of "
        f"{overview.device_count:,} addresses had on average {number(network.load)} flows open at once; the "
        f"busiest day was {peak} with {number(busiest)}, {number(busiest / network.load)} times the average."
    )


def _concentration(overview: Overview) -> Iterator[str]:
    few, network = overview.concentration, overview.network
    busiest = overview.busiest_devices[0]
    share = busiest.duration / network.duration if network.duration else 0.0
    how_few = f"{count_of(few.pairs, 'pair')} make" if few.pairs > 1 else "1 pair makes"
    most = f"{how_few} {few.share:.0%} of it" if few.is_known else "it is spread over very many pairs"
    yield (
        f"The busiest device is {named(busiest.name)}, which takes part in {share:.0%} of this load, and "
        f"{most}: that is where capacity matters first."
    )


def _growth(overview: Overview) -> Iterator[str]:
    rate, growing = overview.network.growth, overview.growing
    if rate > _GROWS:
        when = doubled_on(overview.days[-1], rate)
        yield f"The whole has grown by {rate:.1%} a day; if that goes on, it will have doubled by {when}."
    elif growing:
        first = growing[0]
        when = doubled_on(overview.days[-1], first.value)
        others = f", the fastest of {len(growing)} that grow" if len(growing) > 1 else ""
        yield f"The whole does not grow, but this does{others}: {sentence(first)[:-1]}, so by {when}."
    elif len(overview.days) >= 28:
        yield "Nothing grows steadily."


def _findings(overview: Overview) -> Iterator[str]:
    found = overview.findings
    if not found:
        yield "No day, pair or device stands out against its own history."
        return
    urgent = sum(one.severity is Severity.HIGH for one in found)
    how_many = f"{urgent} of {count_of(len(found), 'finding')} should be looked at soon. " if urgent else ""
    yield f"{how_many}Look at this first: {sentence(found[0])}"


def _files(overview: Overview) -> Iterator[str]:
    quality = overview.quality
    remarks = []
    if quality.missing_days:
        remarks.append(f"{count_of(len(quality.missing_days), 'day')} in between without any traffic")
    if quality.rejected:
        remarks.append(f"{count_of(quality.rejected, 'rejected file')}")
    if quality.quarantined:
        remarks.append(f"{count_of(quality.quarantined, 'row')} in quarantine")
    if quality.unreadable:
        remarks.append(f"{count_of(len(quality.unreadable), 'unreadable item')} of the daily totals")
    if quality.silent_branches:
        silent = (visible(branch.name) for branch in quality.silent_branches[:3])
        remarks.append(f"no files lately from {', '.join(silent)}")
    if remarks:
        yield f"Bear in mind what the numbers lack: {', '.join(remarks)}."
