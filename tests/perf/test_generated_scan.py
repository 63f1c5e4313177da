"""The scan that the generator plants when it is asked to."""

from datetime import date
from pathlib import Path

from perf.data.generate import generate

SOURCE, DESTINATION, FORWARD = 1, 3, 8


def test_a_scan_is_beside_the_rest(tmp_path: Path) -> None:
    """Without it, and with it on other days, the bytes are the same; on its day a device touches many."""
    first = date(2022, 10, 9)
    usual, scanned = (
        generate(tmp_path / str(scan), first=first, days=2, megabytes=0.5, pairs=100, scan=scan)
        for scan in (False, True)
    )
    assert usual[0].read_bytes() == scanned[0].read_bytes()
    peers = {
        fields[DESTINATION]
        for fields in (line.split(",") for line in scanned[1].read_text().splitlines())
        if fields[SOURCE] == "192.168.20.31" and fields[FORWARD] == "1"
    }
    assert len([peer for peer in peers if peer.startswith("10.66.")]) == 60
