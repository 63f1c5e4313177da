"""The files that an upload is asked to send."""

import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from models.errors import UsageError

_NAME = re.compile(r"(?P<stem>.+?)(?P<suffix>\.csv(\.gz)?)", re.IGNORECASE | re.DOTALL)


class LocalFile(NamedTuple):
    """A file to send."""

    path: Path
    size: int = 0  # bytes, as it lies there
    changed_at: float = 0.0  # epoch seconds of its last change
    problem: str = ""  # why it cannot be sent; empty if it can, as far as its entry tells

    @property
    def stem(self) -> str:
        """Its name without `.csv` or `.csv.gz`."""
        return _NAME.fullmatch(self.path.name)["stem"]  # type: ignore[index]  # `flow_files` saw to it

    @property
    def suffix(self) -> str:
        """`.csv` or `.csv.gz`."""
        return _NAME.fullmatch(self.path.name)["suffix"].lower()  # type: ignore[index]


def flow_files(paths: Iterable[Path]) -> list[LocalFile]:
    """The files that the paths name: themselves, and all `.csv` and `.csv.gz` below directories.

    A file or directory that cannot be looked at, what is no regular file, and a link out of the directory
    that it was found in has its problem with it. A path that is a link itself is followed.

    Raises:
        UsageError: a path does not exist or is no flow file, or a directory has none.
    """
    found: dict[Path, LocalFile] = {}
    for path in paths:
        for file in _below(path) if path.is_dir() else [_named(path)]:
            found[file.path] = file
    return list(found.values())


def _below(directory: Path) -> list[LocalFile]:
    files = sorted(_walk(directory))
    if not files:
        raise UsageError(
            "no .csv or .csv.gz file in this directory or below",
            where=str(directory),
            remedy="Name the directory that holds the flow files",
        )
    return files


def _walk(directory: Path) -> Iterator[LocalFile]:
    """The files of a directory and all below; linked directories are not entered."""
    unreadable: list[OSError] = []
    root = os.path.realpath(directory)
    for folder, _, names in os.walk(directory, onerror=unreadable.append):
        for name in names:
            path = Path(folder, name)
            if _NAME.fullmatch(name) and (path.is_file() or path.is_symlink()):
                yield _linked_elsewhere(path, root) or _looked_at(path)
    for error in unreadable:
        yield LocalFile(Path(str(error.filename)), problem=f"cannot be listed ({error.strerror})")


def _linked_elsewhere(path: Path, root: str) -> LocalFile | None:
    """A link that leads out of a directory: whoever may write there could have others' files sent by it."""
    target = Path(os.path.realpath(path))
    if not path.is_symlink() or target.is_relative_to(root):
        return None
    return LocalFile(
        path, problem=f"a link out of the directory, to {target}. To send that file, name it as a path"
    )


def _named(path: Path) -> LocalFile:
    if not os.path.lexists(path):
        raise UsageError("no such file or directory", where=str(path))
    if not _NAME.fullmatch(path.name):
        raise UsageError(
            "neither a .csv nor a .csv.gz file", where=str(path), remedy="Rename it if it is one"
        )
    return _looked_at(path)


def _looked_at(path: Path) -> LocalFile:
    """A file with what its entry tells. A pipe or device is not opened: it may give nothing for ever."""
    try:
        entry = path.stat()
    except OSError as error:
        return LocalFile(path, problem=f"cannot be read ({error.strerror})")
    if not stat.S_ISREG(entry.st_mode):
        return LocalFile(path, problem="not a regular file")
    return LocalFile(path, entry.st_size, entry.st_mtime)
