"""A run on a deployed stack: what was used is what AWS's own services tell.

Times are seen from outside, as on an engine. Durations, memory and cold starts of functions are those of
the REPORT lines in their logs, write units and the processor time of machines those of CloudWatch. The
memory of machines, the processor time of functions, and calls of S3, SQS and streams no service tells.
"""

import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from clients.terminal.account import Account
from cloudformation import stack
from models.deployment import Deployment
from models.errors import UsageError
from perf.comparison.targets import STAGES, Compute, Used
from perf.costs.cost import VM_CORES

SETTLE = 420.0  # seconds until CloudWatch has everything: two of its periods for machines, and some delay

_REPORT = re.compile(
    r"REPORT .*?Billed Duration: (?P<billed>\d+) ms.*?Max Memory Used: (?P<memory>\d+) MB"
    r"(?:.*?Init Duration: (?P<init>[\d.]+) ms)?",
    re.DOTALL,
)
_MINUTE, _FIVE_MINUTES = 60, 300
_SUFFIX: Mapping[Compute, str] = {"lambda": "lambda", "vm": "vm"}


class Deployed:
    """A deployed stack with one kind of compute and nothing counted yet.

    Args:
        account: with the permissions of an administrator.
        compute: what was deployed.
        settle: seconds to wait for the figures.

    Raises:
        NotFound: there is no such stack.
        UsageError: it has other compute, or its tables are not empty.
    """

    def __init__(self, account: Account, compute: Compute, settle: float = SETTLE) -> None:
        self.deployment: Deployment = account.deployment
        self._account = account
        self._compute = compute
        self._settle = settle
        cloudformation = account.client("cloudformation")
        self.name = f"AWS, {cloudformation.meta.region_name}"
        for other, suffix in _SUFFIX.items():
            status, _ = stack.current(cloudformation, f"{account.stack}-{suffix}")
            if (other == compute) != bool(status):
                raise UsageError(
                    f"the compute is not {compute} alone",
                    where=f"stack {account.stack}",
                    remedy=f"Run `flowtally deploy --compute {compute}`",
                )
        if account.client("dynamodb").scan(TableName=self.deployment.daily_totals, Limit=1)["Items"]:
            raise UsageError(
                "the tables are not empty, so they cannot be compared with those that must come out",
                where=f"stack {account.stack}",
                remedy="Deploy a stack of its own for each run",
            )
        self._began = time.time()

    def client(self, service: str) -> Any:
        """A boto3 client."""
        return self._account.client(service)

    def check(self) -> None:
        """Nothing on AWS tells at once that a compute failed; the patience of the run does."""

    def used(self) -> Used:
        """What the services tell, some minutes after the work."""
        time.sleep(self._settle)
        if self._compute == "vm":
            return Used(cpu={"machines": self._machine_seconds()}, write_units=self._write_units())
        reports = {stage: self._reports(stage) for stage in STAGES}
        every = [report for found in reports.values() for report in found]
        return Used(
            peak_memory={
                stage: max(int(report["memory"]) for report in found) << 20
                for stage, found in reports.items()
                if found
            },
            invocations=len(every),
            cold_starts=sum(report["init"] is not None for report in every),
            init_seconds=sum(float(report["init"] or 0) for report in every) / 1000,
            busy_seconds=sum(int(report["billed"]) for report in every) / 1000,
            write_units=self._write_units(),
        )

    def _reports(self, stage: str) -> list[re.Match[str]]:
        """What Lambda reported of each invocation since the run began."""
        pages = self.client("logs").get_paginator("filter_log_events").paginate(
            logGroupName=f"/aws/lambda/{self._account.stack}-{stage}",
            startTime=int(self._began * 1000),
            filterPattern="REPORT",
        )  # fmt: skip
        events = (event["message"] for page in pages for event in page["events"])
        return [report for message in events if (report := _REPORT.search(message))]

    def _write_units(self) -> dict[str, int]:
        """Consumed, failed conditions included."""
        tables = {
            "DailyTotals": self.deployment.daily_totals,
            "PairStatistics": self.deployment.pair_statistics,
            "Files": self.deployment.files,
        }
        return {
            name: round(
                self._sum("AWS/DynamoDB", "ConsumedWriteCapacityUnits", {"TableName": table}, _MINUTE)
            )
            for name, table in tables.items()
        }

    def _machine_seconds(self) -> float:
        """Processor time of the machines: what they were busy, in per cent of five minutes each."""
        resource = self.client("cloudformation").describe_stack_resource(
            StackName=f"{self._account.stack}-vm", LogicalResourceId="Machines"
        )["StackResourceDetail"]
        group = {"AutoScalingGroupName": resource["PhysicalResourceId"]}
        busy = self._sum("AWS/EC2", "CPUUtilization", group, _FIVE_MINUTES)
        return busy / 100 * _FIVE_MINUTES * VM_CORES

    def _sum(self, namespace: str, metric: str, dimensions: Mapping[str, str], period: int) -> float:
        """A metric since the run began, added up."""
        begin = datetime.fromtimestamp(self._began // period * period, UTC)
        answer = self.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName=metric,
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=begin,
            EndTime=datetime.now(UTC),
            Period=period,
            Statistics=["Sum"],
        )
        return sum(float(point["Sum"]) for point in answer["Datapoints"])
