"""Copies of objects that are larger than S3 copies by one request: it takes less of that here than on AWS."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from models.deployment import Deployment
from models.errors import error_code
from models.storage import objects
from models.storage.objects import LARGEST_COPY, PART, StoredObject, copy_object
from tests.helpers.deployed import client, keys, upload

CONTENT = bytes(range(256)) * 100
SOURCE, COPY = "incoming/paris/a b.csv", "rejected/etag/paris/a b.csv"


class Watched:
    """An S3 client that tells what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(client("s3"), name)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if S3 copied no more than 10,000 bytes by one request."""
    monkeypatch.setattr(objects, "LARGEST_COPY", 10_000)
    monkeypatch.setattr(objects, "PART", 9_000)


@pytest.fixture
def source(deployment: Deployment) -> StoredObject:
    upload(deployment, SOURCE, CONTENT)
    etag = client("s3").head_object(Bucket=deployment.bucket, Key=SOURCE)["ETag"]
    return StoredObject(deployment.bucket, SOURCE, etag, len(CONTENT))


def test_the_limits_are_those_of_s3() -> None:
    """5 GiB by one request; parts of at most that, and 10,000 of them for the largest object of 5 TiB."""
    assert LARGEST_COPY == 5 * 1024**3
    assert PART <= LARGEST_COPY
    assert 10_000 * PART >= 5 * 10**12


def test_a_large_object_is_copied_in_parts(small: None, source: StoredObject) -> None:
    """Byte for byte, the last part being shorter, and with the metadata of the copy."""
    s3 = Watched()
    copy_object(s3, source, COPY, {"reason": "too bad"})  # type: ignore[arg-type]
    assert s3.asked == ["create_multipart_upload", *["upload_part_copy"] * 3, "complete_multipart_upload"]
    copied = client("s3").get_object(Bucket=source.bucket, Key=COPY)
    assert copied["Body"].read() == CONTENT
    assert copied["Metadata"] == {"reason": "too bad"}


def test_what_one_request_can_copy_takes_one(source: StoredObject, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to the limit, that included."""
    monkeypatch.setattr(objects, "LARGEST_COPY", len(CONTENT))
    s3 = Watched()
    copy_object(s3, source, COPY)  # type: ignore[arg-type]
    assert s3.asked == ["copy_object"]
    assert client("s3").get_object(Bucket=source.bucket, Key=COPY)["Body"].read() == CONTENT


def test_parts_are_of_one_version(small: None, source: StoredObject, deployment: Deployment) -> None:
    """An object that is overwritten between two parts is not copied, neither before nor after."""

    class Overwritten(Watched):
        """Somebody uploads another content before the second part."""

        def upload_part_copy(self, **asked: Any) -> Any:
            if asked["PartNumber"] == 2:
                upload(deployment, SOURCE, CONTENT[::-1])
            return client("s3").upload_part_copy(**asked)

    with pytest.raises(ClientError) as refused:
        copy_object(Overwritten(), source, COPY)  # type: ignore[arg-type]
    assert error_code(refused.value) == "PreconditionFailed"
    assert keys(deployment) == [SOURCE]


def test_a_copy_in_parts_replaces_nothing_that_it_must_not(
    small: None, source: StoredObject, deployment: Deployment
) -> None:
    """The condition holds for the whole: with another object there, that one stays."""
    upload(deployment, COPY, b"another")
    with pytest.raises(ClientError) as refused:
        copy_object(client("s3"), source, COPY, IfNoneMatch="*")
    assert error_code(refused.value) == "PreconditionFailed"
    assert client("s3").get_object(Bucket=source.bucket, Key=COPY)["Body"].read() == b"another"
