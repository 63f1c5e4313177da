"""Exports opened with LibreOffice, in English and in German: the cells hold the numbers of the tables."""

import json
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import date
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.program import Run, done

_SETTINGS = """<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Setup/L10N">
<prop oor:name="ooSetupSystemLocale" oor:op="fuse"><value>{}</value></prop>
</item></oor:items>"""
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_WIDEST = 100  # columns; what follows in a row is empty
_ROUNDED = 1e-14  # relatively: LibreOffice writes fifteen digits

Opened = Callable[[Path, str], list[list[Any]]]


@pytest.fixture
def opened(pytestconfig: pytest.Config, tmp_path: Path) -> Opened:
    """What a LibreOffice of some language finds in the cells of a file, its first row left out."""
    if not pytestconfig.getoption("--office"):
        pytest.skip("needs LibreOffice: make test-office")

    def cells_of(file: Path, locale: str) -> list[list[Any]]:
        home = tmp_path / f"office {locale}"
        (home / "user").mkdir(parents=True)
        (home / "user" / "registrymodifications.xcu").write_text(_SETTINGS.format(locale))
        separator = ord(";" if locale == "de-DE" else ",")
        command = ["soffice", f"-env:UserInstallation={home.as_uri()}", "--headless"]
        if file.suffix == ".csv":  # the language of the system, numbers told as such
            command += [f"--infilter=CSV:{separator},34,76,1,,0,false,true,false"]
        command += ["--convert-to", "fods", "--outdir", str(home), str(file)]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
        sheet = ET.parse(home / f"{file.stem}.fods").iter(f"{_TABLE}table-row")
        return [cells for row in sheet if any(cells := _cells(row))][1:]

    return cells_of


def _cells(row: ET.Element) -> list[Any]:
    cells: list[Any] = []
    for cell in row.iter(f"{_TABLE}table-cell"):
        value: Any = "".join(cell.itertext()).strip() or None
        match cell.get(f"{_OFFICE}value-type"):
            case "float":
                value = float(cell.attrib[f"{_OFFICE}value"])
            case "date":
                value = date.fromisoformat(cell.attrib[f"{_OFFICE}date-value"])
        cells += [value] * min(int(cell.get(f"{_TABLE}number-columns-repeated", 1)), _WIDEST)
    while cells and cells[-1] is None:
        cells.pop()
    return cells


@pytest.mark.parametrize("rows", ["days", "pairs"])
@pytest.mark.parametrize(
    ("suffix", "options", "locale"),
    [
        pytest.param("csv", (), "en-US", id="csv"),
        pytest.param("csv", ("--locale", "de"), "de-DE", id="csv in German"),
        pytest.param("xlsx", (), "en-US", id="xlsx"),
        pytest.param("xlsx", (), "de-DE", id="xlsx in German"),
    ],
)
@pytest.mark.usefixtures("counted")
def test_days_are_days_and_numbers_are_numbers(
    run: Run, opened: Opened, tmp_path: Path, rows: str, suffix: str, options: tuple[str, ...], locale: str
) -> None:
    """Each cell holds what the export in JSON has there, which holds what is in the tables."""
    done(run("export", "--rows", rows, "-o", f"{rows}.{suffix}", *options))
    cells = opened(tmp_path / f"{rows}.{suffix}", locale)
    exported = json.loads(done(run("export", "--rows", rows, "--format", "json")))[rows]
    expected = [list(row.values()) for row in exported]
    assert len(cells) == len(expected) > 5
    for found, row in zip(sorted(cells, key=_first), sorted(expected, key=_first), strict=True):
        for cell, value in zip_longest(found, row):
            match cell:
                case date():
                    assert cell.isoformat() == value
                case float():
                    assert cell == pytest.approx(value, rel=_ROUNDED)
                case _:  # an address, what is not known, or a number of more digits than Excel keeps
                    assert cell == (None if value is None else str(value))


def _first(row: list[Any]) -> list[str]:
    """The pair and, if there is one, its day: pairs come in any order."""
    return [str(cell) for cell in row[:3]]
