"""The installation script, as far as it can be tried without a machine: `make test-systemd` does the rest."""

import subprocess

import pytest

from tests.conftest import ROOT

UNITS = ROOT / "vm_daemon" / "systemd"


def install(*arguments: str) -> subprocess.CompletedProcess[str]:
    script = ROOT / "vm_daemon" / "install.sh"
    return subprocess.run(["sh", str(script), *arguments], capture_output=True, text=True, check=False)


def test_it_tells_its_usage() -> None:
    """Every option that the script takes is in its help."""
    told = install("--help")
    assert told.returncode == 0
    for option in ("--from", "--environment", "--stages", "--workers", "--remove"):
        assert option in told.stdout


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--what"], "what is --what?"),
        (["--workers"], "--workers needs a value"),
        (["--from", "/no/such"], "--from /no/such: no such folder"),
    ],
)
def test_wrong_options_change_nothing(arguments: list[str], reason: str) -> None:
    """They end it with status 2 and a line that says what is wrong."""
    refused = install(*arguments)
    assert refused.returncode == 2
    assert reason in refused.stderr


def test_the_program_is_where_the_units_look_for_it() -> None:
    """Script and units name the same places."""
    script = (ROOT / "vm_daemon" / "install.sh").read_text()
    units = "".join(path.read_text() for path in UNITS.rglob("*") if path.is_file())
    assert "PREFIX=/opt/flowtally" in script
    assert units.count("ExecStart=/opt/flowtally/current/bin/flowtally-daemon") == 3
    assert "SETTINGS=/etc/flowtally" in script
    assert "EnvironmentFile=/etc/flowtally/flowtally.env" in units
