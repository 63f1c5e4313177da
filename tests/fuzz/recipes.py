"""What a fuzzer's bytes stand for: a flow file, and how it is packed and delivered.

A fuzzer that mutates gzip data gets nowhere, and one that starts from nothing does not find a header. So
the first two bytes of an input choose the packing, a header to begin with, the size of the pieces
that the stream gives, and the limits of the reader; the rest is text.
"""

import io
import zlib
from typing import NamedTuple

V3_HEADER = (
    b"Flow ID, Source IP, Source Port, Destination IP, Timestamp, Flow Duration, Total Fwd Packets, Label"
)
HEADER = b"Src IP,Dst IP,Timestamp,Flow Duration,Tot Fwd Pkts"
_PIECES = (7, 64, 1000, 1 << 16, 31, 200, 4096, 1 << 16)

ROW = b"10.0.0.1,10.0.0.2,07/12/2022 05:26:38 PM,1000,3"
V4_ROW = b"id,10.0.0.1,443,10.0.0.2,5,6,07/12/2022 01:02:03 AM,1.5E3,3.0" + b",0" * 74 + b",No Label"

PYTHON_HEADER = b"src_ip,dst_ip,timestamp,flow_duration,flow_pkts_s,tot_fwd_pkts,tot_bwd_pkts"
SWAPPED = b"src_ip,dst_ip,timestamp,flow_duration,tot_bwd_pkts,tot_fwd_pkts,flow_pkts_s"
PYTHON_ROW = b"10.0.0.1,10.0.0.2,2022-12-07 1,0.5,4,1,1"

# With a row that counts, what follows is not rejected for want of one.
_BEGINNINGS = (
    b"",
    HEADER + b"\n",
    V3_HEADER + b"\r\n",
    b'\xef\xbb\xbf"Label",' + HEADER + b"\r",
    HEADER + b"\n" + ROW + b"\n",
    V3_HEADER + b"\r\n1,10.0.0.1,80,10.0.0.2,07/12/2022,5,6,x\r\n",
    V4_ROW + b"\n",
    PYTHON_HEADER + b"\n" + PYTHON_ROW + b"\n",
)

_AT_A_LIMIT = (  # duration, rate, packets
    *(b"1.001,4,3,1", b"1.0010000000000001,4,3,1", b"999000,4,3,1", b"0.999,4.0,3,1", b"998999.5,4,3,1"),
    *(b"99.900000000000001,9.9899999999999999,999,0", b"123456789012345678e-17,1e17,3,2e17", b"2.5,0,1,1"),
    *(b"1000000000000,1,1,1", b"1000000000000.1,1,1,1", b"1e-99,1e99,1,-1", b"1E+999,1e-999,1,1.5"),
    *(b'"1.001",inf,1,1', b"1.20E+02,1.20E+03,144000,1.20E+03", b"0.1234567890123456789,9,1,9e18"),
)

SEEDS = (
    b"",
    b"\n \r\n",
    HEADER,
    ROW + b"\n" + ROW + b"\r\n" + ROW,
    V4_ROW + b"\n" + V4_ROW[:-9] + b"\n" + V4_ROW,
    b'"10.0.0.1","10.0.0.2","2022-12-07T01:02:03","1000","3"\n"10.0.0.1,x\n' + HEADER + b"\n" + ROW + b",",
    b"fe80::1%eth0,::ffff:10.0.0.1,7/2/1970,1E12,0.0\n8.6.0.1,8.0.6.4,31/02/2022,-1,1e999\n\0\n" + ROW[:20],
    b"10.0.0.1,10.0.0.2,7/2/1970,1000000000000,1\n" * 2 + b"10.0.0.1,10.0.0.2,7/2/1970,1000000000001,1\n",
    b"10.0.0.1,10.0.0.2,7/2/1970,1,1000000000001\n",
    b"src_ip,dst_ip,flow_duration\n1,2,3\n",
    b"src_ip,dst_ip,timestamp,flow_duration,flow_pkts_s,tot_fwd_pkts,tot_bwd_pkts\n"
    b"10.0.0.1,10.0.0.2,2022-12-07 1,0.5,4,1,1\n10.0.0.1,10.0.0.2,2022-12-07 1,500000,4,1,1\n"
    b"10.0.0.3,10.0.0.2,2022-12-07 1,0.25,4,1,0\n10.0.0.1,10.0.0.2,2022-12-07 1,1e-7,0,1,1\n",
    PYTHON_HEADER + b"\n" + b"".join(b"10.0.0.1,::2,2022-12-07 1,%b\n" % values for values in _AT_A_LIMIT),
    ROW
    + HEADER
    + b"\n"
    + ROW
    + b"\n"
    + HEADER
    + b",Label\n"
    + ROW
    + b",x\n,,,,\n"
    + ROW[:30]
    + HEADER
    + b",a,b\n"
    + ROW,
    b"10.0.0.1,10.0.0.2,2017/7/5,1.20E+08,1\n10.0.0.1,10.0.0.2,5.7.2017,1.2E+01,1\n10.0.0.1,10.0.0.2,11/13/2019,1,1\n",
    b"10.0.0.1,10.0.0.2,13-11-2019,1,1\n10.0.0.1,::2,11/13/2019,1,1\n1,10.0.0.1,10.0.0.2,07/12/2565,1,1\n",
    b"".join(b"10.0.0.%d,10.0.0.2,07/12/2022,1,1\n" % n for n in range(20)),
    b"PK\x03\x04\x14\0",
    "10.0.0.1,10.0.0.2,07/12/2022,٣,𝟛\n\u2028\u0085,Ünïcødé\U0001f4a5,\u202e\n".encode(),
    b"\xff\xfeS\0r\0c\0",
    HEADER.replace(b",", b";") + b"\n" + ROW.replace(b",", b";"),
    b"sep=,\n" + HEADER,
    HEADER
    + b",Labe\x14l\n"
    + ROW
    + b",x\n"
    + ROW
    + b",x,y\n"
    + HEADER
    + b",Src IP\n"
    + ROW
    + b",1,2\n"
    + ROW,
    ROW + b"," * 3000 + b"\n" + ROW,
    b'"::1%a,b",::2,1/1/2022,1,1\n' * 2
    + b'::1%a,"b,::2",1/1/2022,5,5\n"::1%""'
    + b" " * 124
    + b'x",::2,1/1/2022,1,1\n',
    b"10.0.0.1,::2,1/1/2022,1,1231,1,1.23E+03\n10.0.0.1,::2,1/1/2022,1,1241,1,12.4E+02\n"
    + SWAPPED
    + b"\n"
    + PYTHON_ROW,
    b"1" * 5000 + b",10.0.0.2,07/12/2022,1,1\n10.0.0.1,10.0.0.2,07/12/2022," + b"9" * 5000 + b",1",
)

