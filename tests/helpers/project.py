"""Where the project's files lie, and the real traffic beside it."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
REAL_DATA = ROOT.parent / "shared" / "data"
STORAGE_TEMPLATE = ROOT / "cloudformation" / "storage.yaml"

needs_real_data = pytest.mark.skipif(
    not REAL_DATA.is_dir(), reason=f"the folder of real flow files is not there: {REAL_DATA}"
)
