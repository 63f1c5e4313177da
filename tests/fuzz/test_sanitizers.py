"""What the library in C does beyond its memory is found where it is fuzzed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzz.recipes import HEADER, ROW
from tests.fuzz.sanitized import LIBRARY, SOURCE, compile_sanitized, environment, runtime

pytestmark = pytest.mark.skipif(
    runtime() is None, reason="atheris brings the runtime for Linux on x86_64 only, and for no newer Python"
)
_KEY = "if (a > KEY_WIDTH || b > KEY_WIDTH || length > KEY_WIDTH) return 0;"
_EXPONENT = " || end - power > 3"
_END = "(at == end || *at != '\"')"
_LONG_ADDRESS = ROW.replace(b"10.0.0.1", b"1" * 300)
_LONG_EXPONENT = ROW.replace(b"1000", b"1E" + b"9" * 30)


@pytest.mark.parametrize(
    ("left_out", "instead", "row", "said"),
    [
        pytest.param(_KEY, "", _LONG_ADDRESS, "ERROR: AddressSanitizer", id="address"),
        pytest.param(
            _END, "(*at != '\"')", ROW + b",", "heap-buffer-overflow", id="the byte behind the text"
        ),
        pytest.param(_EXPONENT, "", _LONG_EXPONENT, "signed integer overflow", id="exponent"),
    ],
)
def test_a_check_that_is_left_out_is_found(
    left_out: str, instead: str, row: bytes, said: str, tmp_path: Path
) -> None:
    """A row that needs a check of the library ends the process, with a report, only if that is left out."""
    file = tmp_path / "input"
    file.write_bytes(bytes(2) + b"\n".join([HEADER, ROW, row]))
    environ = os.environ | environment(tmp_path)
    sound = _read(file, environ)
    assert sound.returncode == 0, sound.stderr

    text = SOURCE.read_text()
    assert text.count(left_out) == 1
    (tmp_path / "planted.c").write_text(text.replace(left_out, instead))
    broken = _read(file, environ | {LIBRARY: str(compile_sanitized(tmp_path, tmp_path / "planted.c"))})
    assert broken.returncode != 0
    assert said in broken.stderr


def _read(file: Path, environ: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tests.fuzz.guided", f"-artifact_prefix={file.parent}/", str(file)]
    return subprocess.run(command, check=False, env=environ, capture_output=True, text=True)
