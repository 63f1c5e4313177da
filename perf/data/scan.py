"""The file of a device that scans: as many pairs as rows."""

from pathlib import Path

_HEADER = b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts\n"
_ROWS_AT_ONCE = 4096


def write_scan(file: Path, pairs: int) -> None:
    """Makes the file of a device that looks at so many others."""
    with file.open("wb") as out:
        out.write(_HEADER)
        for first in range(0, pairs, _ROWS_AT_ONCE):
            numbers = range(first, min(first + _ROWS_AT_ONCE, pairs))
            hosts = (f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in numbers)
            rows = (f"192.168.20.43,{host},07/12/2022 05:26:38 PM,20,1\n" for host in hosts)
            out.write("".join(rows).encode())