DICTIONARY = (
    *(name.strip() for name in HEADER.split(b",")),
    *(b"Source.IP", b"dst_ip", b"Flow_Duration", b"Total Fwd Packet", b"src_ip,flow_duration"),
    *(ROW, V4_ROW, HEADER, b"10.0.0.1", b"::1", b"07/12/2022", b"2022-12-07", b"29/02/2023", b"1970"),
    *(PYTHON_ROW, b",1.001,4,3,1", b",998999.5,4,3,1", b"1000000000000.1", b"1e-99", b"99900000000000001"),
    *(SWAPPED, b'"::1%a,b"', b'"b,::2"', b" " * 99, b'"1.1.1.1', b"12.3E+03", b"01.2E+03", b"1.23E+03"),
    *(b"1E12", b"1000000000001", b"-1", b"14.0", b"0.5", b"1e-3", b"NaN", b"Infinity", b"9" * 40),
    *(
        b"2022/1/2",
        b"5-7-2017",
        b"11/13/2019",
        b"1.20E+08",
        b"flow_pkts_s",
        b"tot_bwd_pkts",
        b"flow_duration",
        b"sep=,",
        b";",
        b"|",
        b"\t",
        b",,,,",
    ),
    *(b",", b'"', b'""', b",,", b"\n", b"\r", b"\r\n", b"\r\r\n", b"\0", b"\xef\xbb\xbf", b"\x1f\x8b"),
)


class Delivery(NamedTuple):
    """A flow file on its way.

    Attributes:
        stored: the bytes as they are stored.
        content: what they hold; None if they are damaged.
        piece: bytes that a read gives at most.
        is_cut_off: whether the end is missing.
        is_to_scale: whether it is read with the usual limits, not with small ones.
    """

    stored: bytes
    content: bytes | None
    piece: int
    is_cut_off: bool = False
    is_to_scale: bool = True


class Stream:
    """Gives a few bytes at a time."""

    def __init__(self, data: bytes, piece: int) -> None:
        self._data = io.BytesIO(data)
        self._piece = piece

    def read(self, size: int, /) -> bytes:
        return self._data.read(min(size, self._piece))


def gzipped(content: bytes) -> bytes:
    """A gzip file, made in little time and memory, which is what a fuzzer needs."""
    packer = zlib.compressobj(1, wbits=16 | 9, memLevel=1)
    return packer.compress(content) + packer.flush()


def delivery(data: bytes) -> Delivery:
    """The flow file that some bytes stand for."""
    return _packed(data)._replace(is_to_scale=data[1:2] < b"\x80")


def _packed(data: bytes) -> Delivery:
    first, second = (data + b"\0\0")[:2]
    content = _BEGINNINGS[first >> 3 & 7] + data[2:]
    piece = _PIECES[second % len(_PIECES)]
    packing = first & 7
    if packing < 3:
        return Delivery(content, None if content.startswith(b"\x1f\x8b") else content, piece)
    packed = gzipped(content)
    if packing == 3:
        return Delivery(packed, content, piece)
    if packing == 4:  # two members, and padding
        return Delivery(packed + packed + b"\0" * second, content + content, piece)
    place = len(packed) * second // 256
    if packing == 5:
        return Delivery(packed[:place], None, piece, is_cut_off=True)
    if packing == 6:
        return Delivery(packed[:place] + bytes([packed[place] ^ 0x5A]) + packed[place + 1 :], None, piece)
    return Delivery(packed + content, None, piece)
