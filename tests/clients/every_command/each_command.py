"""Each command with arguments that show all it can: the lists that tests of every command go through."""

import pytest

SHOWN = [
    ["anomalies"],
    ["completion", "bash"],
    ["environment", "--branch", "paris"],
    ["export", "10.0.0.1"],
    ["redrive"],
    ["report", "-o", "report.html"],
    ["show", "10.0.0.1", "10.0.0.2"],
    ["status"],
    ["status", "--branch", "paris"],
    ["top"],
    ["upload", "day.csv", "--branch", "paris", "--dry-run"],
    ["verify", "--all"],
]
CALLING = [
    *(arguments for arguments in SHOWN if arguments[0] != "completion"),
    ["deploy", "--yes", "--compute", "none"],
    ["destroy", "--yes", "--no-export"],
    ["retract", "day.csv", "--branch", "paris"],
]
FOUND_SOMETHING = 3

each_shown = pytest.mark.parametrize("arguments", SHOWN, ids=" ".join)
each_calling = pytest.mark.parametrize("arguments", CALLING, ids=" ".join)
