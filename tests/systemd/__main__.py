"""Boots systemd in a container, installs the daemon with its script, and puts it through its paces.

    python -m tests.systemd

Prints one line for each thing that holds; the first that does not ends it, with the journal.
"""

import io
import os
import sys
import time
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from clients.local_aws.engine import EmbeddedEngine
from cloudformation.package import Package, Target, build_vm_package
from tests.helpers.project import ROOT
from tests.systemd.container import PYTHON, Container, Unfit, prepare
from tests.systemd.steps import Steps

CACHE = ROOT / "build" / "systemd"


def main() -> None:
    """Runs everything; says what it needs on a machine that is not fit for it."""
    began = time.monotonic()
    try:
        tree = prepare(CACHE)
        done("the Debian tree is there", began)
        with TemporaryDirectory() as scratch, EmbeddedEngine() as engine:
            os.environ |= engine.environment()
            package = build_package(Path(scratch, "package"))
            done("the package is built", began)
            with Container(tree, {"/srv/flowtally": Path(scratch, "package")}) as container:
                done("systemd has booted", began)
                steps = Steps(container, engine, package, Path(scratch))
                try:
                    for step in steps.all():
                        step()
                        done((step.__doc__ or "").strip(), began)
                except BaseException:
                    click.echo(container.run("journalctl", "--no-pager", "--lines=60", check=False))
                    raise
    except Unfit as reason:
        sys.exit(f"make test-systemd {reason}")


def done(what: str, began: float) -> None:
    click.echo(f"{time.monotonic() - began:6.1f} s  {what}")


def build_package(folder: Path) -> Package:
    """The package as `flowtally deploy` makes it, but for this processor and the Python of the container."""
    package = build_vm_package(Target(Target.here().architecture, PYTHON))
    with zipfile.ZipFile(io.BytesIO(package.content)) as archive:
        archive.extractall(folder)
    return package


if __name__ == "__main__":
    main()
