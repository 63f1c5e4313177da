"""Documents for programs."""

import json
from typing import Any

import click

from models.visible import visible_json


def print_json(document: dict[str, Any]) -> None:
    """Prints a document of JSON, in which whatever cannot be seen is escaped."""
    lines = json.dumps(document, ensure_ascii=False, indent=2).split("\n")
    click.echo("\n".join(map(visible_json, lines)))
