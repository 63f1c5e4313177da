"""Files that trickle in while workers are under fire, and what must be in the tables in the end."""

import datetime
from pathlib import Path

from models.deployment import Deployment
from perf.data.generate import generate_day
from perf.data.oracle import daily_totals_by_duckdb, merged, statistics_of
from tests.helpers.deployed import stored_days, stored_statistics, upload

_FIRST_DAY = datetime.date(2022, 10, 1)
_DAYS = 40  # after which they come again, with other flows


class Trickle:
    """Generated files, uploaded one by one.

    Args:
        deployment: where to.
        folder: where they lie, for the oracle.
        rows: flows of each.
        pairs: distinct pairs in each.
    """

    def __init__(self, deployment: Deployment, folder: Path, *, rows: int, pairs: int) -> None:
        self.files: list[Path] = []
        self._deployment = deployment
        self._folder = folder
        self._rows = rows
        self._pairs = pairs

    def send(self) -> None:
        """Uploads one more."""
        number = len(self.files)
        day = _FIRST_DAY + datetime.timedelta(number % _DAYS)
        file = self._folder / f"data-{day:%Y%m%d}-{number}.csv"
        file.write_bytes(b"".join(generate_day(day, seed=number, rows=self._rows, pairs=self._pairs)))
        self.files.append(file)
        upload(self._deployment, f"incoming/paris/{file.name}", file.read_bytes())

    def is_exact(self) -> bool:
        """Whether the tables hold what DuckDB computes from the same files."""
        expected = merged(map(daily_totals_by_duckdb, self.files))
        return stored_days(self._deployment) == expected and (
            stored_statistics(self._deployment) == statistics_of(expected)
        )
