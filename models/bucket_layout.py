"""Where things lie in the bucket of a deployment.

incoming/<branch>/<name>              a file that is not counted yet
quarantine/<digest>.csv.gz            the rows of a counted file that do not count
rejected/<version>/<branch>/<name>    a file that can never be counted as it is
"""

import re

from models.errors import FileRejected

INCOMING = "incoming/"
QUARANTINE = "quarantine/"
REJECTED = "rejected/"

NO_BRANCH = "-"  # as files are recorded that lie in `incoming/` itself

# Nobody can take one branch for another, or for no branch: no letters that look alike in other scripts, and
# no space, dot, hyphen or underscore at an end or beside another.
_BRANCH = re.compile(r"[A-Za-z0-9]+(?:[ ._-][A-Za-z0-9]+)*")
BRANCHES = (
    "letters and digits of ASCII, with single spaces, dots, hyphens or underscores between them, 64 at most"
)
# As `flowtally upload` names an object: by the file, and the begin of the digest of its content.
_SENT = re.compile(r"(?P<stem>.+)-(?P<digest>[0-9a-f]{16})\.csv(\.gz)?", re.DOTALL)

LONGEST_KEY = 900  # bytes of a key in `incoming/`, which is longer in `rejected/`

_ANOTHER_NAME = "Upload it under another name"
_ANOTHER_BRANCH = "Upload it for a branch with another name"

_LONGEST_BRANCH = 64  # characters
_LONGEST_OF_S3 = 1024  # bytes


def is_branch_name(name: str) -> bool:
    """Whether a branch may be called so: by `BRANCHES`."""
    return len(name) <= _LONGEST_BRANCH and _BRANCH.fullmatch(name) is not None


def check_incoming_key(key: str) -> None:
    """Refuses a file that could not be told from others by its key, or not be found again.

    Raises:
        FileRejected: the reason says what is wrong with the key.
    """
    branch, _ = branch_and_name(key)
    if key.endswith("/"):
        raise FileRejected("its name ends in /, as those of folders do", remedy=_ANOTHER_NAME)
    if len(key.encode()) > LONGEST_KEY:
        raise FileRejected(
            f"its name is too long: with its branch {LONGEST_KEY} bytes at the most", remedy=_ANOTHER_NAME
        )
    if branch != NO_BRANCH and not is_branch_name(branch):
        raise FileRejected(
            f"{branch!r} is no name for a branch, which has {BRANCHES}", remedy=_ANOTHER_BRANCH
        )
    if key.startswith(f"{INCOMING}{NO_BRANCH}/"):
        raise FileRejected(
            f"{NO_BRANCH!r} stands for no branch, and is no name for one", remedy=_ANOTHER_BRANCH
        )


def incoming_key(branch: str, name: str) -> str:
    """Where a branch puts a file."""
    return f"{INCOMING}{branch}/{name}"


def branch_and_name(key: str) -> tuple[str, str]:
    """The branch and the name from a key in `incoming/`; `NO_BRANCH` where one of the two is missing."""
    below = key.removeprefix(INCOMING)
    branch, _, name = below.partition("/")
    return (branch, name) if branch and name else (NO_BRANCH, below or "/")


def stem_and_digest(name: str) -> tuple[str, str] | None:
    """Of a name that `flowtally upload` gave: the file's own without its suffix, and the digest in it.

    Args:
        name: below the branch.

    Returns:
        None for a name that something else gave.
    """
    match = _SENT.fullmatch(name)
    return (match["stem"], match["digest"]) if match else None


def quarantine_key(digest: bytes) -> str:
    """Where the rows of a file lie that could not be counted.

    Args:
        digest: SHA-256 of the file's content.
    """
    return f"{QUARANTINE}{digest.hex()}.csv.gz"


def rejected_key(key: str, etag: str) -> str:
    """Where a rejected file is put; two contents under one name do not overwrite each other.

    Args:
        key: where it lay, in `incoming/`.
        etag: of the object, as S3 gives it.
    """
    version = etag.strip('"')
    whole = f"{REJECTED}{version}/{key.removeprefix(INCOMING)}"
    return whole.encode()[:_LONGEST_OF_S3].decode(errors="ignore")


def key_before_rejection(key: str) -> str:
    """Where a file lay in `incoming/` that is in `rejected/` now."""
    _version, _, name = key.removeprefix(REJECTED).partition("/")
    return f"{INCOMING}{name}"


def name_in_rejected(key: str, etag: str) -> str:
    """The name below its branch by which a rejected file is found: its own, cut where that is too long."""
    return branch_and_name(key_before_rejection(rejected_key(key, etag)))[1]


def is_folder_marker(key: str, size: int) -> bool:
    """Whether an object is what consoles make for an empty folder, and no file."""
    return key.endswith("/") and not size
