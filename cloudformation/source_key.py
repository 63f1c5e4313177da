"""The secret by which files are named in the daily totals: drawn once, and kept as long as the tables are."""

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cloudformation.stack import current, is_empty

if TYPE_CHECKING:
    from types_boto3_cloudformation import CloudFormationClient

PARAMETER = "SourceKey"
_BYTES = 16


def with_source_key(
    cloudformation: "CloudFormationClient", stack: str, parameters: Mapping[str, str]
) -> dict[str, str]:
    """Parameters of a storage stack, with a key of its own if it is yet to be made; else it keeps its key."""
    status, known = current(cloudformation, stack)
    if PARAMETER in known and not is_empty(status):
        return dict(parameters)
    return {PARAMETER: secrets.token_hex(_BYTES), **parameters}
