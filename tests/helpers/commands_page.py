"""The page of all commands, made from their own help.

python -m tests.helpers.commands_page     # writes docs/commands.md
"""

from collections.abc import Iterator

import click

from clients.cli import command, flowtally
from tests.helpers.project import ROOT
from vm_daemon.cli import daemon

PAGE = ROOT / "docs" / "commands.md"
WIDTH = 100
_OPENING = """\
# Commands

What each command says of itself with `--help`. Made by `make docs`; a test holds it to the programs.
"""


def page() -> str:
    """The whole page."""
    programs: dict[str, click.Group] = {"flowtally": flowtally, "flowtally-daemon": daemon}
    parts = [part for name, program in programs.items() for part in _sections(name, program)]
    return "\n".join([_OPENING, *parts])


def _sections(name: str, program: click.Group) -> Iterator[str]:
    yield _section("##", name, program, None)
    parent = click.Context(program, info_name=name, max_content_width=WIDTH, terminal_width=WIDTH)
    for each in sorted(program.commands):
        described = command(each) if program is flowtally else program.commands[each]
        yield _section("###", f"{name} {each}", described, parent)


def _section(level: str, name: str, described: click.Command, parent: click.Context | None) -> str:
    context = click.Context(
        described,
        info_name=name.rpartition(" ")[2],
        parent=parent,
        max_content_width=WIDTH,
        terminal_width=WIDTH,
        help_option_names=["-h", "--help"],
    )
    return f"{level} `{name}`\n\n```text\n{described.get_help(context)}\n```\n"


if __name__ == "__main__":
    PAGE.write_text(page())
