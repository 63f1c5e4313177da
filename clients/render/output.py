"""How a command shows what it found: to people, as JSON or as CSV."""

import csv
import sys
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import wraps
from typing import Any, TypeVar

import click

from clients.exporting.csv_table import safe_cell
from clients.render.listing import Listing
from clients.terminal.console import hush
from clients.terminal.documents import print_json
from models.errors import UsageError

Result = TypeVar("Result")


class Form(StrEnum):
    """Whom it is for."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"


class Output:
    """Shows what a command found, once, when it is complete.

    Args:
        form: whom it is for. Remarks are for people alone, so the other forms silence them.
    """

    def __init__(self, form: Form = Form.TEXT) -> None:
        self._form = form
        if form is not Form.TEXT:
            hush()

    @property
    def is_for_people(self) -> bool:
        """Whether it is text."""
        return self._form is Form.TEXT

    def show(self, *listings: Listing, **facts: Any) -> None:
        """Shows listings; people have read the facts in remarks, and programs get them beside the listings.

        * JSON is one document: the facts, and each listing by its name as a list of objects.
        * CSV of one listing has a header and a line for each row. CSV of several has four columns, Section,
          Item, Measure and Value, and a line for each value. CSV of facts alone has one row.
        """
        if self.is_for_people:
            for listing in listings:
                listing.print()
        else:
            self.give(*listings, **facts)

    def give(self, *listings: Listing, **facts: Any) -> None:
        """Gives programs what people have read in remarks already."""
        if self._form is Form.JSON:
            document = facts | {listing.name: listing.objects() for listing in listings}
            print_json(document)
        elif self._form is Form.CSV:
            writer = csv.writer(sys.stdout, lineterminator="\n")
            writer.writerows([_cell(value) for value in row] for row in _csv_rows(listings, facts))
            sys.stdout.flush()


def _cell(value: Any) -> Any:
    """What stands in a cell: of several texts, all of them."""
    return safe_cell("; ".join(value) if isinstance(value, list) else value)


def _csv_rows(listings: Sequence[Listing], facts: dict[str, Any]) -> Iterator[Sequence[Any]]:
    if not listings:
        yield list(facts)
        yield list(facts.values())
    elif len(listings) == 1:
        (listing,) = listings
        yield [column.name for column in listing.columns if column.name]
        yield from (list(row.values()) for row in listing.objects())
    else:
        yield ["section", "item", "measure", "value"]
        for listing in listings:
            for row in listing.objects():
                (_, item), *measures = row.items()
                yield from ([listing.name, item, measure, value] for measure, value in measures)


def pass_output(command: Callable[..., Result]) -> Callable[..., Result]:
    """Gives a command an `Output` by the name of `output`, and the options to choose its form."""

    @wraps(command)
    def with_output(*arguments: Any, as_json: bool, as_csv: bool, **others: Any) -> Result:
        if as_json and as_csv:
            raise UsageError("either --json or --csv")
        form = Form.JSON if as_json else Form.CSV if as_csv else Form.TEXT
        return command(*arguments, output=Output(form), **others)

    for option in (
        click.option("--csv", "as_csv", is_flag=True, help="Print CSV, with exact values."),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document, with exact values."),
    ):
        with_output = option(with_output)
    return with_output
