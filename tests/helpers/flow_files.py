"""Small flow files: of five columns for the pipeline, and with more for the tests of their reader."""

import io
from collections.abc import Iterable

from models.flow_csv.flow_file import FlowFile, read_flow_file
from models.flow_csv.row_counters.row_counter import PythonRowCounter
from models.traffic import PairDay

HEADER = b"Flow ID,Src IP,Src Port,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts,Label"
ROW = b"id,10.0.0.1,80,10.0.0.2,07/12/2022 05:26:38 PM,1000,3,x"
QUOTED_HEADER = b'"Flow ID","Src IP","Src Port","Dst IP","Timestamp","Flow Duration","Tot Fwd Pkts","Label"'
FIVE_COLUMNS = "Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"
KEY = PairDay("10.0.0.1", "10.0.0.2", "2022-12-07")


def flow_csv(*flows: str, header: str = FIVE_COLUMNS) -> bytes:
    """A flow file of rows such as `10.0.0.1,10.0.0.2,07/12/2022 10:00:00 AM,1000,3`."""
    return "\n".join([header, *flows, ""]).encode()


def read(data: bytes) -> tuple[FlowFile, bytes]:
    """The flow file and its quarantine."""
    quarantine = io.BytesIO()
    flows = read_flow_file(io.BytesIO(data), quarantine)
    return flows, quarantine.getvalue()


def lines(*rows: bytes, header: bytes = HEADER, end: bytes = b"\n") -> bytes:
    """A file of a header and rows."""
    return b"".join(line + end for line in (header, *rows))


def row(**values: str) -> bytes:
    """A row with other values than `ROW`."""
    usual = {
        "source": "10.0.0.1",
        "destination": "10.0.0.2",
        "timestamp": "07/12/2022",
        "duration": "1000",
        "packets": "3",
    }
    v = usual | values
    return (
        f"id,{v['source']},80,{v['destination']},{v['timestamp']},{v['duration']},{v['packets']},x".encode()
    )


def v4_row(width: int = 84, **values: bytes) -> bytes:
    """A row in CICFlowMeter 4 order."""
    fields = [b"0"] * width
    fields[1], fields[3], fields[6], fields[7], fields[8] = (
        b"10.0.0.1",
        b"10.0.0.2",
        b"07/12/2022 01:02:03",
        b"1000",
        b"3",
    )
    fields[7] = values.get("duration", fields[7])
    return b",".join(fields)


def reasons(quarantine: bytes) -> list[tuple[int, str]]:
    """Line number of each quarantined row, and what was found in it; what to do stands behind that."""
    ends = [line.rsplit(b",", 2)[1:] for line in quarantine.split(b"\n")[1:-1]]
    return [(int(number), reason.decode().partition(": ")[0]) for number, reason in ends]


class CarefulRowCounter(PythonRowCounter):
    """Has doubts about every line."""

    def count_known(self, text: bytes, start: int) -> tuple[int, int]:
        """None."""
        return start, 0


class Stream:
    """Gives its data in pieces of these sizes, again and again."""

    def __init__(self, data: bytes, sizes: Iterable[int]) -> None:
        self.data, self.sizes = io.BytesIO(data), list(sizes)

    def read(self, size: int, /) -> bytes:
        """Never more than asked for."""
        self.sizes.append(self.sizes.pop(0))
        return self.data.read(min(size, self.sizes[0]))
