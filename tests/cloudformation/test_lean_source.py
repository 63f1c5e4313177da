"""Sources without docstrings and comments: the same program, line for line."""

import ast
from pathlib import Path

import pynamodb
import pytest

from cloudformation.lean_source import lean
from tests.helpers.project import ROOT

PACKAGED = [
    *(ROOT / "handlers").rglob("*.py"),
    *(ROOT / "models").rglob("*.py"),
    *Path(pynamodb.__file__).parent.rglob("*.py"),
]


def statements(source: bytes) -> list[str]:
    """Everything that a source does, and in which lines it stands; what only people read left out."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case (
                ast.Module(body=[first, *_])
                | ast.ClassDef(body=[first, *_])
                | ast.FunctionDef(body=[first, *_])
                | ast.AsyncFunctionDef(body=[first, *_])
            ) if isinstance(first, ast.Pass) or ast.get_docstring(node) is not None:
                del node.body[0]
    return [
        f"{getattr(node, 'lineno', '')} {type(node).__name__} {ast.dump(node)}" for node in ast.walk(tree)
    ]


@pytest.mark.parametrize("path", PACKAGED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_it_does_the_same_in_the_same_lines(path: Path) -> None:
    """Of every module that is packaged nothing is lost but docstrings and comments."""
    source = path.read_bytes()
    assert statements(lean(source)) == statements(source)
    assert lean(lean(source)) == lean(source)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('"""Ü."""\nx = 1  # ü\n', "\nx = 1\n"),
        ('def f():\n    """All\n    there is."""  # here\n', "def f():\n    pass\n\n"),
        ('class C: "all"\n', "class C: pass\n"),
        ('def f():\n    "Says."; return 1\n', "def f():\n    pass; return 1\n"),
        ('x = "# no comment"  # one\n', 'x = "# no comment"\n'),
        ("x = '''\n# text\n'''\n", "x = '''\n# text\n'''\n"),
        ("# only\n", "\n"),
        ("", ""),
    ],
)
def test_what_only_people_read_is_left_out(source: str, expected: str) -> None:
    """Also beside other code, and where a body has nothing else; strings stay what they are."""
    assert lean(source.encode()) == expected.encode()
