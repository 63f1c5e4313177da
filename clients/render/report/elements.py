"""Builds HTML that is always well formed and escaped, by the standard library's element trees."""

from collections.abc import Iterable, Sequence
from xml.etree.ElementTree import Element, SubElement

Child = Element | str


def element(tag: str, *children: Child, **attributes: str) -> Element:
    """An element with text and elements in it; a trailing underscore of an attribute's name falls off."""
    made = Element(tag, {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()})
    for child in children:
        if isinstance(child, str):
            _add_text(made, child)
        else:
            made.append(child)
    return made


def _add_text(to: Element, text: str) -> None:
    if len(to):
        to[-1].tail = (to[-1].tail or "") + text
    else:
        to.text = (to.text or "") + text


def table(
    caption: str,
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    texts: int = 1,
    is_prose: bool = False,
) -> Element:
    """A table that scrolls on its own where it is wider than the page.

    Args:
        caption: what it shows.
        headings: of the columns.
        rows: the cells; the first of a row names it.
        texts: how many columns, from the left, are texts; the others are numbers.
        is_prose: its texts are sentences, which are broken into lines.
    """
    made = Element("table", {"class": "wide"} if is_prose else {})
    SubElement(made, "caption").text = caption
    head = SubElement(SubElement(made, "thead"), "tr")
    for place, heading in enumerate(headings):
        SubElement(head, "th", {"scope": "col", **_kind(place, texts)}).text = heading
    body = SubElement(made, "tbody")
    for row in rows:
        line = SubElement(body, "tr")
        for place, cell in enumerate(row):
            attributes = _kind(place, texts)
            if place == 0:
                SubElement(line, "th", {"scope": "row", **attributes}).text = cell
            else:
                SubElement(line, "td", attributes).text = cell
    return element("div", made, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _kind(place: int, texts: int) -> dict[str, str]:
    return {} if place < texts else {"class": "number"}


def folded(summary: str, *children: Child) -> Element:
    """What opens on demand; in print it is open."""
    return element("details", element("summary", summary), *children)
