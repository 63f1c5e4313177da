"""Every error that flowtally raises on purpose, in one tree.

FlowtallyError              what was found, where, and what to do about it
├── UsageError              the command or its settings are wrong
│   └── OtherLayout         the tables are laid out as another version of flowtally does
├── FileRejected            a flow file that can never be read
├── ContentChanged          a file is not any more what it was when it was read first
├── NotFound                the pair, file or stack that was asked for does not exist
├── NotComputable           a pair whose daily totals, as they were read, give no statistics
├── ServiceUnavailable      AWS (or the engine in its place) cannot be reached or refuses
└── TryAgain                the work is left undone on purpose; a later delivery completes it
    └── RunCutShort         the run stops before its time limit would cut it off
"""

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from botocore.exceptions import ClientError


class FlowtallyError(Exception):
    """Base of all errors; `str()` gives one sentence fit for a terminal or a log line.

    Args:
        found: what was found, in the user's terms.
        where: the file, pair, table or endpoint concerned; empty if there is only one.
        remedy: what the reader of the message can do about it.
    """

    exit_status: ClassVar[int] = 1
    code: ClassVar[str] = "failed"  # for programs; no rewording changes it

    def __init__(self, found: str, *, where: str = "", remedy: str = "") -> None:
        super().__init__(found, where, remedy)
        self.found = found
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        located = f"{self.where}: {self.found}" if self.where else self.found
        return f"{located}. {self.remedy}." if self.remedy else f"{located}."


class UsageError(FlowtallyError):
    """The command line, a setting or the environment is wrong."""

    exit_status: ClassVar[int] = 2
    code: ClassVar[str] = "usage"


class OtherLayout(UsageError):
    """The tables are laid out as another version of flowtally does: neither may touch them for the other."""


class FileRejected(FlowtallyError):
    """A file that no retry can make readable: it is set aside with `found` as its reason."""

    code: ClassVar[str] = "file_rejected"


class ContentChanged(FlowtallyError):
    """A file that is read more than once changed meanwhile."""


class NotFound(FlowtallyError):
    """What was asked for does not exist."""

    code: ClassVar[str] = "not_found"


class NotComputable(FlowtallyError):
    """The daily totals of a pair were read, and no statistics can be computed from them or stored."""


class ServiceUnavailable(FlowtallyError):
    """The service did not answer, or refused the credentials or the permission."""

    code: ClassVar[str] = "service_unavailable"


class TryAgain(FlowtallyError):
    """The work could not be completed now; nothing is lost, the next delivery completes it."""

    code: ClassVar[str] = "try_again"


class RunCutShort(TryAgain):
    """A run stopped itself before its time limit would cut it off; the next delivery goes on at once."""


def error_code(error: "ClientError") -> str:
    """The code by which AWS calls an error, such as `NoSuchKey`; empty if it gave none."""
    return error.response["Error"].get("Code", "")
