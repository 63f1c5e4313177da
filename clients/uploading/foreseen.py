"""What the workers will say of a file, as far as it can be told before it is sent."""

from typing import NamedTuple

from clients.uploading.content import Content
from models.bucket_layout import check_incoming_key
from models.errors import FileRejected
from models.flow_csv.flow_file import check_first_block


class Foreseen(NamedTuple):
    """What speaks against a file.

    Attributes:
        rejection: why it will be rejected, in the words of the workers; empty if nothing is known.
        doubt: the same, where the rest of the file may speak against that.
    """

    rejection: str = ""
    doubt: str = ""

    def remarks(self) -> list[str]:
        """What is to be said of the file if it is sent."""
        if self.rejection:
            return [f"it will be rejected: {self.rejection}"]
        return [f"by its beginning it will be rejected: {self.doubt}"] if self.doubt else []


def foresee(content: Content, key: str) -> Foreseen:
    """Looks at the key and the first block of a file with the code of the workers.

    Args:
        content: what was read of it.
        key: under which it is to be sent.
    """
    try:
        check_incoming_key(key)
        is_readable = content.beginning or not content.broken
        doubt = check_first_block(content.beginning, key, is_all=content.is_all) if is_readable else None
        if content.broken:
            raise content.broken
    except FileRejected as rejection:
        return Foreseen(rejection=str(rejection))
    return Foreseen(doubt=str(doubt or ""))
