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
        Abort: somebody is, and pressed Ctrl-C.
    """
    try:
        return question()
    except click.Abort as abort:
        say("")
        if isinstance(abort.__context__, KeyboardInterrupt):  # click makes one of that and of an end of input
            raise
        raise UsageError("nobody answered", remedy="Say --yes, if nobody is to be asked") from None
