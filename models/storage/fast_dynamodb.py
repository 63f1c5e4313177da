"""DynamoDB writes at a fraction of what boto3 spends on them.

A flow file costs ten times more client CPU in writes than in reading, and most of that is boto3
finding out anew for every call what does not change: endpoint, user agent, shape of the request. Here
the same request is encoded, signed and sent directly. Whatever is not a plain success or a failed
condition is handed to boto3, with all its care for retries, clocks and credentials. A request may
thus be sent twice; the protocols of both stages expect that.
"""

import hashlib
import hmac
import zlib
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson
import urllib3
from botocore.exceptions import ClientError
from botocore.httpsession import get_cert_path
from botocore.utils import get_environ_proxies

if TYPE_CHECKING:
    from botocore.credentials import Credentials, ReadOnlyCredentials
    from types_boto3_dynamodb import DynamoDBClient

_CONTENT_TYPE = "application/x-amz-json-1.0"
_API = "DynamoDB_20120810"
_TIMEOUT = urllib3.Timeout(connect=5, read=60)


class FastDynamoDB:
    """A DynamoDB client whose `update_item` is cheap; every other operation is boto3's own.

    Args:
        client: the boto3 client whose endpoint and region are used.
        credentials: those of its session.
        connections: how many requests may be under way at once.
    """

    def __init__(self, client: "DynamoDBClient", credentials: "Credentials", connections: int) -> None:
        self._client = client
        self._credentials = credentials
        self._region = client.meta.region_name
        endpoint = urlsplit(client.meta.endpoint_url)
        self._host = endpoint.netloc
        self._proxied = bool(get_environ_proxies(client.meta.endpoint_url))
        self._pool = urllib3.connection_from_url(
            client.meta.endpoint_url,
            maxsize=connections,
            block=True,
            timeout=_TIMEOUT,
            retries=False,
            **({"ca_certs": get_cert_path(True)} if endpoint.scheme == "https" else {}),
        )

    def __getattr__(self, operation: str) -> Any:
        return getattr(self._client, operation)

    def update_item(self, **request: Any) -> Any:
        """Exactly `DynamoDBClient.update_item`, errors included."""
        if self._proxied:
            return self._client.update_item(**request)
        body = orjson.dumps(request, default=_base64)
        try:
            answer = self._pool.urlopen("POST", "/", body=body, headers=self._signed("UpdateItem", body))
            content = _checked(answer)
        except urllib3.exceptions.HTTPError:
            return self._client.update_item(**request)
        if answer.status == 200:
            return _decoded(content, "Attributes")
        if content.get("__type", "").endswith("ConditionalCheckFailedException"):
            raise _condition_failed(content, answer.status)
        return self._client.update_item(**request)

    def _signed(self, operation: str, body: bytes) -> dict[str, str]:
        """The headers of a request, signed as Signature Version 4 demands."""
        credentials: ReadOnlyCredentials = self._credentials.get_frozen_credentials()
        now = datetime.now(UTC)
        day, time = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
        headers = {
            "content-type": _CONTENT_TYPE,
            "host": self._host,
            "x-amz-date": time,
            "x-amz-target": f"{_API}.{operation}",
        }
        if credentials.token:
            headers["x-amz-security-token"] = credentials.token
        names = ";".join(sorted(headers))
        fields = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
        canonical = f"POST\n/\n\n{fields}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        scope = f"{day}/{self._region}/dynamodb/aws4_request"
        text = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = _signing_key(credentials.secret_key, day, self._region)
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key}/{scope}, SignedHeaders={names}, "
            f"Signature={hmac.digest(key, text.encode(), 'sha256').hex()}"
        )
        return headers


@lru_cache(maxsize=8)
def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, "dynamodb", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _checked(answer: "urllib3.BaseHTTPResponse") -> dict[str, Any]:
    """The content of an answer.

    Raises:
        HTTPError: it was damaged on the way, or is none of DynamoDB's.
    """
    expected = answer.headers.get("x-amz-crc32")
    if expected is not None and expected != str(zlib.crc32(answer.data)):  # it may be damaged, and no number
        raise urllib3.exceptions.HTTPError("checksum differs")
    try:
        content: dict[str, Any] = orjson.loads(answer.data)
    except orjson.JSONDecodeError as error:
        raise urllib3.exceptions.HTTPError("not JSON") from error
    return content


def _condition_failed(content: dict[str, Any], status: int) -> ClientError:
    details: Any = {
        "Error": {
            "Code": "ConditionalCheckFailedException",
            "Message": content.get("message", content.get("Message", "")),
        },
        "ResponseMetadata": {"HTTPStatusCode": status},
        **_decoded(content, "Item"),
    }
    return ClientError(details, "UpdateItem")


def _decoded(content: dict[str, Any], part: str) -> dict[str, Any]:
    """The answer with the binary values of an item as bytes."""
    for value in content.get(part, {}).values():
        if "B" in value:
            value["B"] = b64decode(value["B"])
        elif "BS" in value:
            value["BS"] = [b64decode(member) for member in value["BS"]]
    return content


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return b64encode(value).decode()
    raise TypeError(type(value))
