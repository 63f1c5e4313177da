"""What tests of policies share."""

from collections.abc import Iterator

import pytest

from clients.local_aws.engine import EmbeddedEngine
from tests.helpers.policies import GuardedStack


@pytest.fixture(scope="module")
def stack() -> Iterator[GuardedStack]:
    """Everything deployed, once."""
    with EmbeddedEngine(authorize=True) as engine:
        yield GuardedStack(engine)
