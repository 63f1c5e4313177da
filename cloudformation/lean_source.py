"""Python sources without what only people read, for packages that are stored, fetched and loaded."""

import ast
import tokenize
from collections.abc import Iterator
from io import BytesIO

_DOCUMENTED = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def lean(source: bytes) -> bytes:
    """A source without docstrings and comments, its statements in the lines where they were.

    So tracebacks name the same lines, and show the same code, as the source that people read.

    Args:
        source: in UTF-8.

    Raises:
        SyntaxError: it is no Python.
    """
    return _without_comments(_without_docstrings(source))


def _without_docstrings(source: bytes) -> bytes:
    lines = source.split(b"\n")
    for docstring, is_needed in _docstrings(ast.parse(source)):
        first, last = docstring.lineno - 1, (docstring.end_lineno or docstring.lineno) - 1
        before, behind = lines[first][: docstring.col_offset], lines[last][docstring.end_col_offset :]
        lines[first : last + 1] = [b""] * (last + 1 - first)
        lines[first] = (before + b"pass").rstrip() if is_needed else before.rstrip()
        lines[last] += behind
    return b"\n".join(lines)


def _docstrings(tree: ast.Module) -> Iterator[tuple[ast.stmt, bool]]:
    """The docstrings, and whether another statement must take the place of one."""
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            docstring, *others = node.body
            yield docstring, not others or others[0].lineno == docstring.end_lineno


def _without_comments(source: bytes) -> bytes:
    lines = source.decode().split("\n")
    for token in tokenize.tokenize(BytesIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column].rstrip()
    return "\n".join(lines).encode()
