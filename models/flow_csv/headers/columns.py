"""The columns of flow files, and the header line of CICFlowMeter 4."""

from typing import NamedTuple


class Columns(NamedTuple):
    """Where the five values stand in a row, counted from 0."""

    source: int
    destination: int
    timestamp: int
    duration: int
    packets: int


class UnitColumns(NamedTuple):
    """Where the values stand that prove a unit, counted from 0."""

    duration: int
    forward: int  # packets
    backward: int  # packets
    rate: int  # packets per second


class Header(NamedTuple):
    """A header line.

    Attributes:
        columns: where its five names stand.
        width: how many names it has.
    """

    columns: Columns
    width: int

    @property
    def is_full(self) -> bool:
        """Whether it is CICFlowMeter's own, under which some releases write a field more."""
        return self.columns == V4_COLUMNS and self.width == V4_WIDTH


V4_COLUMNS = Columns(source=1, destination=3, timestamp=6, duration=7, packets=8)
V4_HEADER = (
    b"Flow ID,Src IP,Src Port,Dst IP,Dst Port,Protocol,Timestamp,Flow Duration,Tot Fwd Pkts,Tot Bwd Pkts,"
    b"TotLen Fwd Pkts,TotLen Bwd Pkts,Fwd Pkt Len Max,Fwd Pkt Len Min,Fwd Pkt Len Mean,Fwd Pkt Len Std,"
    b"Bwd Pkt Len Max,Bwd Pkt Len Min,Bwd Pkt Len Mean,Bwd Pkt Len Std,Flow Byts/s,Flow Pkts/s,"
    b"Flow IAT Mean,Flow IAT Std,Flow IAT Max,Flow IAT Min,Fwd IAT Tot,Fwd IAT Mean,Fwd IAT Std,"
    b"Fwd IAT Max,Fwd IAT Min,Bwd IAT Tot,Bwd IAT Mean,Bwd IAT Std,Bwd IAT Max,Bwd IAT Min,Fwd PSH Flags,"
    b"Bwd PSH Flags,Fwd URG Flags,Bwd URG Flags,Fwd Header Len,Bwd Header Len,Fwd Pkts/s,Bwd Pkts/s,"
    b"Pkt Len Min,Pkt Len Max,Pkt Len Mean,Pkt Len Std,Pkt Len Var,FIN Flag Cnt,SYN Flag Cnt,RST Flag Cnt,"
    b"PSH Flag Cnt,ACK Flag Cnt,URG Flag Cnt,CWE Flag Count,ECE Flag Cnt,Down/Up Ratio,Pkt Size Avg,"
    b"Fwd Seg Size Avg,Bwd Seg Size Avg,Fwd Byts/b Avg,Fwd Pkts/b Avg,Fwd Blk Rate Avg,Bwd Byts/b Avg,"
    b"Bwd Pkts/b Avg,Bwd Blk Rate Avg,Subflow Fwd Pkts,Subflow Fwd Byts,Subflow Bwd Pkts,Subflow Bwd Byts,"
    b"Init Fwd Win Byts,Init Bwd Win Byts,Fwd Act Data Pkts,Fwd Seg Size Min,Active Mean,Active Std,"
    b"Active Max,Active Min,Idle Mean,Idle Std,Idle Max,Idle Min,Label"
)
V4_WIDTH = 84
V4_MIN_WIDTH = 83  # some leave out the label
