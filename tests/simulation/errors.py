"""The errors of AWS as botocore raises them."""

from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

_STATUS = {"PreconditionFailed": 412, "NoSuchKey": 404, "404": 404, "AccessDenied": 403, "SlowDown": 503}


def refusal(code: str, operation: str, message: str = "", **response: object) -> ClientError:
    """A ClientError; further fields stand beside the error, as the item of a failed condition does."""
    answer = {
        "Error": {"Code": code, "Message": message or code},
        "ResponseMetadata": {"HTTPStatusCode": _STATUS.get(code, 400)},
        **response,
    }
    return ClientError(answer, operation)  # type: ignore[arg-type]


def unreachable() -> EndpointConnectionError:
    """The request never arrived."""
    return EndpointConnectionError(endpoint_url="simulated")


def no_answer() -> ReadTimeoutError:
    """The request arrived; its answer did not."""
    return ReadTimeoutError(endpoint_url="simulated")
