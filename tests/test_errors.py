"""Each error of the tree is met somewhere, and says what was found."""

import ast
import io
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from math import inf
from pathlib import Path
from types import SimpleNamespace

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from clients.terminal.aws_errors import _MEANINGS, _Meaning, refuse_foreign_answer, translate
from clients.uploading.content import ChangedWhileRead, SecondReading, read_content
from clients.uploading.following import follow
from clients.uploading.local_files import LocalFile
from clients.uploading.outcome import Outcome, Upload
from clients.uploading.uploader import check_branch
from handlers.summarizing.delivery import Delivery
from models.deployment import Deployment, check_layout
from models.errors import (
    ContentChanged,
    FileRejected,
    FlowtallyError,
    NotComputable,
    NotFound,
    OtherLayout,
    RunCutShort,
    ServiceUnavailable,
    TryAgain,
    UsageError,
)
from models.flow_csv.flow_file import read_flow_file, read_part
from models.flow_csv.parts import Part
from models.s3_events import uploaded_objects
from models.storage.changes import WeekState
from tests.helpers.flow_files import flow_csv
from tests.helpers.project import ROOT
from tests.test_layout import PRODUCT

FLOWS = flow_csv("10.0.0.1,10.0.0.2,07/12/2022,1000,3")


def read_changed(folder: Path) -> None:
    """Reads a flow file again that is another by now."""
    flows = read_flow_file(io.BytesIO(FLOWS), io.BytesIO())
    read_part(io.BytesIO(FLOWS + b"\n"), flows, Part())


def send_changed(folder: Path) -> None:
    """Sends a file that is another than when it was looked at."""
    path = folder / "day.csv"
    path.write_bytes(FLOWS)
    with path.open("rb") as opened:
        content = read_content(opened)
        path.write_bytes(FLOWS.replace(b"1000", b"2000"))
        SecondReading(opened, content).read()


def follow_for_too_long(folder: Path) -> None:
    """Waits for a file that is not counted, for no time at all."""
    sent = Upload(LocalFile(folder / "day.csv", 1), "day.csv", Outcome.SENT)
    files = SimpleNamespace(get=lambda _branch, _key: None)
    list(follow(files, "paris", [sent], -inf))  # type: ignore[arg-type]


def look_for_no_stack(folder: Path) -> None:
    """Asks AWS for a stack that is not there."""
    session = boto3.Session("x", "y", region_name="eu-west-1")
    cloudformation = session.client("cloudformation")
    with Stubber(cloudformation) as aws:
        aws.add_client_error("describe_stacks", "ValidationError")
        Deployment.from_stack(cloudformation, "flowtally")


def answer_of_a_proxy(folder: Path) -> None:
    """Gets a page in the place of AWS's answer."""
    page = {"headers": {}, "status_code": 200, "body": b"<html>"}
    refuse_foreign_answer(SimpleNamespace(http={"method": "GET"}), page)  # type: ignore[arg-type]


PROVOKED: dict[type[FlowtallyError], Callable[[Path], object]] = {
    FlowtallyError: lambda _: list(uploaded_objects("no JSON")),
    UsageError: lambda _: check_branch("a/b"),
    OtherLayout: lambda _: check_layout("1", where="the stack"),
    FileRejected: lambda _: read_flow_file(io.BytesIO(b"a,b\n"), io.BytesIO()),
    ContentChanged: read_changed,
    NotFound: look_for_no_stack,
    NotComputable: lambda _: WeekState.of({"k": {"S": "a>b"}}),
    ServiceUnavailable: answer_of_a_proxy,
    TryAgain: follow_for_too_long,
    RunCutShort: lambda _: Delivery(1, lambda: 0.0).check_time(),
    ChangedWhileRead: send_changed,
}


# What AWS says, and what that is to a person; the rest of its codes is told as it is.
REFUSALS = [(code, meaning) for meaning in _MEANINGS for code in sorted(meaning.codes or {"AnyOther"})]
# Words that find fault with people, or hide behind manners.
BLAME = re.compile(
    r"\b(invalid|illegal|incorrect|forgot|mistake|oops|sorry|please|you (must|should|failed))\b",
    re.IGNORECASE,
)


def family(error: type[FlowtallyError]) -> Iterator[type[FlowtallyError]]:
    """An error and all below it."""
    yield error
    for below in error.__subclasses__():
        yield from family(below)


@pytest.mark.parametrize("error", PROVOKED, ids=lambda error: error.__name__)
def test_each_error_is_met_and_says_what_was_found(error: type[FlowtallyError], tmp_path: Path) -> None:
    """Something raises exactly this one; its text is a sentence, with a code and a status for programs."""
    with pytest.raises(error) as met:
        PROVOKED[error](tmp_path)
    assert met.type is error
    told = str(met.value)
    assert met.value.found in told
    assert told.endswith(".")
    assert ".." not in told
    assert met.value.exit_status in (1, 2)
    assert met.value.code


@pytest.mark.parametrize(("code", "meaning"), REFUSALS, ids=[code for code, _ in REFUSALS])
def test_each_refusal_of_aws_is_told_in_its_own_words_and_ours(code: str, meaning: _Meaning) -> None:
    """What AWS said is not hidden, and behind it stands what to do; a code that nobody knows is told, too."""
    refused = ClientError({"Error": {"Code": code, "Message": "It said <this>."}}, "PutObject")
    told = translate(refused)
    assert type(told) is meaning.kind
    assert "It said <this>" in told.found
    assert (told.remedy != "") == (code != "AnyOther")
    assert ".." not in str(told)


def test_no_message_finds_fault_with_people() -> None:
    """Of all texts in the product, docstrings aside, none has a word for that."""
    for path in (path for room in PRODUCT for path in (ROOT / room).rglob("*.py")):
        tree = ast.parse(path.read_text())
        docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
                assert not BLAME.search(node.value), f"{path}:{node.lineno}"


def test_no_error_is_forgotten() -> None:
    """An error of the product that is new finds its place in the table above."""
    for room in PRODUCT:
        for path in (ROOT / room).rglob("*.py"):
            if not path.stem.startswith("__main"):
                import_module(
                    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
                )
    assert set(family(FlowtallyError)) == PROVOKED.keys()


def test_the_tree_is_drawn_as_it_is() -> None:
    """The picture at the top of models/errors.py has each error that is defined there, and no other."""
    module = import_module("models.errors")
    drawn = {
        line.strip("│├└─ ").split()[0] for line in (module.__doc__ or "").splitlines()[2:] if line.strip()
    }
    assert drawn == {each.__name__ for each in family(FlowtallyError) if each.__module__ == "models.errors"}
