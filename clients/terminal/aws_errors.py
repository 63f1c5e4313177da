"""Whatever AWS, the network or the disk refuses, in words that say what to do about it."""

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from botocore import exceptions as aws
from botocore.model import OperationModel

from models.errors import FlowtallyError, NotFound, ServiceUnavailable, UsageError, error_code
from models.visible import visible

_CREDENTIALS = (
    aws.NoCredentialsError,
    aws.PartialCredentialsError,
    aws.CredentialRetrievalError,
    aws.TokenRetrievalError,
    aws.UnauthorizedSSOTokenError,
    aws.SSOTokenLoadError,
)
_SILENCE = (
    aws.EndpointConnectionError,
    aws.ConnectTimeoutError,
    aws.ReadTimeoutError,
    aws.ConnectionClosedError,
    aws.ProxyConnectionError,
    aws.SSLError,
)

_REQUEST_IDS = {"x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"}
_FORMS = (b"{", b"<?xml", b"<Error")  # in which AWS refuses
_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AllAccessDisabled", "403"}


class _Meaning(NamedTuple):
    """What some of AWS's error codes mean to a person."""

    codes: set[str]
    kind: type[FlowtallyError]
    found: str  # with places for the operation, the code and AWS's own words
    remedy: str


_WRONG_PLACE = "Check --stack, --region and --bucket, and which account the credentials belong to"

_MEANINGS = (
    _Meaning(
        {"ExpiredToken", "ExpiredTokenException", "RequestExpired"},
        ServiceUnavailable,
        "the AWS credentials have expired ({said})",
        "Log in again",
    ),
    _Meaning(
        {
            "InvalidClientTokenId",
            "UnrecognizedClientException",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "InvalidSignatureException",
            "IncompleteSignature",
            "InvalidToken",
            "AuthFailure",
        },
        ServiceUnavailable,
        "AWS refused the credentials ({code}: {said})",
        "Check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile given with --profile",
    ),
    _Meaning(
        _DENIED,
        ServiceUnavailable,
        "not permitted: {operation} ({said})",
        "Ask for one of the policies in the outputs of the stack; a branch uploads under its own name only, "
        "and what changes something else is for administrators",
    ),
    _Meaning(
        {"PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "301"},
        ServiceUnavailable,
        "the bucket is in another region ({said})",
        "Name its region with --region",
    ),
    _Meaning({"NoSuchBucket"}, NotFound, "the bucket does not exist ({operation}: {said})", _WRONG_PLACE),
    _Meaning(
        {"ResourceNotFoundException"},
        NotFound,
        "the table does not exist ({operation}: {said})",
        _WRONG_PLACE,
    ),
    _Meaning(
        {"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"},
        NotFound,
        "the queue does not exist ({operation}: {said})",
        _WRONG_PLACE,
    ),
    _Meaning(
        {
            "Throttling",
            "ThrottlingException",
            "ProvisionedThroughputExceededException",
            "RequestLimitExceeded",
            "SlowDown",
            "ServiceUnavailable",
            "InternalServerError",
            "InternalError",
            "500",
            "503",
        },
        ServiceUnavailable,
        "AWS is busy ({operation}: {code}: {said})",
        "Try again in a while",
    ),
    _Meaning({"RequestTimeTooSkewed"}, ServiceUnavailable, "{said}", "Set the clock of this computer right"),
    _Meaning(set(), FlowtallyError, "AWS refused {operation} ({code}: {said})", ""),
)


def translate(error: Exception) -> FlowtallyError | None:
    """An error of the libraries as one of ours; None if it is nobody's but the programmer's."""
    if isinstance(error, FlowtallyError):
        return error
    if isinstance(error, aws.ClientError):
        return _refusal(error)
    if isinstance(error, aws.BotoCoreError):
        return _failure(error)
    if isinstance(error, OSError):
        return FlowtallyError(error.strerror or str(error), where=str(error.filename or ""))
    return None


def is_denied(error: aws.ClientError) -> bool:
    """Whether it is for a missing permission that AWS refused."""
    return error_code(error) in _DENIED


def refuse_foreign_answer(
    operation_model: OperationModel, response_dict: Mapping[str, Any], **_: Any
) -> None:
    """Refuses an answer that is not AWS's: a page of a proxy, or what lacks the number of the request.

    Called by botocore before it reads an answer. Errors of servers are left to its retries, and refusals
    in AWS's form to their codes.

    Raises:
        ServiceUnavailable: something else answered.
    """
    headers = {name.lower() for name in response_dict["headers"]}
    status, body = response_dict["status_code"], response_dict["body"]
    is_refusal = status >= 300 and (
        operation_model.http["method"] == "HEAD" or (isinstance(body, bytes) and body.startswith(_FORMS))
    )
    if status < 500 and not headers & _REQUEST_IDS and not is_refusal:
        raise ServiceUnavailable(
            f"something else than AWS answered, with status {status}",
            remedy="Check the proxy settings: a proxy may want you to log in. Else check --endpoint-url",
        )


def _failure(error: aws.BotoCoreError) -> FlowtallyError:
    """What went wrong before AWS gave an answer."""
    said = visible(str(error)).rstrip(".")
    if isinstance(error, _CREDENTIALS):
        return UsageError(
            f"no usable AWS credentials ({said})",
            remedy="Log in (`aws configure` or `aws sso login`), name a profile with --profile, "
            "or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
        )
    if isinstance(error, aws.ProfileNotFound):
        return UsageError(said, remedy="Name one of `aws configure list-profiles` with --profile")
    if isinstance(error, aws.NoRegionError):
        return UsageError("no AWS region is set", remedy="Name one with --region, or set AWS_REGION")
    if isinstance(error, _SILENCE):
        return ServiceUnavailable(said, remedy=_about_the_endpoint(said))
    return FlowtallyError(said)


def _about_the_endpoint(said: str) -> str:
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if endpoint and endpoint.rstrip("/") in said:
        return f"AWS_ENDPOINT_URL says {endpoint}: start what is to answer there, or unset it to talk to AWS"
    return "Check the network, the proxy settings, and what --region and --endpoint-url say"


def _refusal(error: aws.ClientError) -> FlowtallyError:
    """What AWS answered instead of doing what it was asked."""
    code = visible(error_code(error))
    said = visible(error.response["Error"].get("Message", "")).rstrip(".") or code
    meaning = next((m for m in _MEANINGS if code in m.codes), _MEANINGS[-1])
    found = meaning.found.format(operation=error.operation_name, code=code, said=said)
    return meaning.kind(found, remedy=meaning.remedy)
