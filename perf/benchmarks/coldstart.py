"""How long a cold start takes, beside what boto3 alone takes for the same clients.

Both run under the real runtime client in a process of its own, from a folder that has no compiled
modules, as on Lambda: ours is the real package, the other a handler that imports boto3 and makes the same
clients. Measured is the CPU from the start of the process to the answer to an event without records,
alternately, the quickest of several runs.

    python -m perf.benchmarks.coldstart [--runs 9]
"""

import io
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

from clients.local_aws.lambda_service.environment import Environment, LaunchSpec
from clients.local_aws.lambda_service.libraries import link_libraries
from cloudformation.package import Target, build_package
from models.deployment import Deployment
from perf.figures import Figures, options_of, publish, versions

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
    **Deployment("x", "x", "x", "x", "x", "x", "x", bytes(16)).to_environment(),
}


def main() -> None:
    """Measures and prints; exit status 1 if the aim is missed."""
    parser = options_of("perf.benchmarks.coldstart", __doc__)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    runs = options.runs
    measured = {stage: measure(stage, runs) for stage in _CLIENTS}
    ratios = {stage: seconds["ours"] / seconds["boto3"] for stage, seconds in measured.items()}
    figures = Figures(
        name="bench_coldstart",
        title=f"A cold start, from the start of the process to the first answer, best of {runs}",
        columns=["function", "CPU", "of boto3 alone", "times", "aim"],
        rows=[
            [stage, _ms(seconds["ours"]), _ms(seconds["boto3"]), f"{ratios[stage]:.2f}", f"≤ {_AIM}"]
            for stage, seconds in measured.items()
        ],
        packages=versions("boto3", "awslambdaric", "pynamodb"),
        command=f"python -m perf.benchmarks.coldstart --runs {runs}",
    )
    publish([figures], save=options.save)
    sys.exit(max(ratios.values()) > _AIM)


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def measure(stage: str, runs: int) -> dict[str, float]:
    """The least CPU seconds of a cold start of a stage, ours and boto3's."""
    with TemporaryDirectory() as folder:
        libraries, ours, other = (Path(folder) / name for name in ("runtime", "ours", "other"))
        for made in (libraries, ours, other):
            made.mkdir()
        link_libraries(libraries)
        zipfile.ZipFile(io.BytesIO(build_package(Target.here()).content)).extractall(ours)
        (other / "baseline.py").write_text(_BASELINE.format(names=_CLIENTS[stage]))
        layouts = {
            "ours": LaunchSpec(f"handlers.{stage}.handler", ours, libraries, _SETTINGS),
            "boto3": LaunchSpec("baseline.handler", other, libraries, _SETTINGS),
        }
        taken = [{name: _once(spec) for name, spec in layouts.items()} for _ in range(runs)]
    return {name: min(run[name] for run in taken) for name in layouts}


def _once(spec: LaunchSpec) -> float:
    environment = Environment(spec, "arn:aws:lambda:us-east-1:000000000000:function:x")
    try:
        failed = environment.initialize()
        outcome = failed or environment.invoke(b'{"Records": []}', 30)
        if outcome.error:
            raise RuntimeError(outcome.error)
        threads = Path(f"/proc/{environment.pid}/task").glob("*/schedstat")
        return sum(int(it.read_text().split()[0]) for it in threads) / 1e9
    finally:
        environment.stop()


if __name__ == "__main__":
    main()
