"""How numbers are written where spreadsheets expect decimal commas: with semicolons between the cells."""

from typing import NamedTuple

from models.errors import UsageError


class NumberFormat(NamedTuple):
    """What stands within numbers, and between cells."""

    decimal: str = "."
    separator: str = ","


POINTS = NumberFormat()
COMMAS = NumberFormat(",", ";")

# By Unicode's CLDR: languages with decimal commas, and their territories that write points all the same.
_COMMA_LANGUAGES = (
    "af az be bg bs ca cs da de el es et eu fi fo fr gl hr hu hy id is it ka kk lt lv mk nb nl nn no pl pt "
    "ro ru sk sl sq sr sv tr uk uz vi"
)
_POINT_LANGUAGES = "bn cy en fa ga he hi ja ko mr ms ta te th ur zh"
_POINT_TERRITORIES = "de_CH de_LI it_CH es_DO es_GT es_HN es_MX es_NI es_PA es_PE es_PR es_SV es_US"


def number_format(locale: str) -> NumberFormat:
    """How numbers are written somewhere.

    Args:
        locale: a language, or one and a territory: `de`, `de_AT`, `fr-CA.UTF-8`.

    Raises:
        UsageError: it is not known.
    """
    name = locale.partition(".")[0].partition("@")[0].replace("-", "_")
    language, _, territory = name.partition("_")
    language = language.lower()
    if name in ("C", "POSIX") or language in _POINT_LANGUAGES.split():
        return POINTS
    if language in _COMMA_LANGUAGES.split():
        has_points = f"{language}_{territory.upper()}" in _POINT_TERRITORIES.split()
        return POINTS if has_points else COMMAS
    raise UsageError(
        "not a language whose numbers are known",
        where=f"--locale {locale}",
        remedy=f"With decimal commas: {_COMMA_LANGUAGES}; with points: leave it out",
    )
