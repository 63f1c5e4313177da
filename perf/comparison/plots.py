"""The plots of the comparison, as SVG; each names in its description the digest of what it was made from."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from perf.comparison.report_tables import NAMES, in_order
from perf.comparison.run_costs import break_even, rounded, without_waiting, work_of
from perf.comparison.runs import Run
from perf.comparison.targets import Compute
from perf.costs import cost
from perf.costs.cost import Work

COLOURS: Mapping[Compute, str] = {"lambda": "#d9730d", "vm": "#1f6fb2"}
_GREY = "#8a8f98"
_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e6e8eb",
    "axes.axisbelow": True,
    "axes.edgecolor": _GREY,
    "legend.frameon": False,
    "svg.hashsalt": "flowtally",
    "svg.fonttype": "path",
}


def digest_of(path: Path) -> str:
    """What a plot says that it was made from."""
    return f"Made from {path.name}, SHA-256 {hashlib.sha256(path.read_bytes()).hexdigest()}"


def draw(source: Path, runs: Sequence[Run]) -> list[Path]:
    """Draws all plots of the runs of a dataset beside the file that holds them.

    Args:
        source: the file of the runs.
        runs: at least one.
    """
    runs = in_order(runs)
    with rc_context(_STYLE):
        drawn = {"times": _times(runs), "storage": _storage(runs[0])}
        if work := work_of(runs):
            drawn["months"] = _months(runs[0], work)
        paths = []
        for name, figure in drawn.items():
            path = source.with_name(f"{source.stem}_{name}.svg")
            figure.savefig(path, metadata={"Date": None, "Description": digest_of(source)})
            paths.append(path)
    return paths


def _times(runs: Sequence[Run]) -> Figure:
    """How many files were done when, in a burst; how long each took, in a trickle."""
    bursts = [run for run in runs if run.way == "burst"]
    trickles = [run for run in runs if run.way == "trickle"]
    count = bool(bursts) + bool(trickles)
    figure = Figure(figsize=(5.2 * count, 4), layout="constrained")
    axes = iter(figure.subplots(1, count, squeeze=False)[0])
    if bursts:
        _burst(next(axes), bursts)
    if trickles:
        _trickle(next(axes), trickles)
    return figure


def _burst(axes: Axes, runs: Sequence[Run]) -> None:
    for run in runs:
        for reached, line in (("summarized", "--"), ("consolidated", "-")):
            ends = sorted(file.uploaded_at + getattr(file, reached) for file in run.files)
            steps = range(len(ends) + 1)
            label = f"{NAMES[run.compute]}, {reached}"
            axes.step([0, *ends], list(steps), line, where="post", color=COLOURS[run.compute], label=label)
    axes.set(title="Burst: all files at once", xlabel="seconds since the first upload", ylabel="files done")
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.legend(loc="best", fontsize=9)


def _trickle(axes: Axes, runs: Sequence[Run]) -> None:
    for run in runs:
        sizes = [file.content_bytes / 1e6 for file in run.files]
        for reached, marker, face in (
            ("summarized", "o", "none"),
            ("consolidated", "o", COLOURS[run.compute]),
        ):
            times = [getattr(file, reached) for file in run.files]
            label = f"{NAMES[run.compute]}, {reached}"
            axes.scatter(
                range(1, len(sizes) + 1), times, 26, marker=marker, facecolors=face,
                edgecolors=COLOURS[run.compute], label=label, zorder=3,
            )  # fmt: skip
    axes.set(title="Trickle: one file at a time", xlabel="file, in the order of upload")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylabel("seconds from its upload on")
    axes.set_ylim(bottom=0)
    axes.set_ylim(top=axes.get_ylim()[1] * 1.35)  # room for the legend
    axes.legend(loc="upper right", fontsize=9, ncols=2)


def _storage(run: Run) -> Figure:
    figure = Figure(figsize=(7.5, 2.8), layout="constrained")
    axes = figure.subplots()
    bars = {
        "raw files": run.content_bytes,
        "raw files, as uploaded": run.raw_bytes,
        "CSV files of totals": run.csv_bytes,
        "flowtally's tables, as billed": run.billed_bytes,
        "flowtally's objects in S3": run.object_bytes,
    }
    if run.raw_bytes == run.content_bytes:
        del bars["raw files, as uploaded"]
    names = list(bars)[::-1]
    drawn = axes.barh(names, [bars[name] / 1e6 for name in names], color=_GREY, height=0.62)
    for bar, name in zip(drawn, names, strict=True):
        bar.set_color("#2f9e6e" if name.startswith("flowtally") else "#c3c8ce")
    axes.bar_label(drawn, [f"{bars[name] / 1e6:,.2f} MB" if bars[name] else "0" for name in names], padding=4)
    axes.set(title="What stays of the dataset", xlabel="MB")
    axes.margins(x=0.14)
    axes.grid(visible=False, axis="y")
    return figure


def _months(run: Run, work: Mapping[Compute, Work]) -> Figure:
    figure = Figure(figsize=(7.5, 4), layout="constrained")
    axes = figure.subplots()
    loads = [10 ** (step / 20) for step in range(20 * 6 + 1)]
    on_lambda, at_once, on_vm = (
        [cost.month(load, of) for load in loads]
        for of in (work["lambda"], without_waiting(work)["lambda"], work["vm"])
    )
    shared = [month.data for month in on_lambda]
    dollars = [month.on_lambda for month in on_lambda]
    axes.plot(loads, dollars, color=COLOURS["lambda"], lw=2, label="compute: Lambda, waiting as here")
    axes.fill_between(
        loads,
        dollars,
        [month.on_lambda for month in at_once],
        color=COLOURS["lambda"],
        alpha=0.18,
        lw=0,
        label="… down to not waiting at all",
    )
    axes.plot(loads, [month.on_vm for month in on_vm], color=COLOURS["vm"], lw=2, label="compute: VM")
    axes.plot(loads, shared, color=_GREY, ls=":", label="data (tables, S3, SQS, dashboard): the same on both")
    if (files := break_even(work)) and files < loads[-1]:
        height = cost.month(files, work["lambda"]).on_lambda
        axes.plot([files], [height], "o", color="black", zorder=4)
        text = f"break-even: about\n{rounded(files):,} files a day"
        axes.annotate(text, (files, height), xytext=(10, -32), textcoords="offset points")
    size = run.content_bytes / len(run.files) / 1e6
    axes.set(xscale="log", yscale="log", xlim=(1, loads[-1]), ylabel="US$ a month")
    axes.set(title="What a month costs", xlabel=f"files of {size:.1f} MB a day")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}"))
    axes.legend(loc="upper left", fontsize=9)
    return figure
