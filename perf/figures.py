"""Figures that a script measured: kept in a file, shown in the terminal, and copied into the docs.

    python -m perf.figures        # copies all figures into docs/*.md

A document names a table by a comment, `<!-- figures: bench_summarize -->`, and ends it by
`<!-- end of figures -->`; what stands in between is written by this script and by nobody else.
"""

import argparse
import json
import os
import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).parent / "results"
DOCUMENTS = Path(__file__).parent.parent / "docs"

_BLOCK = re.compile(r"(<!-- figures: (\S+) -->\n).*?(<!-- end of figures -->)", re.DOTALL)


def machine() -> dict[str, str]:
    """What the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    models = re.findall(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else []
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "processor": f"{os.cpu_count()} × {models[0] if models else platform.processor() or 'unknown'}",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
    }


@dataclass
class Figures:
    """A table of measurements.

    Attributes:
        name: of the file and of the block in the docs.
        title: what was measured, in a line.
        columns: the headings; the first column names what a row is about.
        rows: the cells, as they are shown.
        packages: versions of what was compared.
        command: what measures it again.
        remarks: sentences below the table.
        environment: see `machine`; empty for what is computed, on whatever machine.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    command: str
    packages: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=machine)
    remarks: Sequence[str] = field(default_factory=list)

    def save(self, folder: Path | None = None) -> Path:
        """Writes the file that the docs are made from."""
        folder = folder or FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        path.write_text(json.dumps(asdict(self), indent=1, ensure_ascii=False) + "\n")
        return path

    def show(self) -> None:
        """Prints the table."""
        table = Table(title=self.title, title_justify="left")
        for position, column in enumerate(self.columns):
            table.add_column(column, justify="right" if position else "left")
        for row in self.rows:
            table.add_row(*(cell.replace("**", "") for cell in row))
        console = Console()
        console.print(table)
        for remark in self.remarks:
            console.print(remark, markup=False, highlight=False)

    def markdown(self) -> str:
        """The table as the docs show it."""
        lines = [
            f"{self.title}.",
            "",
            f"| {' | '.join(self.columns)} |",
            f"|---{'|---:' * (len(self.columns) - 1)}|",
            *(f"| {' | '.join(row)} |" for row in self.rows),
            "",
            *(line for remark in self.remarks for line in (remark, "")),
            self._origin(),
            "",
        ]
        return "\n".join(lines)

    def _origin(self) -> str:
        if not self.environment:  # nothing was measured
            return f"Computed by `{self.command}`."
        return f"Measured by `{self.command}`: {', '.join(self._circumstances())}."

    def _circumstances(self) -> list[str]:
        environment = self.environment
        return [
            environment["date"],
            environment["processor"],
            environment["system"],
            f"Python {environment['python']}",
            *(f"{name} {number}" for name, number in self.packages.items()),
        ]


def options_of(script: str, about: str | None) -> argparse.ArgumentParser:
    """The options that all scripts have which measure something.

    Args:
        script: the name of its module.
        about: its docstring.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {script}", description=about)
    parser.add_argument("--save", action="store_true", help="keep the figures for the docs")
    return parser


def publish(tables: Iterable[Figures], *, save: bool) -> None:
    """Prints tables, and keeps them for the docs only if that is asked for."""
    for figures in tables:
        figures.show()
        if save:
            figures.save()


def load(name: str) -> Figures:
    """The figures that were saved under a name."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return Figures(**content)


def with_figures(document: str) -> str:
    """A document with all its blocks of figures up to date."""
    return _BLOCK.sub(lambda block: f"{block[1]}{load(block[2]).markdown()}{block[3]}", document)


def versions(*packages: str) -> dict[str, str]:
    """The installed versions of packages."""
    return {package: version(package) for package in packages}


def main() -> None:
    """Brings the documents up to date."""
    for document in DOCUMENTS.glob("*.md"):
        document.write_text(with_figures(document.read_text()))


if __name__ == "__main__":
    main()
