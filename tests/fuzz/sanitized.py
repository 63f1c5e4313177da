"""The library in C under AddressSanitizer and UBSan: what it does beyond its memory ends the process.

Atheris brings libFuzzer and the runtime of AddressSanitizer in one library for Linux on x86_64, and Zig's
compiler that of UBSan; elsewhere the reader is fuzzed without them.
"""

import ctypes
import importlib.util
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers.project import ROOT

LIBRARY = "FLOWTALLY_SANITIZED"  # the variable that names the library to a process that fuzzes

SOURCE = ROOT / "models/flow_csv/row_counters/native_row_counter.c"
_OPTIONS = (
    *("-std=c11", "-O1", "-g", "-fPIC", "-fno-omit-frame-pointer"),
    *("-Xclang", "-fsanitize=address"),  # Zig links no such runtime, and would leave out the option itself
    *("-fsanitize=undefined", "-fno-sanitize-recover=undefined"),
    "-fsanitize-coverage=inline-8bit-counters,pc-table,trace-cmp",  # mutations look for its branches, too
)
_AT_RUN_TIME = (
    "detect_leaks=0",  # Python leaves much to the end of the process
    "malloc_context_size=0",  # without the stacks of all allocations it runs in two thirds of the time
    *("quarantine_size_mb=1", "max_malloc_fill_size=0", "detect_stack_use_after_return=0"),
    *(
        "replace_str=0",
        "intercept_strlen=0",
        "intercept_strchr=0",
        "intercept_memcmp=0",
    ),  # those of Python itself
)


def runtime() -> Path | None:
    """The library that a process under the sanitizers is started with; None where there is none."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        return None
    atheris = importlib.util.find_spec("atheris")
    assert atheris is not None
    assert atheris.origin is not None
    return Path(atheris.origin).parents[1] / "asan_with_fuzzer.so"


def compile_sanitized(folder: Path, source: Path = SOURCE) -> Path:
    """Compiles the library that counts rows with the sanitizers in it.

    Raises:
        CalledProcessError: the compiler refused; it has said why.
    """
    compiled, library = folder / "sanitized.o", folder / "sanitized.so"
    zig = (sys.executable, "-m", "ziglang", "cc", "-target", "x86_64-linux-gnu")
    for step in (
        [*zig, *_OPTIONS, "-c", "-o", str(compiled), str(source)],
        [*zig, "-shared", "-Wl,-z,undefs", "-o", str(library), str(compiled)],
    ):
        subprocess.run(step, check=True)
    return library


def environment(folder: Path) -> dict[str, str]:
    """Compiles the library, and gives what a process needs to fuzz it; nothing where there is no runtime."""
    preloaded = runtime()
    if preloaded is None:
        return {}
    return {
        "LD_PRELOAD": str(preloaded),
        "ASAN_OPTIONS": ":".join(_AT_RUN_TIME),
        LIBRARY: str(compile_sanitized(folder)),
    }


class ExactTexts:
    """A library whose texts stand alone in memory while it reads them, without the NUL that Python adds.

    Args:
        loaded: the library.
    """

    def __init__(self, loaded: ctypes.CDLL) -> None:
        self._loaded = loaded
        process = ctypes.CDLL(None)  # whose `malloc` is that of AddressSanitizer
        self._malloc, self._free = process.malloc, process.free
        self._malloc.restype, self._malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
        self._free.argtypes = [ctypes.c_void_p]

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._loaded, name)

        def called(*arguments: Any) -> Any:
            copies = [self._copied(given) if isinstance(given, bytes) else None for given in arguments]
            try:
                return function(*(copy or given for copy, given in zip(copies, arguments, strict=True)))
            finally:
                for copy in filter(None, copies):
                    self._free(copy)

        setattr(self, name, called)
        return called

    def _copied(self, text: bytes) -> ctypes.c_char_p:
        copy = self._malloc(len(text))
        ctypes.memmove(copy, text, len(text))
        return ctypes.cast(copy, ctypes.c_char_p)
