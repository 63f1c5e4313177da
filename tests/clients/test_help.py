"""What the program says of its commands."""

import pytest

from clients.cli import command, flowtally
from tests.helpers.program import Run


def test_the_list_of_commands_says_what_they_say_of_themselves() -> None:
    """`flowtally --help` imports no command, so its lines are held to the commands' own help here."""
    for name, listed in flowtally.commands.items():
        assert (command(name).help or "").partition("\n\n")[0] == listed.help


@pytest.mark.parametrize("name", sorted(flowtally.commands))
def test_every_command_explains_itself(name: str, run: Run) -> None:
    """`-h` and `--help` describe each command, within 80 columns."""
    done = run(name, "-h", COLUMNS="80")
    assert done.returncode == 0
    assert done.stdout == run(name, "--help", COLUMNS="80").stdout
    assert len(done.stdout.splitlines()) > 8
    assert max(map(len, done.stdout.splitlines())) <= 80
