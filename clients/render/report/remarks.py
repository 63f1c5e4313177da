"""What one should know about the numbers of the report."""

from clients.insight.overview import Overview
from clients.terminal.console import count_of, number
from models.flow_csv.notes import text_of
from models.visible import visible

_DAYS_NAMED = 10


def remarks(overview: Overview) -> list[str]:
    """What the numbers lack, a sentence each."""
    quality = overview.quality
    days = quality.missing_days
    some = f"{', '.join(days[:_DAYS_NAMED])}{' and others' if len(days) > _DAYS_NAMED else ''}"
    notes = sorted(quality.notes.items())
    return [
        f"{quality.quarantined:,} of {quality.rows:,} rows are in quarantine, and {quality.rejected:,} files "
        "were rejected: they are not in any number of this page.",
        *(
            f"An item of the daily totals cannot be read and is left out: {visible(item)}."
            for item in quality.unreadable[:_DAYS_NAMED]
        ),
        f"No traffic at all on {count_of(len(days), 'day')}: {some}." if days else "No day is missing.",
        *(
            f"{visible(one.name)} has sent nothing about days after {one.last_day}."
            for one in quality.silent_branches
        ),
        *(f"Note on {count_of(files, 'file')}: {visible(text_of(note))}." for note, files in notes),
    ]


def footnote(overview: Overview) -> str:
    """How the page was made."""
    return (
        "Made by flowtally from exact totals; days are those of the clocks that captured the traffic. "
        "Averages are over the days with flows, loads over all days. The charts are drawn by Apache ECharts, "
        "which is in this page under the Apache License 2.0. "
        f"Reading cost {number(overview.read_units)} read units."
    )
