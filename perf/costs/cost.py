"""What flowtally costs in a month, from one dated table of prices and a few figures of the work.

    python -m perf.costs.cost        writes the table of docs/deploy.md

Free tiers are left out: they belong to the account, and others use them too.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from cloudformation.templates import resource_types, template
from perf.costs import prices
from perf.figures import Figures, options_of, publish

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
METRIC = prices.METRIC.each
METRIC_CALL = prices.METRIC_CALL.each
VM_HOUR = prices.MACHINE.each + prices.ADDRESS.each
DISK = prices.DISK.each

S3_PUTS, S3_GETS = 4, 1  # of a file: an upload in two parts
SQS_REQUESTS = 4  # of a file: sent, received, hidden, deleted
LOG_BYTES = 3000  # of a file
MEMORY_GB = 0.5  # of a function

# What goes on whether there is work or not.
LAMBDA_POLLS = 5 * 3 * 60 * 24 * DAYS  # five pollers of the queue, 20 s each
VM_POLLS = 3 * 60 * 24 * DAYS
VM_STREAM_READS = 3600 * 24 * DAYS  # one a second
LAMBDA_ALARMS, VM_ALARMS = (  # each on one metric, those of the storage among them
    sum(kind == "AWS::CloudWatch::Alarm" for part in parts for _, kind in resource_types(template(part)))
    for parts in (("storage", "lambda"), ("storage", "vm"))
)
VM_METRICS = 2  # of our own, all the time; those that count failures are billed by the hour
VM_CALLS = 15 * 24 * DAYS  # of CloudWatch: a sign of life every four minutes
VM_DISK_GB = 8
VM_CORES = 2  # of a t4g.small
VM_CPUS = VM_CORES * 0.2  # that it may use all the time; more in bursts, or for a surcharge
MACHINES_AT_MOST = 100  # for which a break-even is sought
READ_UNIT_BYTES = 4096

SIZES = {"small": 5, "medium": 50, "large": 500}  # branches, a file a day each


@dataclass(frozen=True)
class Work:
    """What a file takes. The default is assumed, with a margin, for one of the VARIoT kind (10 MB).

    Attributes:
        pair_days: that it adds to what is stored; those that it shares with other files are one.
        write_units: of all tables, with those of writes that conditions refuse.
        bytes_per_pair_day: stored in all tables, as billed.
        lambda_seconds: of functions of `MEMORY_GB`, both stages together.
        lambda_requests: of both stages.
        cpu_seconds: on a machine, both stages together.
    """

    pair_days: float = 650
    write_units: float = 1500
    bytes_per_pair_day: float = 70
    lambda_seconds: float = 7.0
    lambda_requests: float = 11
    cpu_seconds: float = 2.0

    @property
    def table_writes(self) -> float:
        """US dollars for the write units of a file."""
        return self.write_units * WRITE_UNIT

    @property
    def on_lambda(self) -> float:
        """US dollars for the functions' work on a file."""
        return (
            self.lambda_requests * LAMBDA_REQUEST
            + self.lambda_seconds * MEMORY_GB * LAMBDA_GB_SECOND
            + LOG_BYTES / GIGABYTE * LOGGED
        )

    @property
    def verification(self) -> float:
        """US dollars for its part in a scan of a year's totals, and a read for each pair, each week."""
        read_units = DAYS * 12 * self.bytes_per_pair_day / READ_UNIT_BYTES + 1
        return WEEKS / DAYS * self.pair_days * read_units * prices.READ.each

    @property
    def files_per_machine(self) -> float:
        """Files that a machine can take in a month."""
        return VM_CPUS * HOURS * 3600 / self.cpu_seconds


TRANSPORT = S3_PUTS * S3_PUT + S3_GETS * S3_GET + SQS_REQUESTS * SQS_REQUEST  # US dollars a file
LAMBDA_AT_REST = LAMBDA_POLLS * SQS_REQUEST + LAMBDA_ALARMS * ALARM  # US dollars a month
MACHINE = VM_HOUR * HOURS + VM_DISK_GB * DISK + VM_POLLS * SQS_REQUEST  # US dollars a month, like the next
VM_TOLD = VM_ALARMS * ALARM + VM_METRICS * METRIC + VM_CALLS * METRIC_CALL
VM_AT_REST = MACHINE + VM_STREAM_READS * STREAM_READ + VM_TOLD


@dataclass(frozen=True)
class Month:
    """The costs of a month in US dollars."""

    tables: float
    storage_after_a_year: float
    transport: float
    dashboard: float
    functions: float
    verification: float
    on_vm: float
    machines: int

    @property
    def on_lambda(self) -> float:
        """What Lambda does, the weekly verification after a year included."""
        return self.functions + self.verification

    @property
    def data(self) -> float:
        """What is the same with both kinds of compute."""
        return self.tables + self.storage_after_a_year + self.transport + self.dashboard


def month(files_a_day: float, work: Work | None = None) -> Month:
    """What so many files a day cost."""
    work = work or Work()
    files = files_a_day * DAYS
    machines = max(1, math.ceil(files / work.files_per_machine))
    return Month(
        tables=files * work.table_writes,
        storage_after_a_year=files * work.pair_days * 12 * work.bytes_per_pair_day / GIGABYTE * STORED,
        transport=files * TRANSPORT,
        dashboard=prices.DASHBOARD.each,
        functions=LAMBDA_AT_REST + files * work.on_lambda,
        verification=files * work.verification,
        on_vm=VM_AT_REST + (machines - 1) * MACHINE,
        machines=machines,
    )


def break_even(work: Work) -> float | None:
    """The files a day from which on machines are not dearer than Lambda; None if they always are."""
    for machines in range(1, MACHINES_AT_MOST + 1):
        cost = VM_AT_REST + (machines - 1) * MACHINE
        files = (cost - LAMBDA_AT_REST) / (work.on_lambda + work.verification)
        if files <= machines * work.files_per_machine:
            return max(files, (machines - 1) * work.files_per_machine) / DAYS
    return None


def figures() -> Figures:
    """The costs of three sizes of enterprise."""
    months = [month(branches) for branches in SIZES.values()]
    rows: list[tuple[str, Callable[[Month], float]]] = [
        ("writes of the tables", lambda it: it.tables),
        ("storage after a year, with recovery", lambda it: it.storage_after_a_year),
        ("S3 and SQS", lambda it: it.transport),
        ("dashboard", lambda it: it.dashboard),
        ("Lambda, its polling, logs and alarms", lambda it: it.functions),
        ("its weekly verification, after a year", lambda it: it.verification),
        ("**all, on Lambda**", lambda it: total(it, it.on_lambda)),
        ("one VM, its disk, polling and alarms", lambda it: it.on_vm),
        ("**all, on a VM**", lambda it: total(it, it.on_vm)),
    ]
    return Figures(
        name="cost",
        title=f"US$ a month ({prices.REGION}), with the prices of {prices.CHECKED}",
        columns=["", *(f"{name}: {branches} branches" for name, branches in SIZES.items())],
        rows=[[name, *(f"{value(it):.2f}" for it in months)] for name, value in rows],
        command="python -m perf.costs.cost",
        environment={},
    )


def total(costs: Month, compute: float) -> float:
    """Everything, with one of the two kinds of compute."""
    return costs.data + compute


if __name__ == "__main__":
    publish([figures()], save=options_of("perf.costs.cost", __doc__).parse_args().save)
