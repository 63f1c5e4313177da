"""What flowtally costs in a month, from one dated table of prices and a few figures of the work.

    python -m perf.cost        writes the table of docs/deploy.md

Free tiers are left out: they belong to the account, and others use them too.
"""

from collections.abc import Callable
from dataclasses import dataclass

from perf import prices
from perf.results import Figures

MILLION = 1e6
GIGABYTE = 1e9
DAYS = 30  # of a month
HOURS = 730  # of a month
WEEKS = HOURS / 24 / 7

WRITE_UNIT = prices.WRITE.each
STREAM_READ = prices.STREAM_READ.each  # a GetRecords of one's own; those of Lambda are free
STORED = prices.TABLE_STORAGE.each + prices.RECOVERY.each
S3_PUT = prices.S3_PUT.each
S3_GET = prices.S3_GET.each
SQS_REQUEST = prices.SQS.each
LAMBDA_REQUEST = prices.LAMBDA_REQUEST.each
LAMBDA_GB_SECOND = prices.LAMBDA_TIME.each
LOGGED = prices.LOGS.each
ALARM = prices.ALARM.each
VM_HOUR = prices.MACHINE.each + prices.ADDRESS.each
DISK = prices.DISK.each

# The work, per file of the VARIoT kind: 10 MB, a day of a branch.
PAIR_DAYS = 650
BYTES_PER_PAIR_DAY = 180  # as billed, with its share of the statistics' 250 once per pair left out
STATISTICS_WRITES = 1.1  # per pair-day: at most one a batch, and sometimes one to forget old marks
S3_PUTS, S3_GETS = 4, 1  # an upload in two parts
SQS_REQUESTS = 4  # sent, received, hidden, deleted
SUMMARIZE_SECONDS = 4.0  # at 512 MB: bounded by a third of a core; assumed until measured on AWS
CONSOLIDATE_SECONDS = 3.0  # of all batches of a file; assumed until measured on AWS
CONSOLIDATE_CALLS = 10
MEMORY_GB = 0.5
LOG_BYTES = 3000

# What goes on whether there is work or not.
LAMBDA_POLLS = 5 * 3 * 60 * 24 * DAYS  # five pollers of the queue, 20 s each
VM_POLLS = 3 * 60 * 24 * DAYS
VM_STREAM_READS = 3600 * 24 * DAYS  # one a second
LAMBDA_ALARMS = 9  # metrics
VM_ALARMS = 7
VM_DISK_GB = 8
READ_UNIT_BYTES = 4096

SIZES = {"small": 5, "medium": 50, "large": 500}  # branches, a file a day each


@dataclass(frozen=True)
class Month:
    """The costs of a month in US dollars."""

    tables: float
    storage_after_a_year: float
    transport: float
    verification: float
    dashboard: float
    on_lambda: float
    on_vm: float


def month(branches: int) -> Month:
    """What so many branches cost that send a file a day each."""
    files = branches * DAYS
    pair_days = files * PAIR_DAYS
    return Month(
        tables=(pair_days * (1 + STATISTICS_WRITES) + files) * WRITE_UNIT,
        storage_after_a_year=pair_days * 12 * BYTES_PER_PAIR_DAY / GIGABYTE * STORED,
        transport=files * (S3_PUTS * S3_PUT + S3_GETS * S3_GET + SQS_REQUESTS * SQS_REQUEST),
        # A scan of a year's daily totals, and a read for each pair, each week.
        verification=WEEKS
        * (pair_days * 12 * BYTES_PER_PAIR_DAY / READ_UNIT_BYTES + branches * PAIR_DAYS)
        * prices.READ.each,
        dashboard=prices.DASHBOARD.each,
        on_lambda=files * (1 + CONSOLIDATE_CALLS) * LAMBDA_REQUEST
        + files * (SUMMARIZE_SECONDS + CONSOLIDATE_SECONDS) * MEMORY_GB * LAMBDA_GB_SECOND
        + files * LOG_BYTES / GIGABYTE * LOGGED
        + LAMBDA_POLLS * SQS_REQUEST
        + LAMBDA_ALARMS * ALARM,
        on_vm=VM_HOUR * HOURS
        + VM_DISK_GB * DISK
        + VM_POLLS * SQS_REQUEST
        + VM_STREAM_READS * STREAM_READ
        + VM_ALARMS * ALARM,
    )


def figures() -> Figures:
    """The costs of three sizes of enterprise."""
    months = [month(branches) for branches in SIZES.values()]
    rows: list[tuple[str, Callable[[Month], float]]] = [
        ("writes of the tables", lambda it: it.tables),
        ("storage after a year, with recovery", lambda it: it.storage_after_a_year),
        ("S3 and SQS", lambda it: it.transport),
        ("dashboard", lambda it: it.dashboard),
        ("Lambda, its polling, logs and alarms", lambda it: it.on_lambda),
        ("its weekly verification, after a year", lambda it: it.verification),
        ("**all, on Lambda**", lambda it: total(it, it.on_lambda + it.verification)),
        ("one VM, its disk, polling and alarms", lambda it: it.on_vm),
        ("**all, on a VM**", lambda it: total(it, it.on_vm)),
    ]
    return Figures(
        name="cost",
        title=f"US$ a month ({prices.REGION}), with the prices of {prices.CHECKED}",
        columns=["", *(f"{name}: {branches} branches" for name, branches in SIZES.items())],
        rows=[[name, *(f"{value(it):.2f}" for it in months)] for name, value in rows],
        command="python -m perf.cost",
        environment={},
    )


def total(costs: Month, compute: float) -> float:
    """Everything, with one of the two kinds of compute."""
    return costs.tables + costs.storage_after_a_year + costs.transport + costs.dashboard + compute


if __name__ == "__main__":
    figures().show()
    figures().save()
