"""Where things lie in the bucket of a deployment.

incoming/<branch>/<name>              a file that is not counted yet
quarantine/<digest>.csv               the rows of a counted file that do not count
rejected/<version>/<branch>/<name>    a file that can never be counted as it is
"""

INCOMING = "incoming/"
QUARANTINE = "quarantine/"
REJECTED = "rejected/"

NO_BRANCH = "-"  # as files are recorded that lie in `incoming/` itself

LONGEST_KEY = 1024  # bytes that S3 takes


def incoming_key(branch: str, name: str) -> str:
    """Where a branch puts a file."""
    return f"{INCOMING}{branch}/{name}"


def branch_and_name(key: str) -> tuple[str, str]:
    """The branch and the name from a key in `incoming/`; `NO_BRANCH` where it has none."""
    branch, slash, name = key.removeprefix(INCOMING).partition("/")
    return (branch, name) if slash and branch else (NO_BRANCH, key.removeprefix(INCOMING))


def quarantine_key(digest: bytes) -> str:
    """Where the rows of a file lie that could not be counted.

    Args:
        digest: SHA-256 of the file's content.
    """
    return f"{QUARANTINE}{digest.hex()}.csv"


def rejected_key(key: str, etag: str) -> str:
    """Where a rejected file is put; two contents under one name do not overwrite each other.

    Args:
        key: where it lay, in `incoming/`.
        etag: of the object, as S3 gives it.
    """
    version = etag.strip('"')
    whole = f"{REJECTED}{version}/{key.removeprefix(INCOMING)}"
    return whole.encode()[:LONGEST_KEY].decode(errors="ignore")


def key_before_rejection(key: str) -> str:
    """Where a file lay in `incoming/` that is in `rejected/` now."""
    _version, _, name = key.removeprefix(REJECTED).partition("/")
    return f"{INCOMING}{name}"
