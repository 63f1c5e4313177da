"""What a name may do to those who see it: nothing."""

import json
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.visible import visible, visible_json

# By Unicode's own tables: controls, formats, half characters, ends of lines and paragraphs.
INVISIBLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
SHOWN = (
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"  # Cf with a form
)

hostile = st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn", "L", "N", "P"]))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("data-20221207.csv", "data-20221207.csv"),
        ("São Paulo, 東京 🏭.csv", "São Paulo, 東京 🏭.csv"),
        ("C:\\x1b.csv", "C:\\x1b.csv"),
        ("\x1b]52;c;cm0gLXJm\x07.csv", "\\x1b]52;c;cm0gLXJm\\x07.csv"),
        ("a\r\nError: your key leaked. Run: curl x", "a\\x0d\\x0aError: your key leaked. Run: curl x"),
        ("\x9b2J\x7f", "\\x9b2J\\x7f"),
        ("gpj.\u202evsc", "gpj.\\u202evsc"),
        ("pa\u200bris", "pa\\u200bris"),
        ("paris\u3164", "paris\\u3164"),
        ("paris\U000e0041", "paris\\U000e0041"),
        ("a\u2028b\x85c", "a\\u2028b\\x85c"),
        ("caf\udce9.csv", "caf\\udce9.csv"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(name: str, shown: str) -> None:
    """Sequences for terminals, ends of lines, bidirectional and zero-width characters, and nothing else."""
    assert visible(name) == shown


def test_every_invisible_character_of_unicode_is_spelled_out() -> None:
    """By category, but for the few format characters of scripts that have a form of their own."""
    for character in map(chr, range(sys.maxunicode + 1)):
        if unicodedata.category(character) in INVISIBLE and character not in SHOWN:
            is_hieroglyph = (
                0x13430 <= ord(character) <= 0x1343F
            )  # joins signs, which then stand in each other
            assert visible(character) != character or is_hieroglyph, hex(ord(character))


@given(hostile)
def test_what_is_shown_is_one_line_that_any_terminal_takes(name: str) -> None:
    """It can be encoded, has no end of a line, and showing it twice changes nothing."""
    shown = visible(name)
    assert shown.encode().decode() == shown
    assert len(f"{shown}.".splitlines()) == 1
    assert visible(shown) == shown


@given(hostile.map(lambda name: name.encode(errors="ignore").decode()))
def test_json_says_what_it_said(name: str) -> None:
    """A program reads the name as it was, and a person sees all of it."""
    document = visible_json(json.dumps({"file": name}, ensure_ascii=False))
    assert json.loads(document) == {"file": name}
    assert visible(document) == document
