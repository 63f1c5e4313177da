"""What stands below the options in the help of a command."""

import json
from collections.abc import Mapping
from typing import Any

_AS_IS = "\b"  # click leaves a paragraph that begins so as it is


def explanation(
    *examples: str, statuses: Mapping[int, str] | None = None, document: Mapping[str, Any] | None = None
) -> str:
    """The part of a help with examples, exit statuses and the JSON document.

    Args:
        examples: command lines.
        statuses: what exit statuses mean; those that all commands share are left out.
        document: what `--json` prints: the kind of each value in the place of the value.
    """
    parts = [_paragraph("Examples:", [f"  {example}" for example in examples])]
    if statuses:
        lines = [f"  {status}  {meaning}" for status, meaning in statuses.items()]
        parts.append(_paragraph("Exit status:", lines))
    if document:
        lines = json.dumps(document, indent=2).splitlines()
        parts.append(_paragraph("JSON:", [f"  {line}" for line in lines]))
    return "\n\n".join(parts)


def _paragraph(heading: str, lines: list[str]) -> str:
    return "\n".join([_AS_IS, heading, *lines])
