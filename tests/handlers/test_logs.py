"""The lines of the log: JSON that programs read as it was meant, and people see whole."""

import json
import logging
import sys

import pytest

from handlers.logs import JsonFormatter
from vm_daemon.journal import JournalFormatter

KEY = "incoming/paris/\x1b]52;c;cm0=\x07\x9b2J\x7f\u202e\u200b\u2028\r\nError: run curl x\U000e0041.csv"


@pytest.mark.parametrize("formatter", [JsonFormatter(), JournalFormatter()])
def test_a_key_cannot_act_on_a_terminal(formatter: logging.Formatter) -> None:
    """Also as `journalctl -o cat` shows it, nothing of a key moves, hides or forges what stands around it."""
    try:
        raise ValueError(KEY)
    except ValueError:
        record = logging.makeLogRecord({"msg": "file rejected", "file": KEY, "exc_info": sys.exc_info()})
    line = formatter.format(record)
    assert line.isprintable()
    assert line.isascii()
    read = json.loads(line[line.index("{") :])
    assert read["file"] == KEY
    assert f"ValueError: {KEY}" in read["error"]


@pytest.mark.parametrize("value", ["caf\udce9", 10**30])
def test_what_is_no_plain_json_is_logged_too(value: object) -> None:
    """A path that is not UTF-8 and a number of any size lose no line."""
    line = JsonFormatter().format(logging.makeLogRecord({"msg": "file rejected", "file": value}))
    assert json.loads(line)["file"] == value
