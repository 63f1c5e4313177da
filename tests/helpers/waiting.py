"""Waiting for what other processes and threads bring about, and saying what there was instead."""

import ast
import inspect
import time
from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any

PATIENCE = 180  # seconds that anything may take before a test gives up
_LOOK = 0.1  # seconds between two looks
_SHOWN = 1000  # characters of a value


def eventually(holds: Callable[[], object], patience: float = PATIENCE) -> None:
    """Waits until something holds.

    Args:
        holds: what is looked at again and again. Where it is a lambda in a line, a failure tells what each
            part of it was in the end.
        patience: seconds.

    Raises:
        AssertionError: it does not hold after that time; the message has what was seen last.
    """
    deadline = time.monotonic() + patience
    while not (seen := holds()):
        if time.monotonic() > deadline:
            raise AssertionError("\n  ".join([f"still not so after {patience} s: {seen!r}", *_parts(holds)]))
        time.sleep(_LOOK)


def _parts(holds: Callable[[], object]) -> Iterator[str]:
    """What each part of the body of a lambda is now, as far as that can be told."""
    try:
        source = dedent(inspect.getsource(holds)).strip()
        found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Lambda)]
    except (OSError, TypeError, SyntaxError):
        return
    names = {**getattr(holds, "__globals__", {}), **inspect.getclosurevars(holds).nonlocals}
    for expression in _looked_at(found[0].body) if len(found) == 1 else ():
        yield f"{ast.unparse(expression)}: {_value(expression, names)}"


def _looked_at(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                yield from _looked_at(value)
        case ast.Compare(left=left, comparators=others):
            yield from (side for side in (left, *others) if not isinstance(side, ast.Constant))
        case ast.UnaryOp(operand=operand):
            yield from _looked_at(operand)
        case ast.Call(func=ast.Name(id="all" | "any"), args=[ast.GeneratorExp(elt=each, generators=over)]):
            yield ast.ListComp(each, over)
        case _:
            yield node


def _value(expression: ast.expr, names: dict[str, Any]) -> str:
    try:
        shown = repr(eval(ast.unparse(expression), names))
    except Exception as error:
        shown = f"cannot be told: {error!r}"
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
