"""The screens that README.md shows, taken from real runs in a real terminal.

python -m tests.helpers.screens
"""

import io
import re
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

from tests.helpers.project import ROOT
from tests.helpers.terminal import Screen, exported_by, in_terminal, on_terminal

_COLUMNS = 100
_TOKEN = re.compile(r"\x1b\[([0-9;?]*)([A-Za-z])|\n|[^\x1b\n\r]+")


def main() -> None:
    """Runs the demo, and two commands on one that is kept, and draws what stood on the screen in the end."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        draw(on_terminal("demo", directory=folder, columns=_COLUMNS), "make demo", "demo.svg")
        with in_terminal(["demo", "--keep"], folder, _COLUMNS) as kept:
            said = kept.wait_for("flowtally destroy").replace("\r", "")
            settings = exported_by("\n".join(re.findall(r"^  export AWS_.*", said, re.MULTILINE)))
            for file, *command in (("status.svg", "status"), ("show.svg", "show", "192.168.20.24")):
                screen = on_terminal(*command, directory=folder, columns=_COLUMNS, **settings)
                draw(screen, f"flowtally {' '.join(command)}", file)
            kept.interrupt()
            kept.finish()


def draw(screen: Screen, title: str, file: str) -> None:
    """Writes a screen as an SVG file in docs/."""
    if screen.status:
        raise SystemExit(screen.text)
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text.from_ansi("\n".join(lines_of(screen.raw))))
    console.save_svg(str(ROOT / "docs" / file), title=title)


def lines_of(raw: str) -> list[str]:
    """The lines that are left in the end, with their colours: those that bars were drawn over are gone."""
    lines = [""]
    for token in _TOKEN.finditer(raw):
        how_much, command = token.groups()
        if token[0] == "\n":
            lines.append("")
        elif command == "A":  # up
            del lines[len(lines) - int(how_much or 1) :]
        elif command == "K":  # erase the line
            lines[-1] = ""
        elif command in (None, "m"):
            lines[-1] += token[0]
    return lines


if __name__ == "__main__":
    main()
