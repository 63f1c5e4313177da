"""Text from names and files, made fit to be shown: what cannot be seen, or moves other text, is spelled out.

A branch chooses the names of its files, and these are shown on terminals, in logs, tables and reports of
others. Characters that act on a terminal (ESC, C1), end a line, take no room, or turn the direction of what
follows could forge or hide what is shown there.
"""

import re

# Controls (C0, DEL, C1), ends of lines and paragraphs, half characters, marks between annotations, and what
# Unicode calls default ignorable: of no width, or changing direction or form of what stands beside it.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufff9-\ufffb"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def visible(text: str) -> str:
    r"""The text in one line, with each character that cannot be seen as Python spells it: `\x1b`, `\u202e`.

    Whatever can be seen, a backslash included, stays as it is.
    """
    return _UNSEEN.sub(_as_python_spells_it, text)


def visible_lines(text: str) -> str:
    """The same for a text whose lines are meant."""
    return "\n".join(map(visible, text.split("\n")))


def visible_json(document: str) -> str:
    r"""The same for a line of JSON: what cannot be seen is escaped as JSON has it, and is read as it was."""
    return _UNSEEN.sub(_as_json_spells_it, document)


def _as_python_spells_it(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _as_json_spells_it(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
