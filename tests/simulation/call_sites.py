"""Where production code calls S3, SQS, DynamoDB and Streams: found by reading it, counted by running."""

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import NamedTuple

from tests.helpers.project import ROOT

OPERATIONS = frozenset(
    [
        "get_object",
        "put_object",
        "copy_object",
        "delete_object",
        "receive_message",
        "change_message_visibility",
        "delete_message",
        "update_item",
        "put_item",
        "get_item",
        "delete_item",
        "batch_get_item",
        "query",
        "scan",
        "describe_stream",
        "get_shard_iterator",
        "get_records",
    ]
)
PRODUCTION = (
    "handlers/**/*.py",
    "vm_daemon/**/*.py",
    "models/storage/batch_read.py",
    "models/storage/daily_totals.py",
    "models/storage/pair_statistics.py",
    "models/storage/file_records.py",
    "models/storage/objects.py",
)
READS_OF_RECORDS = frozenset(  # few schedules come to them, and no protocol leans on them
    f"FilesTable.{name}" for name in ("get", "beginning_with", "of_branch", "items")
)
_DEPTH = 12  # frames between a call and the function that it is written in


class CallSite(NamedTuple):
    """A place in production code where a service is called."""

    file: str
    function: str
    operation: str

    @property
    def name(self) -> str:
        """The function without its class."""
        return self.function.rpartition(".")[2]

    def __str__(self) -> str:
        return f"{self.file} {self.function}: {self.operation}"


class _Scan(ast.NodeVisitor):
    """Finds the references to client operations, and the lines of the statements that they are in."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.found: dict[tuple[int, str], CallSite] = {}  # by line and operation
        self._functions: list[str] = []
        self._statement: ast.stmt | None = None

    def visit(self, node: ast.AST) -> None:
        if not isinstance(node, ast.stmt):
            super().visit(node)
            return
        outer, self._statement = self._statement, node
        super().visit(node)
        self._statement = outer

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:  # the name that ast calls
        self._functions.append(node.name)
        self.generic_visit(node)
        self._functions.pop()

    visit_ClassDef = visit_FunctionDef  # type: ignore[assignment]  # noqa: N815

    def visit_Attribute(self, node: ast.Attribute) -> None:
        if node.attr in OPERATIONS:
            self._note(node.attr)
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if node.value in OPERATIONS:  # handed on by its name
            self._note(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get_paginator":
            (argument,) = node.args
            assert isinstance(argument, ast.Constant)
        self.generic_visit(node)

    def _note(self, operation: str) -> None:
        site = CallSite(self.file, ".".join(self._functions), operation)
        statement = self._statement
        assert statement is not None
        assert statement.end_lineno is not None
        for line in range(statement.lineno, statement.end_lineno + 1):
            self.found[line, operation] = site


@cache
def _in_file(path: str) -> dict[tuple[int, str], CallSite]:
    """The call sites of one file, by line and operation."""
    file = Path(path)
    if ROOT not in file.parents or "tests" in file.relative_to(ROOT).parts:
        return {}
    scan = _Scan(str(file.relative_to(ROOT)))
    scan.visit(ast.parse(file.read_text()))
    return scan.found


def all_call_sites() -> list[CallSite]:
    """Every call of a service in the stages, the pollers and the stores that faults are aimed at."""
    files = sorted(path for pattern in PRODUCTION for path in ROOT.glob(pattern))
    sites = {site for path in files for site in _in_file(str(path)).values()}
    return sorted(site for site in sites if site.function not in READS_OF_RECORDS)


def calling_site(operation: str) -> CallSite | None:
    """The place in production code that is calling an operation now; None if a test calls it."""
    for code, line in _frames():
        if site := _at(code, line, operation):
            return site
    return None


def _frames() -> Iterator[tuple[CodeType, int]]:
    frame = sys._getframe(2)  # a plain walk over the frames costs a tenth of inspect.stack()
    for _ in range(_DEPTH):
        yield frame.f_code, frame.f_lineno
        if frame.f_back is None:
            return
        frame = frame.f_back


@cache
def _at(code: CodeType, line: int, operation: str) -> CallSite | None:
    return _in_file(code.co_filename).get((line, operation))
