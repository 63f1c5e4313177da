"""The files of a branch before they are sent: which, under which names, and what their content is."""

import gzip
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clients.uploading.content import read_content
from clients.uploading.local_files import LocalFile, flow_files
from models.errors import UsageError
from tests.clients.uploading.test_uploader import CONTENT, DIGEST, NAMES, file_of


@given(NAMES, st.sampled_from([".csv", ".CSV.GZ", ".csv.gz"]))
def test_name_survives_in_the_key(stem: str, suffix: str) -> None:
    """What is put before the digest is the file's name without its suffix, whatever it is."""
    file = LocalFile(Path(stem + suffix), 0)
    assert file.stem + file.suffix == stem + suffix.lower()


def test_compression_does_not_change_the_digest(tmp_path: Path) -> None:
    """The same content has the same digest, plain, gzipped, and gzipped in pieces."""
    pieces = gzip.compress(CONTENT[:20]) + gzip.compress(CONTENT[20:])
    for name, content in {"a.csv": CONTENT, "b.csv.gz": gzip.compress(CONTENT), "c.csv.gz": pieces}.items():
        with file_of(tmp_path / name, content).path.open("rb") as file:
            read = read_content(file)
        assert (read.digest, read.body, read.broken) == (DIGEST, content, None)


def test_digest_of_a_large_file_takes_little_memory(tmp_path: Path) -> None:
    """No more is kept than what small files may have: 64 MB are hashed in less than 20 MB."""
    path = tmp_path / "large.csv"
    with path.open("wb") as file:
        file.truncate(64 << 20)
    tracemalloc.start()
    try:
        with path.open("rb") as file:
            assert read_content(file).body is None
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_directories_give_all_their_flow_files(tmp_path: Path) -> None:
    """Recursively, any case, nothing else, each once."""
    for name in ("b.csv", "a/x.CSV", "a/deep/y.Csv.Gz", "notes.txt", "csv", ".csv", "a/z.csv.bak"):
        file_of(tmp_path / name)
    (tmp_path / "folder.csv").mkdir()
    found = [
        file.path.relative_to(tmp_path).as_posix() for file in flow_files([tmp_path, tmp_path / "b.csv"])
    ]
    assert found == ["a/deep/y.Csv.Gz", "a/x.CSV", "b.csv"]


@pytest.mark.parametrize(
    ("name", "message"), [("none.csv", "no such file"), ("notes.txt", "neither"), ("empty", "no .csv")]
)
def test_wrong_paths_are_named(tmp_path: Path, name: str, message: str) -> None:
    """A missing file, a file of another kind and a directory without CSV are the user's errors."""
    file_of(tmp_path / "notes.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match=message) as error:
        flow_files([tmp_path / name])
    assert name in str(error.value)


def test_links_lead_nowhere_out_of_a_directory(tmp_path: Path) -> None:
    """A link to a file outside is named and not sent; a linked directory is not entered; others count."""
    outside = file_of(tmp_path / "secret.csv").path
    flows = tmp_path / "flows"
    file_of(flows / "day.csv")
    for name, target in {"in.csv": "day.csv", "out.csv": str(outside), "up.csv": "../gone.csv"}.items():
        (flows / name).symlink_to(target)
    (flows / "more").symlink_to(tmp_path)
    (flows / "loop.csv").symlink_to("loop.csv")
    problems = {file.path.name: file.problem for file in flow_files([flows])}
    assert {name for name, problem in problems.items() if not problem} == {"day.csv", "in.csv"}
    assert problems.keys() == {"day.csv", "in.csv", "out.csv", "up.csv", "loop.csv"}
    assert f"a link out of the directory, to {outside}. To send that file, name it" in problems["out.csv"]
    assert "a link out" in problems["up.csv"]
    assert "cannot be read" in problems["loop.csv"]


def test_links_that_are_named_are_followed(tmp_path: Path) -> None:
    """To a file, or to the directory that holds the files and links within it."""
    flows = tmp_path / "flows"
    file_of(flows / "day.csv")
    (flows / "in.csv").symlink_to(flows / "day.csv")
    (tmp_path / "here.csv").symlink_to(flows / "day.csv")
    (tmp_path / "there").symlink_to(flows)
    files = flow_files([tmp_path / "here.csv", tmp_path / "there"])
    assert [file.problem for file in files] == ["", "", ""]
