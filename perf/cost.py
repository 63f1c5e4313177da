"""What flowtally costs in a month, from one dated table of prices and a few figures of the work.

    python -m perf.cost        prints the table of docs/deploy.md

Free tiers are left out: they belong to the account, and others use them too.
"""

from collections.abc import Callable
from dataclasses import dataclass

PRICES_OF = "us-east-1, on demand, November 2026"
MILLION = 1e6
GIGABYTE = 1e9
DAYS = 30  # of a month
HOURS = 730  # of a month

# US dollars.
WRITE_UNIT = 0.625 / MILLION
STREAM_READ = 0.2 / MILLION  # a GetRecords of one's own; those of Lambda are free
STORED = 0.25 + 0.20  # per GB and month, with point-in-time recovery
S3_PUT = 5.0 / MILLION
S3_GET = 0.4 / MILLION
SQS_REQUEST = 0.4 / MILLION
LAMBDA_REQUEST = 0.2 / MILLION
LAMBDA_GB_SECOND = 0.0000133334  # arm64
LOGGED = 0.50  # per GB
ALARM = 0.10  # per metric and month
VM_HOUR = 0.0168 + 0.005  # t4g.small and its public IPv4 address
DISK = 0.08  # per GB of gp3 and month

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

SIZES = {"small": 5, "medium": 50, "large": 500}  # branches, a file a day each


@dataclass(frozen=True)
class Month:
    """The costs of a month in US dollars."""

    tables: float
    storage_after_a_year: float
    transport: float
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


def table() -> str:
    """The costs of three sizes of enterprise, as Markdown."""
    months = [month(branches) for branches in SIZES.values()]
    rows: list[tuple[str, Callable[[Month], float]]] = [
        ("writes of the tables", lambda it: it.tables),
        ("storage after a year, with recovery", lambda it: it.storage_after_a_year),
        ("S3 and SQS", lambda it: it.transport),
        ("Lambda, its polling, logs and alarms", lambda it: it.on_lambda),
        ("**all, on Lambda**", lambda it: total(it, it.on_lambda)),
        ("one VM, its disk, polling and alarms", lambda it: it.on_vm),
        ("**all, on a VM**", lambda it: total(it, it.on_vm)),
    ]
    lines = [
        f"| US$ a month ({PRICES_OF}) | " + " | ".join(f"{n}: {b} branches" for n, b in SIZES.items()) + " |",
        "|---|" + "---:|" * len(SIZES),
    ]
    lines += [f"| {name} | " + " | ".join(f"{value(it):.2f}" for it in months) + " |" for name, value in rows]
    return "\n".join(lines)


def total(costs: Month, compute: float) -> float:
    """Everything, with one of the two kinds of compute."""
    return costs.tables + costs.storage_after_a_year + costs.transport + compute


if __name__ == "__main__":
    print(table())
