"""The tables of the comparison: what runs on Lambda and on the VM took, used and left behind."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter

from perf.comparison.run_costs import months, per_gb, work_of
from perf.comparison.runs import Run, percentile
from perf.comparison.targets import STAGES, Compute
from perf.figures import Figures

NAMES: Mapping[Compute, str] = {"lambda": "Lambda", "vm": "VM"}

_MB, _GB = 1e6, 1e9
_UNKNOWN = "–"
_SERVICES = {
    "S3": {"GET", "PUT", "DELETE", "HEAD"},
    "SQS": {"ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueAttributes"},
    "streams": {"GetRecords", "GetShardIterator", "DescribeStream", "ListStreams"},
}


def tables(runs: Sequence[Run], command: str) -> list[Figures]:
    """All tables of the runs of one dataset.

    Args:
        runs: at least one; cost and storage are taken from those that tell most.
        command: what measures them again.
    """
    runs = in_order(runs)
    one = runs[0]
    common = {"packages": one.packages, "environment": one.environment, "command": command}
    made = [_times(runs), _work(runs), _calls(runs), _files(runs), storage(one)]
    if work := work_of(runs):
        made += [per_gb(one, work), months(one, work)]
    return [replace(figures, **common) for figures in made]  # type: ignore[arg-type]  # by name


def in_order(runs: Sequence[Run]) -> list[Run]:
    """Bursts first, and Lambda before the VM."""
    return sorted(runs, key=attrgetter("way", "compute"))


def _about(run: Run) -> str:
    rows = sum(file.rows for file in run.files)
    return (
        f"{len(run.files)} files of {run.dataset}, {run.content_bytes / _MB:,.0f} MB, {rows:,} rows, "
        f"{run.pair_days:,} pair-days"
    )


def _name(run: Run) -> str:
    return f"{run.way}, {NAMES[run.compute]}"


def _by_run(runs: Sequence[Run], kind: str, title: str, rows: Mapping[str, Callable[[Run], str]]) -> Figures:
    """A table with a column for each run."""
    return Figures(
        f"compare_{runs[0].dataset}_{kind}",
        f"{title}: {_about(runs[0])}",
        ["", *map(_name, runs)],
        [[name, *(cell(run) for run in runs)] for name, cell in rows.items()],
        "",
    )


def _times(runs: Sequence[Run]) -> Figures:
    def seconds(reached: str, share: float) -> Callable[[Run], str]:
        return lambda run: f"{percentile([getattr(file, reached) for file in run.files], share):.1f} s"

    rows = {
        f"{reached}: {name}": seconds(reached, share)
        for reached in ("summarized", "consolidated")
        for name, share in (("median", 0.5), ("95th percentile", 0.95), ("worst", 1))
    }
    return _by_run(runs, "times", "From upload to summarized and to consolidated", rows)


def _work(runs: Sequence[Run]) -> Figures:
    def cpu(*stages: str) -> Callable[[Run], str]:
        def per_gb(run: Run) -> str:
            used = run.used.cpu or {}
            found = [seconds for stage, seconds in used.items() if not stages or stage in stages]
            return f"{sum(found) / run.content_bytes * _GB:.0f}" if found else _UNKNOWN

        return per_gb

    def memory(stage: str) -> Callable[[Run], str]:
        return lambda run: _shown(
            (run.used.peak_memory or {}).get(stage), lambda size: f"{size / _MB:.0f} MB"
        )

    def cold_starts(run: Run) -> str:
        return f"{run.used.cold_starts} of {run.used.invocations:,}" if run.used.invocations else _UNKNOWN

    rows = {
        "first upload to last consolidation": lambda run: f"{run.seconds:,.0f} s",
        "files a second": lambda run: f"{len(run.files) / run.seconds:.2f}",
        "rows a second": lambda run: f"{sum(file.rows for file in run.files) / run.seconds:,.0f}",
        "MB a second": lambda run: f"{run.content_bytes / run.seconds / _MB:.2f}",
        **{f"CPU seconds a GB: {stage}": cpu(stage) for stage in STAGES},
        "CPU seconds a GB: together": cpu(),
        **{f"peak memory: {stage}": memory(stage) for stage in STAGES},
        "cold starts, of invocations": cold_starts,
    }
    return _by_run(runs, "work", "Throughput, processors and memory", rows)


def _calls(runs: Sequence[Run]) -> Figures:
    def calls(service: str) -> Callable[[Run], str]:
        def per_file(run: Run) -> str:
            if run.used.calls is None:
                return _UNKNOWN
            found = [count for name, count in run.used.calls.items() if _service_of(name) == service]
            return f"{sum(found) / len(run.files):,.1f}"

        return per_file

    def units(table: str) -> Callable[[Run], str]:
        return lambda run: f"{run.tables[table].write_units / _pair_days_of_files(run):.3f}"

    def refused(run: Run) -> str:
        if run.used.calls is None:
            return _UNKNOWN
        return f"{run.refused_writes / _pair_days_of_files(run):.3f}"

    rows = {
        **{f"{name} calls a file": calls(name) for name in ("S3", "SQS", "DynamoDB", "streams")},
        "write units a file": lambda run: f"{run.write_units / len(run.files):,.0f}",
        "for each pair-day of a file: to summarize it": units("DailyTotals"),
        "to consolidate it": units("PairStatistics"),
        "refused by a condition, or of a lease": refused,
    }
    return _by_run(runs, "calls", "Calls and write units", rows)


def _service_of(operation: str) -> str:
    return next((name for name, operations in _SERVICES.items() if operation in operations), "DynamoDB")


def _pair_days_of_files(run: Run) -> int:
    """Those of each file, also where several files share a day."""
    return sum(file.pair_days for file in run.files)


def _files(runs: Sequence[Run]) -> Figures:
    times = [{file.name: file for file in run.files} for run in runs]
    rows = [
        [
            name,
            f"{file.content_bytes / _MB:.2f}",
            f"{file.rows:,}",
            f"{file.pair_days:,}",
            *(f"{run[name].summarized:.1f} / {run[name].consolidated:.1f}" for run in times),
        ]
        for name, file in sorted(times[0].items())
    ]
    columns = ["file", "MB", "rows", "pair-days", *map(_name, runs)]
    title = "Seconds from upload to summarized / to consolidated, file by file"
    return Figures(f"compare_{runs[0].dataset}_files", title, columns, rows, "")


def storage(run: Run) -> Figures:
    """What a dataset leaves behind, beside its raw files and the CSV files that other designs keep."""
    days = run.pair_days

    def row(name: str, count: int, size: int) -> list[str]:
        share = f"{100 * size / run.content_bytes:.2f} %"
        return [name, f"{count:,}", f"{size / _MB:,.2f} MB", f"{size / days:,.1f}", share]

    count = len(run.files)
    rows = [
        row("raw files, uncompressed", count, run.content_bytes),
        row("raw files, as uploaded", count, run.raw_bytes),
        row("CSV files of totals, one a file and one of all", count + 1, run.csv_bytes),
        *(row(f"table {name}", table.items, table.billed_bytes) for name, table in run.tables.items()),
        row("**all tables**", sum(table.items for table in run.tables.values()), run.billed_bytes),
        row("objects left in S3", run.objects, run.object_bytes),
    ]
    columns = ["", "files or items", "bytes, as billed", "bytes per pair-day", "of the raw content"]
    return Figures(f"storage_{run.dataset}", f"What is stored in the end: {_about(run)}", columns, rows, "")


def _shown(value: float | None, form: Callable[[float], str]) -> str:
    return _UNKNOWN if value is None else form(value)
