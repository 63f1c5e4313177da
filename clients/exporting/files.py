"""Where tables go: files, all of them or nothing; pipes; standard output."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO, NamedTuple

from clients.exporting.csv_table import write_compressed_csv, write_csv
from clients.exporting.excel_table import write_excel
from clients.exporting.json_table import write_json, write_json_lines
from clients.exporting.locales import NumberFormat
from clients.exporting.parquet_table import write_parquet
from clients.exporting.table import Table
from models.errors import FlowtallyError, UsageError

STANDARD_OUTPUT = "-"

Write = Callable[[BinaryIO, Table], None]


class Form(NamedTuple):
    """A form of files.

    Attributes:
        name: as people choose it.
        suffixes: of the names of such files.
        write: writes one.
        is_text: whether a terminal shows it.
    """

    name: str
    suffixes: tuple[str, ...]
    write: Write
    is_text: bool = True


FORMS: Mapping[str, Form] = {
    form.name: form
    for form in (
        Form("csv", (".csv",), write_csv),
        Form("csv.gz", (".csv.gz",), write_compressed_csv, is_text=False),
        Form("json", (".json",), write_json),
        Form("jsonl", (".jsonl", ".ndjson"), write_json_lines),
        Form("parquet", (".parquet",), write_parquet, is_text=False),
        Form("xlsx", (".xlsx",), write_excel, is_text=False),
    )
}


def form_for(target: str, name: str | None) -> Form:
    """The form of a file: the one that is named, or else by its suffix; CSV where there is none.

    Raises:
        UsageError: no form has this suffix, or a terminal cannot show it.
    """
    form = FORMS[name] if name else _by_suffix(target)
    if target == STANDARD_OUTPUT and not form.is_text and sys.stdout.isatty():
        raise UsageError(
            f"{form.name} is not for a terminal",
            remedy="Name a file with --output, or lead it into a program",
        )
    return form


def with_numbers(form: Form, numbers: NumberFormat) -> Form:
    """The same form, with numbers written so.

    Raises:
        UsageError: in this form all write numbers alike.
    """
    writers = {"csv": write_csv, "csv.gz": write_compressed_csv}
    if form.name not in writers:
        raise UsageError(
            f"{form.name} files hold numbers as programs read them", where="--locale", remedy="It is for CSV"
        )
    write = writers[form.name]
    return form._replace(write=lambda file, table: write(file, table, numbers))


def write_table(target: str, table: Table, write: Write = write_csv) -> None:
    """Writes a table, all of it or nothing.

    Args:
        target: the file's name; `-` is standard output.
        table: what.
        write: how.

    Raises:
        FlowtallyError: the file cannot be written.
    """
    try:
        with _opened(target) as file:
            write(file, table)
    except BrokenPipeError:
        raise
    except OSError as error:  # it would name the draft
        raise FlowtallyError(f"cannot be written ({error.strerror or error})", where=target) from error


def _by_suffix(target: str) -> Form:
    name = Path(target).name.lower()
    for form in FORMS.values():
        if name.endswith(form.suffixes):
            return form
    if not Path(name).suffix or (Path(target).exists() and not Path(target).is_file()):
        return FORMS["csv"]
    known = ", ".join(suffix for form in FORMS.values() for suffix in form.suffixes)
    raise UsageError(
        f"no form has the suffix {Path(name).suffix}",
        where=target,
        remedy=f"Give the file one of {known}, or say --format",
    )


@contextmanager
def _opened(target: str) -> Iterator[BinaryIO]:
    if target == STANDARD_OUTPUT:
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.flush()
        return
    path = Path(target)
    if path.exists() and not path.is_file():  # a pipe or a device, which nothing can replace
        with path.open("wb") as file:
            yield file
        return
    with NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as draft:
        try:
            yield draft  # type: ignore[misc]  # a file by another name
            draft.flush()
            os.fsync(draft.fileno())
            Path(draft.name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask())
            Path(draft.name).replace(path.resolve())
        except BaseException:
            Path(draft.name).unlink(missing_ok=True)
            raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
