"""What became of a file on its way to the bucket."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

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
    replaces: tuple[File, ...] = ()  # the earlier states in whose place it comes

    @property
    def digest(self) -> str:
        """That of its content, as its key has it: 16 hex digits; empty if it was not read."""
        return self.key.removesuffix(".gz").removesuffix(".csv")[-16:]


class Became(NamedTuple):
    """What became of a file that was followed."""

    upload: Upload
    record: File
    twin: File | None = None  # of a duplicate, where it is known: the file that counted its content first
    is_consolidated: bool | None = None  # whether its pairs are in the statistics; None if nobody may know
    set_aside: Sequence[str] = ()  # pairs of it of which there are no statistics
