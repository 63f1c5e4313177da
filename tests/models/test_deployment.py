"""What workers and clients know of a deployment: read from strings, refused where it cannot be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.deployment import LAYOUT, Deployment
from models.errors import OtherLayout, UsageError

DEPLOYED = Deployment("bucket", "queue", "dead", "daily", "pairs", "files", "stream", bytes(range(16)))


@given(st.binary(min_size=1, max_size=64), st.sampled_from(["enterprise", "branch"]))
def test_a_worker_reads_what_a_deployment_writes(key: bytes, scope: str) -> None:
    """The settings of a worker make the same deployment again."""
    made = Deployment("b", "q", "d", "t", "p", "f", "s", key, LAYOUT, scope)  # type: ignore[arg-type]
    assert Deployment.from_environment(made.to_environment()) == made


@pytest.mark.parametrize("name", [name for name in DEPLOYED.to_environment() if "SCOPE" not in name])
def test_a_setting_that_is_missing_is_named(name: str) -> None:
    """Each but the scope of addresses, which has a default."""
    settings = {key: value for key, value in DEPLOYED.to_environment().items() if key != name}
    with pytest.raises(UsageError, match=f"{name} not set"):
        Deployment.from_environment(settings)


@pytest.mark.parametrize("layout", ["1", str(LAYOUT + 1), "two"])
def test_a_worker_refuses_tables_of_another_layout(layout: str) -> None:
    """It names both layouts and says what to do, whatever else is missing."""
    with pytest.raises(
        OtherLayout, match=rf"layout {layout}, and .* layout {LAYOUT}.*upload the files again"
    ):
        Deployment.from_environment({"FLOWTALLY_LAYOUT": layout})


def test_a_key_that_is_none_is_refused() -> None:
    """So that a typing error does not name files by another key."""
    with pytest.raises(UsageError, match="FLOWTALLY_SOURCE_KEY is not in hex"):
        Deployment.from_environment(DEPLOYED.to_environment() | {"FLOWTALLY_SOURCE_KEY": "key"})
