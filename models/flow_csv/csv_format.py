"""The form of a flow file: whether it is text at all, and of commas."""

from collections.abc import Sequence

from models.errors import FileRejected

BOM = b"\xef\xbb\xbf"  # with which some tools begin text in UTF-8
MOST_NAMES = 1000  # of a header; CICFlowMeter's have 85 at most
_NAMES_SHOWN = 6
_NAME_WIDTH = 24

ADVICE = (
    "Export the flows with CICFlowMeter 3 or 4 as CSV with its header line: "
    "Src IP, Dst IP, Timestamp, Flow Duration and Tot Fwd Pkts are needed"
)
_UNPACK = "Unpack it, and upload the CSV in it, plain or gzipped"
_CONVERT = "Run CICFlowMeter 3 or 4 over it, and upload the CSV that it writes"
_SAVE = "Save it as CSV in UTF-8"
_OTHER_FORMATS = {  # first bytes of what is uploaded by mistake, what it is, and what to do
    b"\x1f\x8b": ("gzip data inside of gzip data", _UNPACK),
    b"PK\x03\x04": ("a ZIP archive or Excel workbook", f"{_UNPACK}; or save the workbook as CSV"),
    b"BZh": ("bzip2 data", _UNPACK),
    b"\xfd7zXZ": ("xz data", _UNPACK),
    b"\x28\xb5\x2f\xfd": ("Zstandard data", _UNPACK),
    b"PAR1": ("a Parquet file", _SAVE),
    b"\xd4\xc3\xb2\xa1": ("a packet capture", _CONVERT),
    b"\xa1\xb2\xc3\xd4": ("a packet capture", _CONVERT),
    b"\n\r\r\n": ("a packet capture", _CONVERT),
    b"\xff\xfe": ("UTF-16 text", _SAVE),
    b"\xfe\xff": ("UTF-16 text", _SAVE),
}
_SEPARATORS = {b";": "semicolons", b"\t": "tabs", b"|": "pipes"}
_FEWEST_SEPARATORS = 3  # between five columns there are more
_CONTROL_CHARACTERS = bytes({*range(32)} - {*b"\t\v\f"})


def check_is_text(start: bytes, first_line: bytes) -> None:
    """Makes sure that the first bytes, and the first line that is not blank, are those of a text.

    Raises:
        FileRejected: they are not.
    """
    for magic, (kind, remedy) in _OTHER_FORMATS.items():
        if start.startswith(magic):
            raise FileRejected(f"not text: this is {kind}", remedy=remedy)
    if first_line.translate(None, _CONTROL_CHARACTERS) != first_line:
        raise FileRejected(f"not text: the file begins with {shown([first_line])}", remedy=ADVICE)


def is_blank(line: bytes) -> bool:
    """Whether a line is no row: spreadsheets write empty rows as commas."""
    return not line.strip(b", \t\v\f\r\n")


def check_separator(line: bytes) -> None:
    """Makes sure that the first line that is not blank is not one of another separator than the comma.

    Raises:
        FileRejected: it is.
    """
    if line[:4].lower() == b"sep=":
        raise FileRejected(
            f"the first line is {shown([line])}, a hint for a spreadsheet",
            remedy="Remove that line, and save the file with commas between the columns",
        )
    for separator, name in _SEPARATORS.items():
        if line.count(separator) > max(line.count(b","), _FEWEST_SEPARATORS):
            found = shown(line.split(separator))
            raise FileRejected(
                f"the columns are separated by {name} instead of commas; found {found}",
                remedy="Save the file as CSV with commas between the columns, and points in numbers",
            )


def check_number(fields: Sequence[bytes]) -> None:
    """Makes sure that the first line has no more fields than any header.

    Raises:
        FileRejected: it has.
    """
    if len(fields) > MOST_NAMES:
        raise FileRejected(
            f"the first line has {len(fields):,} fields, {MOST_NAMES:,} are the most; found {shown(fields)}",
            remedy=ADVICE,
        )


def listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def shown(fields: Sequence[bytes]) -> str:
    """The first fields of a line, for a message."""
    names = [field.decode("utf-8", "replace").strip() for field in fields[:_NAMES_SHOWN]]
    short = [repr(name if len(name) <= _NAME_WIDTH else name[: _NAME_WIDTH - 1] + "…") for name in names]
    more = len(fields) - len(short)
    return ", ".join(short) + (f" and {more} more" if more > 0 else "")
