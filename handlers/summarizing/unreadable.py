"""Objects that lie in the bucket and that no worker can ever read, by what S3 says when one tries."""

from typing import TYPE_CHECKING

from models.errors import error_code

if TYPE_CHECKING:
    from botocore.exceptions import ClientError

_NEXT = "it stays in incoming/: upload it again"


def why_unreadable(error: "ClientError") -> str:
    """Why no worker can read an object; empty if one may, later.

    Here the error is taken at its word. Nothing is lost if it was wrong: the object stays, is listed, and is
    tried again by `flowtally redrive`.
    """
    if error_code(error) == "InvalidObjectState":
        return f"its storage class is an archive; {_NEXT}, or restore it and run `flowtally redrive`"
    # The code is that of any request that S3 does not like; workers never send a key.
    if (
        error_code(error) == "InvalidRequest"
        and "Server Side Encryption" in error.response["Error"]["Message"]
    ):
        return f"it is encrypted with a key that only its sender has; {_NEXT} without one"
    return ""
