"""A pipeline on this computer that keeps running, for whoever wants to play on in another terminal."""

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from clients.local_aws.pipeline import STACK, LocalPipeline
from cloudformation.package import Target
from models.deployment import Deployment
from models.errors import NotFound

_LOOK = 1.0  # seconds between two looks
_PROGRAM = "flowtally"


def keep(pipeline: LocalPipeline, tell: Callable[[str], object], show: Callable[[str], object]) -> None:
    """Keeps a pipeline running until Ctrl-C; what is deployed on its engine meanwhile is run, too.

    Args:
        pipeline: at work.
        tell: is told what changes, in a line each.
        show: is given the lines to paste into another terminal, to show each as it is.

    Raises:
        FlowtallyError: something died by itself.
    """
    pipeline.serve_functions()
    try:
        tell("Everything keeps running until Ctrl-C. Paste into another terminal:\n")
        for line in lines_to_paste(pipeline):
            show(line)
        tell("")
        while True:
            pipeline.check()
            if pipeline.workers and not _is_there(pipeline):
                pipeline.stop_workers()
                tell("The deployment was removed; the engine keeps running, for another")
            time.sleep(_LOOK)
    except KeyboardInterrupt:
        tell("")


def lines_to_paste(pipeline: LocalPipeline) -> Iterator[str]:
    """What leads another terminal here, and what to try in it."""
    for name, value in pipeline.engine.environment().items():
        yield f"  export {name}={shlex.quote(value)}"
    folder = Path(sys.executable).parent
    if shutil.which(_PROGRAM) is None and (folder / _PROGRAM).exists():
        yield f"  export PATH={shlex.quote(str(folder))}:$PATH"
    yield "  flowtally top"
    yield "  flowtally upload FILE --branch paris --wait"
    yield "  flowtally destroy"
    here = Target.here()
    # A real deployment runs on AWS's processors and Python; this one on those of this computer.
    yield f"  flowtally deploy --set Architecture={here.architecture} --set Runtime=python{here.python}"


def _is_there(pipeline: LocalPipeline) -> bool:
    """Whether the deployment is the one that the workers know."""
    try:
        return Deployment.from_stack(pipeline.client("cloudformation"), STACK) == pipeline.deployment
    except NotFound:
        return False
