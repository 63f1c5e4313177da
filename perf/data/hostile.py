"""Files that cost whoever reads them far more than ordinary ones of their size, each by another trick.

All are flow files in form. What is in them is taken from reviews and searches: a reader that is quick with
ordinary rows is slow with one of these unless it was made for it, too.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from itertools import chain, count, cycle, islice, repeat

from perf.data.generate import generate_day

_NAMES = ["Src IP", "Dst IP", "Timestamp", "Flow Duration", "Tot Fwd Pkts"]
_HEADER = ",".join(_NAMES).encode() + b"\n"
_PYTHON_HEADER = b"src_ip,dst_ip,timestamp,flow_duration,tot_fwd_pkts,tot_bwd_pkts,flow_pkts_s\n"
_ROW = b"10.0.0.1,10.0.0.2,07/12/2022,1,3\n"
_SOURCE = b"10.0.0.1,10.0.0.2,"
_ORDINARY_ROWS = 100_000  # far more than any of these files has
_BLOCK = 1 << 16  # what a reader may take at a time
_WIDE = 1 << 20  # bytes of a very long line
_SPELLINGS = 32_767
_ANY_FILE = 3_000_000  # bytes that odd rows may count as in any file

Lines = Iterator[bytes]


def ordinary() -> Lines:
    """Rows of CICFlowMeter, as generated days have them."""
    return generate_day(date(2022, 12, 7), rows=_ORDINARY_ROWS)


def _rows(*rows: bytes) -> Callable[[], Lines]:
    """A header, and the same few rows again and again."""
    return lambda: chain([_HEADER, _ROW], repeat(b"\n".join(rows) + b"\n"))


def _blank_before() -> Lines:
    return repeat(b"\n")


def _headers() -> Lines:
    names = ",".join([*_NAMES, *(f"Column {n}" for n in range(_WIDE // 12))]).encode() + b"\n"
    return repeat(names)


def _header_below() -> Lines:
    wide = ",".join([*_NAMES, *(f"{n}" for n in range(_WIDE // 8))]).encode() + b"\n"
    return chain([_HEADER, _ROW], repeat(wide))


def _headers_in_turn() -> Lines:
    """No two alike, and each of another width."""
    commas = b"," * 5000
    return chain(
        [_HEADER, _ROW], (b"%s%s%d\n" % (_HEADER[:-1], commas[: 100 + n % 4900], n) for n in count())
    )


def _glued() -> Lines:
    return chain([_HEADER, _ROW], map(_odd_glued, count()))


def _as_many_as_may_be(
    odd: Callable[[int], bytes], counts_as: int, header: bytes = _HEADER, row: bytes = _ROW
) -> Callable[[], Lines]:
    """The odd rows that any file may have, then one behind as many good ones as it counts as bytes.

    Args:
        odd: makes a row from its number.
        counts_as: bytes; see `docs/input.md`.
        header: of the file.
        row: a good one.
    """
    at_once = _ANY_FILE // counts_as - 10
    between = row * (counts_as // len(row) + 1)
    rows = (odd(n) if n < at_once else odd(n) + between for n in count())
    later = repeat(between, at_once)
    return lambda: chain([header, row], islice(rows, at_once), later, rows)


def _odd_mapped(n: int) -> bytes:
    """Its addresses and its duration take long to read, and then its packets are below 0."""
    return b"::ffff:10.%d.%d.1%%a,::%x:%x:10.0.0.1%%b,1/12/2022,%d.0,-3\n" % (
        *(n >> 8 & 255, n & 255),
        *(n >> 8, n & 255, n),
    )


def _odd_quoted(n: int) -> bytes:
    return b'"2001:db8::%x:1","2001:db8::%x:2","07/12/2022","%d.0","-3"\n' % (n, n, n)


def _odd_glued(n: int) -> bytes:
    return b"10.0.0.1,%d%s" % (n, _HEADER)


def _long_zones() -> Lines:
    address = b"2001:db8:1111:2222:3333:4444:5555:6666%"
    return chain([_HEADER], (b"%s%025d,%s%025d,07/12/2022,1,3\n" % (address, n, address, n) for n in count()))


def _timestamps_only() -> Lines:
    return chain([_HEADER, _ROW], repeat(b",".join([b"timestamp"] * 4) + b"\n"))


def _wide_rows() -> Lines:
    return chain([_HEADER, _ROW], repeat(b"1," * (_WIDE // 2 - 8) + b"\n"))


def _wide_timestamps() -> Lines:
    return chain([_HEADER, _ROW], repeat(b"timestamp," * (_WIDE // 10 - 8) + b"\n"))


def _wide_quoted() -> Lines:
    return chain([_HEADER, _ROW], repeat(b'"1",' * (_WIDE // 4 - 8) + b"\n"))


def _quote_in_each_block() -> Lines:
    many = _ROW * (_BLOCK // 2 // len(_ROW))
    return chain([_HEADER], repeat(many + _ROW.replace(b"2022", b'2022 "')))


def _nul_in_each_block() -> Lines:
    many = _ROW * (_BLOCK // 2 // len(_ROW))
    return chain([_HEADER], repeat(many + _ROW.replace(b"2022", b"2022 \0")))


def _zones() -> Lines:
    spelled = [b"fe80::1%%%08x,10.0.0.2,07/12/2022,1,3\n" % n for n in range(_SPELLINGS)]
    return chain([_HEADER], cycle(spelled))


def _forgotten() -> Lines:
    spelled = [b"fe80::1%%%08x,10.0.0.2,07/12/2022,1,3\n" % n for n in range(140_000)]
    return chain([_HEADER], cycle(spelled))


def _pairs() -> Lines:
    hosts = (f"{n >> 24}.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}".encode() for n in count(1 << 24))
    return chain([_HEADER], (b"10.0.0.1,%s,07/12/2022,1,3\n" % host for host in hosts))


def _pairs_of_ipv6() -> Lines:
    return chain([_HEADER], (b"::1,%x::%x,07/12/2022,1,3\n" % (n & 0xFFFF, n >> 16) for n in count(1 << 24)))


def _quoted_pairs() -> Lines:
    """Each with a pair of quotes within its quotes."""
    rows = (b'"fe80::%x:%x%%""","::ffff:10.0.0.1","1/1/2022 """,1,3\n' % divmod(n, 1 << 16) for n in count())
    return chain([_HEADER], rows)


