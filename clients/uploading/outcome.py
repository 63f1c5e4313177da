"""What became of a file on its way to the bucket."""

from dataclasses import dataclass
from enum import StrEnum

from clients.uploading.local_files import LocalFile
from models.storage.schema import File


class Outcome(StrEnum):
    """What `upload` did with a file."""

    SENT = "sent"
    WOULD_BE_SENT = "would be sent"
    ALREADY_COUNTED = "counted before"
    DUPLICATE = "same as another"  # of the same command
    LEFT = "left for later"
    HELD = "held back"  # it would be rejected, or another state of it was counted
    FAILED = "failed"


@dataclass(frozen=True)
class Upload:
    """A file and what was done with it."""

    file: LocalFile
    key: str  # below `incoming/<branch>/`; empty if it was not read
    outcome: Outcome
    before: File | None = None  # what the table of files said before
    remarks: tuple[str, ...] = ()
    reason: str = ""  # why it failed, was left or held back
    is_packed: bool = False  # whether it is compressed on the way
