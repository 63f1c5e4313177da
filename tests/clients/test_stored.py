"""What is stored, and what that costs."""

import pytest

from clients.queries.stored import ObjectUse, TableUse
from clients.render.stored import stored_listing


def test_what_is_stored_has_its_price() -> None:
    """Tables at the price with point-in-time recovery, objects at that of S3; less than a cent is not 0."""
    stored = stored_listing(
        [TableUse("Large", 7, 200_000_000_000, is_exact=False), TableUse("Small", 1, 300, is_exact=True)],
        [ObjectUse("rejected/", ["a"], 10_000_000_000, [0.0]), ObjectUse("incoming/", [], 0, [])],
    )
    price = next(column for column in stored.columns if column.name == "dollars_a_month")
    values = [price.value(row) for row in stored.rows]
    assert values == pytest.approx([90.0, 1.35e-7, 0.23, 0.0])
    assert [price.shown(value) for value in values] == ["90.00", "< 0.01", "0.23", "0"]