def _times() -> Lines:
    """What stands behind a day is part of how it is spelled, and of no other meaning."""
    times = (b"".join(bytes([33 + n // 93**k % 93]) for k in range(2)).replace(b",", b"~") for n in count())
    return chain(
        [_HEADER],
        (b"10.0.0.1,10.0.%d.2,1/1/2022 %s,1,3\n" % (n // 8649 % 256, time) for n, time in enumerate(times)),
    )


def _days() -> Lines:
    days = [date(1970, 1, 1) + timedelta(n) for n in range(47_000)]
    return chain([_HEADER], cycle(_SOURCE + day.isoformat().encode() + b",1,3\n" for day in days))


def _python_tool() -> Lines:
    return chain([_PYTHON_HEADER], repeat(b"::,::,2022-1-1,1,3,1,4\n"))


def _python_tool_in_turn() -> Lines:
    return chain([_PYTHON_HEADER], (b"::,::,2022-1-1,%d,3,1,4\n" % n for n in count()))


def _odd_python(n: int) -> bytes:
    """In either unit, and found to be so only behind its addresses."""
    hosts = n >> 8 & 255, n & 255, n & 255
    return b'"::ffff:%d.%d.1.2","::ffff:1.2.3.%d","2022-1-1","-1","3","1","9"\n' % hosts


def _python_rows(row: Callable[[int], bytes]) -> Callable[[], Lines]:
    """Rows of the tool. Those that prove no unit are read in both to their end."""
    return lambda: chain([_PYTHON_HEADER], map(row, count()))


WORST: Mapping[str, Callable[[], Lines]] = {
    "numbers as 1.0": _rows(b"10.0.0.1,10.0.0.2,07/12/2022,1.0,3.0"),
    "numbers as 1e0": _rows(b"10.0.0.1,10.0.0.2,07/12/2022,1e0,3e0"),
    "numbers with many zeros": _rows(b"10.0.0.1,10.0.0.2,07/12/2022," + b"0" * 30 + b"1,3"),
    "numbers as 1.20E+02": _rows(b"10.0.0.1,10.0.0.2,07/12/2022,1.20E+02,3"),
    "quoted fields": _rows(b'"10.0.0.1","10.0.0.2","07/12/2022","1","3"'),
    "a quote in each block": _quote_in_each_block,
    "a NUL in each block": _nul_in_each_block,
    "blanks around fields": _rows(b"10.0.0.1 ,10.0.0.2,07/12/2022,1,3"),
    "rows that cannot be counted": _rows(b"10.0.0.1,10.0.0.2,07/12/2022,1,-3"),
    "as many of them as may be": _as_many_as_may_be(lambda _: b"10.0.0.1,10.0.0.2,07/12/2022,1,-3\n", 1040),
    "the same, addresses that take long": _as_many_as_may_be(_odd_mapped, 1080),
    "the same, quoted": _as_many_as_may_be(_odd_quoted, 1080),
    "the same, headers glued to rows": _as_many_as_may_be(_odd_glued, 2700),
    "rows of one letter": _rows(b"x"),
    "rows of dates month first": _rows(b"10.0.0.1,10.0.0.2,12/13/2022,1,3"),
    "blank lines first": _blank_before,
    "blank lines": _rows(b""),
    "lines of a comma": _rows(b","),
    "ends of lines as CR": lambda: chain([_HEADER.replace(b"\n", b"\r")], repeat(_ROW.replace(b"\n", b"\r"))),
    "blank ends of lines as CR": lambda: chain([_HEADER, _ROW], repeat(b"\r")),
    "a header of 1 MB, repeated": _headers,
    "a header of 1 MB below": _header_below,
    "the header repeated": _rows(_HEADER[:-1]),
    "headers in turn": _headers_in_turn,
    "headers in turn, and no row": lambda: (b"%s,%d\n" % (_HEADER[:-1], n) for n in count()),
    "headers glued to rows": _glued,
    "rows that name a timestamp": _timestamps_only,
    "rows of 1 MB": _wide_rows,
    "rows of 1 MB that name timestamps": _wide_timestamps,
    "rows of 1 MB, quoted": _wide_quoted,
    "32,767 spellings with a zone": _zones,
    "140,000 spellings": _forgotten,
    "ever new zones": _long_zones,
    "two long zones": _rows(b"fe80::1%" + b"a" * 56 + b",fe80::2%" + b"b" * 56 + b",07/12/2022,1,3"),
    "as many pairs as rows": _pairs,
    "as many pairs of IPv6 as rows": _pairs_of_ipv6,
    "pairs with doubled quotes": _quoted_pairs,
    "a day in ever new spellings": _times,
    "47,000 days of a pair": _days,
    "rows of the Python cicflowmeter": _python_tool,
    "the same, no two alike": _python_tool_in_turn,
    "the same, of 20 digits": _python_rows(lambda n: b"::,::,2022-1-1,1.%019d,3,1,9\n" % n),
    "the same, rates of 28 digits": _python_rows(lambda n: b"::,::,2022-1-1,1,3,1,9.%027d\n" % n),
    "the same, packets below 0": _python_rows(lambda n: b"::,::,2022-1-1,1,3,-%d,9\n" % n),
    "the same, numbers of 100 KB": _python_rows(lambda n: b"::,::,2022-1-1,1.%0100000d,3,1,9\n" % n),
    "the same, as many odd ones as may be": _as_many_as_may_be(
        _odd_python, 2160, _PYTHON_HEADER, b"::,::,2022-1-1,1,3,1,9\n"
    ),
    "the same, as many pairs as rows": _python_rows(
        lambda n: b"::1,%x::%x,2022-1-1,1,3,1,4\n" % (n & 0xFFFF, n >> 16)
    ),
    "the same, numbers of 140 KB": _python_rows(lambda n: b"::,::,2022-1-1,1.%0140000d,3,1,9\n" % n),
}


def first_bytes(lines: Lines, size: int) -> bytes:
    """The beginning of a file, to its first line that reaches so many bytes."""
    held, length = [], 0
    for line in lines:
        held.append(line)
        length += len(line)
        if length >= size:
            break
    return b"".join(held)
