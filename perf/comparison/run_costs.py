"""What the measured work costs on Lambda and on machines, and from which load on which is cheaper."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from perf.comparison.runs import Run
from perf.comparison.targets import Compute
from perf.costs import cost, prices
from perf.costs.cost import Work
from perf.figures import Figures

LOADS = (1, 10, 100, 1_000, 10_000, 100_000)  # files a day

_MB, _GB = 1e6, 1e9
_SLOWER = 1769 / 1024 / cost.MEMORY_GB  # than on a whole core, which a function of 1,769 MB has


def work_of(runs: Sequence[Run]) -> dict[Compute, Work] | None:
    """What a file takes on either kind of compute; None unless both were measured.

    A trickle tells more: there, stages and engine do not wait for each other. On Lambda, waiting lasts as
    long as it did here, and a second of CPU as much longer as a function's share of a core is smaller.
    """
    found = {run.compute: run for run in runs if run.way == "burst"}
    found |= {run.compute: run for run in runs if run.way == "trickle"}
    if set(found) != {"lambda", "vm"} or not found["vm"].used.cpu:
        return None
    return {compute: _work_of(run, found["lambda"]) for compute, run in found.items()}


def _work_of(run: Run, on_lambda: Run) -> Work:
    count = len(run.files)
    return Work(
        pair_days=run.pair_days / count,
        write_units=run.write_units / count,
        bytes_per_pair_day=run.billed_bytes / run.pair_days,
        lambda_seconds=_lambda_seconds(on_lambda) / len(on_lambda.files),
        lambda_requests=on_lambda.used.invocations / len(on_lambda.files),
        cpu_seconds=sum((run.used.cpu or {}).values()) / count,
    )


def _lambda_seconds(run: Run) -> float:
    """What is billed: on AWS as reported there, otherwise estimated."""
    if run.used.cpu is None:
        return run.used.busy_seconds
    cpu = sum(run.used.cpu.values())
    return max(0.0, run.used.busy_seconds - cpu) + cpu * _SLOWER


def per_gb(run: Run, work: Mapping[Compute, Work]) -> Figures:
    """What a further gigabyte costs."""
    files = len(run.files) / run.content_bytes * _GB
    of_lambda, of_vm = work["lambda"], work["vm"]
    parts: dict[str, tuple[float, float]] = {
        "functions, their requests and logs; time of a machine": (
            of_lambda.on_lambda,
            cost.MACHINE / of_vm.files_per_machine,
        ),
        "S3 and SQS": (cost.TRANSPORT, cost.TRANSPORT),
        "write units of the tables": (of_lambda.table_writes, of_vm.table_writes),
    }
    on_lambda, on_vm = zip(*parts.values(), strict=True)
    parts["**all**"] = sum(on_lambda), sum(on_vm)
    shown = [[name, *(f"{value * files:.4f}" for value in values)] for name, values in parts.items()]
    return Figures(
        f"compare_{run.dataset}_per_gb",
        f"US$ for a further GB ({prices.REGION}, {prices.CHECKED}), a machine taken as used to its full",
        ["", "Lambda", "VM"],
        shown,
        "",
    )


def months(run: Run, work: Mapping[Compute, Work]) -> Figures:
    size = run.content_bytes / len(run.files)
    rows = []
    for load in LOADS:
        on_lambda, on_vm = cost.month(load, work["lambda"]), cost.month(load, work["vm"])
        shared = on_lambda.data
        cells = (shared, on_lambda.on_lambda, on_vm.on_vm)
        cheaper = "Lambda" if on_lambda.on_lambda < on_vm.on_vm else "VM"
        gigabytes = load * cost.DAYS * size / _GB
        dollars = [f"{value:,.2f}" for value in cells]
        rows.append([f"{load:,}", f"{gigabytes:,.1f}", *dollars, str(on_vm.machines), cheaper])
    columns = ["files a day", "GB a month", "data", "Lambda", "VM", "machines", "cheaper"]
    return Figures(
        f"compare_{run.dataset}_months",
        f"US$ a month ({prices.REGION}, {prices.CHECKED}), files of {size / _MB:.1f} MB",
        columns,
        rows,
        "",
        remarks=[
            "Data: tables (with what is stored after a year), S3, SQS, dashboard; the same on both. "
            "Lambda: with its weekly verification of a year's totals.",
            verdict(work, size),
        ],
    )


def break_even(work: Mapping[Compute, Work]) -> float | None:
    """The files a day from which on the VM is not dearer, with either's own work."""
    return cost.break_even(replace(work["lambda"], cpu_seconds=work["vm"].cpu_seconds))


def without_waiting(work: Mapping[Compute, Work]) -> Mapping[Compute, Work]:
    """The same if everything answered functions at once: the least that they can take."""
    of_lambda = work["lambda"]
    return {**work, "lambda": replace(of_lambda, lambda_seconds=of_lambda.cpu_seconds * _SLOWER)}


def verdict(work: Mapping[Compute, Work], size: float) -> str:
    """In a few words, which of the two is cheaper when.

    Args:
        work: of a file.
        size: of a file in bytes.
    """
    files = break_even(work)
    if files is None:
        return "Lambda is cheaper at every load: its work costs less than the part of a machine that does it."
    text = (
        f"Break-even: about {rounded(files):,} files a day, {files * size / _GB:,.1f} GB. "
        "Below it Lambda is cheaper, above it the VM."
    )
    if work["lambda"].cpu_seconds:
        at_most = break_even(without_waiting(work))
        where = (
            "nowhere: Lambda would be cheaper at every load"
            if at_most is None
            else f"about {rounded(at_most):,}"
        )
        text += f" If tables and bucket answered the functions at once, it would be {where}."
    return text


def rounded(value: float) -> int:
    """To two digits."""
    digits = max(0, len(str(int(value))) - 2)
    unit: int = 10**digits
    return round(value / unit) * unit
