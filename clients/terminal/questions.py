"""Questions to whoever sits at the terminal."""

from collections.abc import Callable
from typing import Any

import click

from clients.terminal.console import say
from models.errors import UsageError

yes_option = click.option("--yes", is_flag=True, help="Ask nothing.")


def ask(question: Callable[[], Any]) -> Any:
    """The answer to a question.

    Raises:
        UsageError: nobody is there to answer.
    """
    try:
        return question()
    except click.Abort:
        say("")
        raise UsageError("nobody answered", remedy="Say --yes, if nobody is to be asked") from None
