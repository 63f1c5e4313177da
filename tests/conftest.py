"""What tests share: one embedded engine a session, and a fresh deployment for each test that asks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clients.engine import EmbeddedEngine
from cloudformation.stack import deploy_stack
from models.aws import client
from models.deployment import Deployment

ROOT = Path(__file__).parent.parent
REAL_DATA = ROOT.parent / "shared" / "data"
STORAGE_TEMPLATE = ROOT / "cloudformation" / "storage.yaml"

needs_real_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason=f"the folder of real flow files is not there: {REAL_DATA}"
)


@pytest.fixture(scope="session")
def engine() -> Iterator[EmbeddedEngine]:
    """The embedded engine, started once."""
    with EmbeddedEngine() as running:
        yield running


@pytest.fixture
def deployment(engine: EmbeddedEngine, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """flowtally's storage, new and empty, with this process's environment pointing to it."""
    engine.reset()
    for name, value in engine.environment().items():
        monkeypatch.setenv(name, value)
    cloudformation = client("cloudformation")
    deploy_stack(cloudformation, "flowtally", STORAGE_TEMPLATE.read_text(), {})
    return Deployment.from_stack(cloudformation, "flowtally")
