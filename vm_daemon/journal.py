"""Logs as systemd's journal takes them."""

import logging
import os
import sys
from collections.abc import Mapping

from handlers.logs import JsonFormatter

_PRIORITIES = {logging.CRITICAL: 2, logging.ERROR: 3, logging.WARNING: 4, logging.INFO: 6, logging.DEBUG: 7}


class JournalFormatter(JsonFormatter):
    """JSON with a priority before it, as sd-daemon(3) has it, which the journal takes off again."""

    def format(self, record: logging.LogRecord) -> str:
        return f"<{_PRIORITIES.get(record.levelno, 5)}>{super().format(record)}"


def is_journal(environ: Mapping[str, str]) -> bool:
    """Whether standard error goes to the journal."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        stat = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError):
        return False
    return (device, inode) == (str(stat.st_dev), str(stat.st_ino))
