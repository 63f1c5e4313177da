"""How long a cold start takes, beside what boto3 alone takes for the same clients.

Both run under the real runtime client in a process of its own, from a folder that has no compiled
modules, as on Lambda: ours is the real package, the other a handler that imports boto3 and makes the same
clients. Measured is from the start of the process to the answer to an event without records, CPU and
wall, alternately, the quickest of several runs.

    python -m perf.bench_coldstart [--runs 7] [--output perf/results/coldstart.json]
"""

import argparse
import io
import json
import os
import platform
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from clients.lambda_service.environment import Environment, Layout
from clients.lambda_service.libraries import link_libraries
from cloudformation.package import Target, build_package

_CLIENTS = {"summarize": ("dynamodb", "s3", "sqs"), "consolidate": ("dynamodb",)}
_BASELINE = """\
import boto3
clients = [boto3.Session().client(name) for name in {names!r}]
def handler(event, context):
    return None
"""
_AIM = 1.3
_SETTINGS = {
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "PATH": "/usr/bin:/bin",
    **{
        f"FLOWTALLY_{name}": "x"
        for name in ("BUCKET", "QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "DAILY_TOTALS", "PAIR_STATISTICS")
    },
    "FLOWTALLY_FILES": "x",
    "FLOWTALLY_STREAM_ARN": "x",
}


def main() -> None:
    """Measures, prints and writes the figures; exit status 1 if the aim is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=7)
    arguments.add_argument("--output", type=Path)
    given = arguments.parse_args()
    figures = {stage: measure(stage, given.runs) for stage in _CLIENTS}
    missed = False
    for stage, seconds in figures.items():
        ratio = seconds["ours_cpu"] / seconds["boto3_cpu"]
        seconds["ratio"] = ratio
        missed |= ratio > _AIM
        print(
            f"{stage}: {seconds['ours_cpu'] * 1000:.0f} ms CPU ({seconds['ours_wall'] * 1000:.0f} ms wall), "
            f"boto3 alone {seconds['boto3_cpu'] * 1000:.0f} ms ({seconds['boto3_wall'] * 1000:.0f} ms): "
            f"{ratio:.2f} times, aim {_AIM}"
        )
    if given.output:
        machine = {
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
        }
        content = {"date": time.strftime("%Y-%m-%d"), **machine, "runs": given.runs, "seconds": figures}
        given.output.parent.mkdir(parents=True, exist_ok=True)
        given.output.write_text(json.dumps(content, indent=2) + "\n")
    sys.exit(missed)


def measure(stage: str, runs: int) -> dict[str, float]:
    """The least CPU and wall seconds of a cold start of a stage, ours and boto3's."""
    with TemporaryDirectory() as folder:
        libraries, ours, other = (Path(folder) / name for name in ("runtime", "ours", "other"))
        for made in (libraries, ours, other):
            made.mkdir()
        link_libraries(libraries)
        zipfile.ZipFile(io.BytesIO(build_package(Target.here()).content)).extractall(ours)
        (other / "baseline.py").write_text(_BASELINE.format(names=_CLIENTS[stage]))
        layouts = {
            "ours": Layout(f"handlers.{stage}.handler", ours, libraries, _SETTINGS),
            "boto3": Layout("baseline.handler", other, libraries, _SETTINGS),
        }
        taken = [
            {
                f"{name}_{kind}": value
                for name, layout in layouts.items()
                for kind, value in _once(layout).items()
            }
            for _ in range(runs)
        ]
    return {key: min(run[key] for run in taken) for key in taken[0]}


def _once(layout: Layout) -> dict[str, float]:
    began = time.monotonic()
    environment = Environment(layout, "arn:aws:lambda:us-east-1:000000000000:function:x")
    try:
        failed = environment.initialize()
        outcome = failed or environment.invoke(b'{"Records": []}', 30)
        if outcome.error:
            raise RuntimeError(outcome.error)
        wall = time.monotonic() - began
        fields = Path(f"/proc/{environment.pid}/stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])
        return {"wall": wall, "cpu": ticks / os.sysconf("SC_CLK_TCK")}
    finally:
        environment.stop()


if __name__ == "__main__":
    main()
