"""What AWS's Python runtime has on its path beside the function: boto3, and the runtime client.

They are linked from this program's own installation into a folder of their own, so that nothing else
of it can be imported by a function, and packaging mistakes show.
"""

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from models.errors import FlowtallyError

_DISTRIBUTIONS = (
    *("awslambdaric", "simplejson", "snapshot-restore-py"),
    *("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"),
)


def link_libraries(folder: Path) -> None:
    """Fills a folder with links to the libraries of the runtime.

    Raises:
        FlowtallyError: one is not installed.
    """
    for name in _DISTRIBUTIONS:
        try:
            installed = distribution(name)
        except PackageNotFoundError as error:
            raise FlowtallyError(
                f"{name}, which runs Lambda functions on this computer, is not installed",
                remedy='Install it with: pip install "flowtally[demo]"',
            ) from error
        tops = {file.parts[0] for file in installed.files or () if file.parts[0] not in ("..", "__pycache__")}
        for top in tops:
            link = folder / top
            if not link.exists():
                link.symlink_to(Path(str(installed.locate_file(top))).resolve())
