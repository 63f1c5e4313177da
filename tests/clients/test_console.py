"""Figures as people read them."""

import pytest

from clients.terminal.console import duration, number, size


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (duration(None), "–"),
        (duration(0), "0 s"),
        (duration(7), "7 µs"),
        (duration(1_234.5), "1.23 ms"),
        (duration(61.5e6), "1.02 min"),
        (duration(3_600e6), "1 h"),
        (duration(86_400e6 * 12.34), "12.3 d"),
        (number(None), "–"),
        (number(0.0), "0"),
        (number(5), "5"),
        (number(4.5), "4.50"),
        (number(123.4), "123"),
        (number(12_345), "12.3 k"),
        (number(3 * 10**12), "3 T"),
        (size(999), "999 B"),
        (size(12_345), "12.3 kB"),
    ],
)
def test_figures_for_people(shown: str, expected: str) -> None:
    """Three digits and a unit that suits them; what is not defined is a dash."""
    assert shown == expected
