"""The settings of a service: variables of its environment, read anew from their file on request."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from models.errors import UsageError

_OURS = "FLOWTALLY_"
FILE = f"{_OURS}ENVIRONMENT_FILE"  # the variable that names it


def reload_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment as systemd would make it from the file as it is now.

    Raises:
        UsageError: the file cannot be read, or a line of it is no assignment.
    """
    path = Path(environ.get(FILE, ""))
    kept = {name: value for name, value in environ.items() if name == FILE or not name.startswith(_OURS)}
    try:
        return kept | parse(path.read_text())
    except OSError as error:
        raise UsageError(error.strerror or "cannot be read", where=f"{FILE}={path}") from error
    except ValueError as error:
        raise UsageError(str(error), where=str(path), remedy="Write NAME=value on each line") from error


def parse(text: str) -> dict[str, str]:
    """The variables that a file of lines NAME=value sets, as systemd reads EnvironmentFile=.

    Raises:
        ValueError: a line is no assignment, or a quotation is not closed.
    """
    variables = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith(("#", ";")):
            continue
        name, equals, value = line.strip().partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"line {number} is {line.strip()!r}")
        variables[name] = "".join(shlex.split(value)) if value[:1] in ("'", '"') else value
    return variables


def reexec(environ: Mapping[str, str]) -> NoReturn:
    """Replaces this process by the same program with another environment."""
    os.execve(sys.executable, sys.orig_argv, dict(environ))  # noqa: S606  # itself
