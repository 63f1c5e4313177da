"""The terminal program against tools that people know, on one embedded engine, in one run.

    python -m perf.benchmarks.terminal --files 200 --rounds 3

`flowtally upload` of small files against `aws s3 sync` (which needs another botocore than the engine: it is
installed from the package registry into a folder that is removed again), once more with nothing to do;
`flowtally --help` against Python with the two libraries of every terminal program; `flowtally status
--branch` against a script that makes the same calls. They take turns; the least of each counts, in CPU
seconds, too, as other work on the machine lengthens the rest.
"""

import os
import re
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from handlers.assembly import summarizer_for
from models.bucket_layout import incoming_key
from models.s3_events import notification_of
from perf.figures import Figures, options_of, publish, versions
from perf.measuring.pipeline import Pipeline, running
from perf.measuring.process_cost import Cost, cost_of

BRANCH = "paris"
# How many times the time of the other each may take.
_AT_MOST = {"files sent": 1.2, "nothing to do": 1.5, "start: --help": 4.0, "status --branch": 1.3}
_FLOWTALLY = [sys.executable, "-m", "clients"]
_SAME_CALLS = """
import boto3, os, sys
stack = boto3.client("cloudformation").describe_stacks(StackName="flowtally")["Stacks"][0]
names = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
pages = boto3.client("dynamodb").get_paginator("query").paginate(
    TableName=names["Files"], KeyConditionExpression="#b = :b", ExpressionAttributeNames={"#b": "branch"},
    ExpressionAttributeValues={":b": {"S": sys.argv[1]}}, ConsistentRead=True)
print(sum(len(page["Items"]) for page in pages))
pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(
    Bucket=names["Bucket"], Prefix=f"incoming/{sys.argv[1]}/")
print(sum(len(page.get("Contents", [])) for page in pages))
"""


def main() -> None:
    """Measures and prints."""
    parser = options_of("perf.benchmarks.terminal", __doc__)
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with TemporaryDirectory() as directory, running() as pipeline:
        os.environ.update(pipeline.engine.environment())
        aws = aws_in(Path(directory, "aws"))
        costs = list(measure(pipeline, Path(directory), aws, options.files, options.rounds))
        packages = {"awscli": version_of(aws), **versions("boto3", "click", "rich", "ministack")}
    publish([figures_of(costs, options.files, options.rounds, packages)], save=options.save)


def aws_in(folder: Path) -> str:
    """The path of AWS's own program, installed into a folder."""
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", "awscli"]
    if subprocess.run(pip, check=False).returncode:
        sys.exit("awscli cannot be installed from the package registry, so there is nothing to compare with")
    return str(folder / "bin" / "aws")


def version_of(aws: str) -> str:
    """That of AWS's own program."""
    said = subprocess.run([aws, "--version"], check=True, capture_output=True, text=True).stdout
    return re.sub(r"aws-cli/(\S+).*", r"\1", said.strip())


def measure(
    pipeline: Pipeline, folder: Path, aws: str, files: int, rounds: int
) -> Iterator[tuple[str, Cost, Cost]]:
    """Runs ours and theirs in turn, and gives what was done with the cost of each."""
    there = ["env", *(f"{name}={value}" for name, value in pipeline.engine.environment().items())]
    for number in range(rounds):
        flows = folder / f"flows-{number}"
        make_files(flows, number, files)
        upload = [*there, *_FLOWTALLY, "upload", str(flows), "--branch", BRANCH]
        sync = [*there, aws, "s3", "sync", str(flows), f"s3://{pipeline.deployment.bucket}/sync-{number}/"]
        yield f"{files} files sent", cost_of(upload), cost_of(sync)
        count_all(pipeline)
        yield f"{files} files, nothing to do", cost_of(upload), cost_of(sync)
        libraries = [sys.executable, "-c", "import click, rich"]
        yield "start: --help", cost_of([*_FLOWTALLY, "--help"]), cost_of(libraries)
        script = [*there, sys.executable, "-c", _SAME_CALLS, BRANCH]
        status = [*there, *_FLOWTALLY, "status", "--branch", BRANCH]
        yield "status --branch", cost_of(status), cost_of(script)


def make_files(folder: Path, number: int, files: int) -> None:
    """So many small files, each with another content."""
    folder.mkdir()
    for each in range(files):
        rows = [f"10.{number}.{each // 250}.{each % 250},10.0.0.1,07/12/2022,{row},3" for row in range(20)]
        text = "\n".join(["Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts", *rows, ""])
        (folder / f"flows-{number}-{each}.csv").write_text(text)


def count_all(pipeline: Pipeline) -> None:
    """Does what a worker does with all that was sent."""
    summarizer = summarizer_for(pipeline.deployment)
    s3, bucket = pipeline.engine.client("s3"), pipeline.deployment.bucket
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=incoming_key(BRANCH, ""))
    for key in [entry["Key"] for page in pages for entry in page.get("Contents", [])]:
        summarizer.process(notification_of(bucket, key), 1)


def figures_of(
    costs: Sequence[tuple[str, Cost, Cost]], files: int, rounds: int, packages: Mapping[str, str]
) -> Figures:
    """The least of each, and how many times that of the other it is."""
    rows = []
    for what in dict.fromkeys(what for what, _, _ in costs):
        ours, theirs = zip(*((one, other) for name, one, other in costs if name == what), strict=True)
        wall, other_wall = min(cost.wall for cost in ours), min(cost.wall for cost in theirs)
        cpu, other_cpu = min(cost.cpu for cost in ours), min(cost.cpu for cost in theirs)
        seconds = [f"{value:.2f} s" for value in (wall, other_wall, cpu, other_cpu)]
        limit = next(limit for name, limit in _AT_MOST.items() if what.endswith(name))
        rows.append([what, *seconds, f"{wall / other_wall:.2f}", f"{cpu / other_cpu:.2f}", f"≤ {limit}"])
    return Figures(
        name="bench_terminal",
        title="The terminal program against `aws s3 sync`, Python with click and rich, and a boto3 script",
        columns=["", "flowtally", "the other", "CPU", "CPU of the other", "ratio", "ratio of CPU", "aim"],
        rows=rows,
        command=f"python -m perf.benchmarks.terminal --files {files} --rounds {rounds}",
        packages=packages,
    )


if __name__ == "__main__":
    main()
