"""Fuzzes the flow-file reader: `python -m tests.fuzz --inputs 1000000`.

Huge files in memory that is watched, and beside them small ones that atheris mutates towards code not yet
covered, in several processes, with the library in C under AddressSanitizer and UBSan. The exit status is 1 if
anything broke.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from itertools import islice, product
from pathlib import Path
from random import Random
from resource import RUSAGE_SELF, getrusage
from tempfile import TemporaryDirectory
from types import CodeType, FrameType
from typing import Any, NamedTuple

from models.flow_csv import (
    both_units,
    byte_stream,
    csv_format,
    flow_file,
    quarantine,
    reader,
    units,
    unusual_values,
    values,
    verdict,
)
from models.flow_csv.headers import columns, header_lines, no_header
from perf.figures import Figures, versions
from tests.fuzz.giants import MIB, giants, read_giant
from tests.fuzz.laws import check
from tests.fuzz.recipes import DICTIONARY, SEEDS
from tests.fuzz.sanitized import environment

_COVERED = (
    *(both_units, byte_stream, columns, csv_format, flow_file, header_lines, no_header),
    *(quarantine, reader, units, unusual_values, values, verdict),
)

GIANT = 2 * MIB  # bytes; gzip bombs have eight times as much
GIANT_MEMORY = 128  # MiB that reading one may take, beside what the process has already
SMALL_MEMORY = 512  # MiB of the process that reads small files, atheris and what it remembers included
LONGEST = 1024  # bytes of a small file
PACE = 5.0  # seconds of CPU time that a MiB may take

FOUND = Path("build") / "fuzz"  # where inputs that broke something are kept


def main() -> int:
    """Runs the fuzzer, or one input again."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=100_000, help="how many small files to read")
    parser.add_argument("--seconds", type=int, default=0, help="when to stop before that; 0 for never")
    parser.add_argument("--seed", type=int, default=1, help="decides everything")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes for small files")
    parser.add_argument("--save", action="store_true", help="keep the figures for the docs")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="read one kept input again")
    options = parser.parse_args()
    if options.replay:
        return replay(options.replay)
    small = SmallFiles(options.inputs, options.seconds, options.seed, options.workers)
    read = [read_giants(options.seed), small.end()]
    if options.save:
        figures(read, options.inputs).save()
    return int(any(files.broken for files in read))


def replay(file: Path) -> int:
    """Reads one input again, as the processes do that look for it; gives the exit status."""
    with TemporaryDirectory(prefix="flowtally-") as folder:
        sanitizers = environment(Path(folder))
        command = [sys.executable, "-m", "tests.fuzz.guided", str(file)]
        status = subprocess.run(command, check=False, env=os.environ | sanitizers).returncode
    print("something is broken" if status else "every law holds")
    return int(status != 0)


class Read(NamedTuple):
    """What came of reading many files of a kind."""

    kind: str
    files: int
    broken: int
    memory: float  # MiB at most
    limit: int  # MiB
    seconds: float


def figures(read: Iterable[Read], inputs: int) -> Figures:
    """What the docs show."""
    return Figures(
        name="fuzz",
        title="Hostile files fed to the reader",
        columns=["files", "how many", "crashes", "memory at most", "limit", "seconds"],
        rows=[
            [
                r.kind,
                f"{r.files:,}",
                str(r.broken),
                f"{r.memory:.0f} MiB",
                f"{r.limit} MiB",
                f"{r.seconds:,.0f}",
            ]
            for r in read
        ],
        command=f"make fuzz INPUTS={inputs}",
        packages=versions("atheris"),
    )


def read_giants(seed: int) -> Read:
    """Reads huge files; one that takes too much memory or time is broken."""
    started, before, broken = time.monotonic(), memory(), 0
    slowest, files = 0.0, [*giants(Random(seed), GIANT)]
    for giant in files:
        begun = time.process_time()
        outcome = read_giant(giant)
        mebibytes = len(giant.piece) * giant.times / MIB
        pace = (time.process_time() - begun) / mebibytes
        slowest = max(slowest, pace)
        if memory() - before > GIANT_MEMORY or pace > PACE:
            print(f"{giant.name}: {memory() - before:.0f} MiB of memory, {pace:.1f} s/MiB ({outcome})")
            broken += 1
    print(
        f"{len(files)} huge files: {memory() - before:.0f} MiB of memory at most (limit {GIANT_MEMORY}), "
        f"{slowest:.1f} s of CPU time for a MiB at most (limit {PACE:g})"
    )
    taken = memory() - before
    return Read(
        "huge, beside the process", len(files), broken, taken, GIANT_MEMORY, time.monotonic() - started
    )


def memory() -> float:
    """MiB that this process ever had at one time."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


class SmallFiles:
    """Processes in which atheris makes up small files, each until one breaks a law.

    Args:
        inputs: how many files, by all of them together.
        seconds: when to stop before that; 0 for never.
        seed: of the first process; each has its own.
        workers: how many processes.
    """

    def __init__(self, inputs: int, seconds: int, seed: int, workers: int) -> None:
        FOUND.mkdir(parents=True, exist_ok=True)
        self._folder = TemporaryDirectory(prefix="flowtally-")
        self._seed = seed
        self._begun = time.monotonic()
        dictionary = Path(self._folder.name) / "dictionary"
        dictionary.write_text("".join(f'"{escaped(word)}"\n' for word in DICTIONARY))
        self._sanitizers = environment(Path(self._folder.name))
        self._corpora = [Path(self._folder.name) / f"corpus-{number}" for number in range(workers)]
        self._processes = []
        environ = os.environ | self._sanitizers
        for number, corpus in enumerate(self._corpora):
            write_seeds(corpus)
            command = [sys.executable, "-m", "tests.fuzz.guided", f"-runs={-(-inputs // workers)}"]
            command += [f"-seed={seed + number}", f"-max_len={LONGEST}", f"-max_total_time={seconds}"]
            command += [
                f"-rss_limit_mb={SMALL_MEMORY}",
                "-timeout=600",
                "-report_slow_units=600",
                f"-artifact_prefix={FOUND}/",
            ]
            command += [f"-dict={dictionary}", "-print_final_stats=1", str(corpus)]
            with corpus.with_suffix(".log").open("wb") as log:
                self._processes.append(subprocess.Popen(command, stdout=log, stderr=log, env=environ))

    def end(self) -> Read:
        """Waits for all of them, and prints and gives what they found."""
        with self._folder:
            statuses = [process.wait() for process in self._processes]
            logs = [corpus.with_suffix(".log").read_text(errors="replace") for corpus in self._corpora]
            watched = "under AddressSanitizer and UBSan" if self._sanitizers else "without sanitizers"
            read = report(logs, time.monotonic() - self._begun, statuses, watched)
            if not any(statuses):
                inputs = (path for corpus in self._corpora for path in sorted(corpus.iterdir()))
                report_coverage(inputs, self._seed)
        return read


def write_seeds(corpus: Path) -> None:
    """The files that a process begins with: each seed in each packing."""
    corpus.mkdir()
    for number, (text, packing) in enumerate(product(SEEDS, range(64))):
        (corpus / f"{number:04}").write_bytes(bytes([packing, 37 * packing % 256]) + text[: LONGEST - 2])


def escaped(word: bytes) -> str:
    """A word as libFuzzer's dictionaries want it."""
    return "".join(f"\\x{byte:02x}" for byte in word)


def report(logs: Sequence[str], seconds: float, statuses: Sequence[int], watched: str) -> Read:
    """Prints and gives what libFuzzer found in each process."""
    runs = sum(
        last_number(r"stat::number_of_executed_units:\s+(\d+)", log) or last_number(r"#(\d+)", log)
        for log in logs
    )
    edges = max(last_number(r"cov: (\d+)", log) for log in logs)
    peak = max(last_number(r"stat::peak_rss_mb:\s+(\d+)", log) for log in logs)
    broken = sum(status != 0 for status in statuses)
    print(
        f"{runs} small files {watched} in {seconds:.0f} s: {broken} crashes, {edges} edges covered, "
        f"{peak} MiB of memory at most in a process (limit {SMALL_MEMORY})"
    )
    for log in (log for log, status in zip(logs, statuses, strict=True) if status):
        print(*[line for line in log.splitlines() if not line.startswith(("#", "INFO", "WARNING"))], sep="\n")
        print("Read it again with: python -m tests.fuzz --replay FILE, for the FILE that was written above")
    return Read(f"small, a process {watched}", runs, broken, peak, SMALL_MEMORY, seconds)


def last_number(pattern: str, log: str) -> int:
    """The last number that a pattern finds; 0 if there is none."""
    return int(([*re.findall(pattern, log)] or [0])[-1])


def report_coverage(corpus: Iterable[Path], seed: int) -> None:
    """Prints which lines of the reader are reached by the inputs that atheris kept, and by a few giants."""
    reached: set[tuple[str, int]] = set()
    files = {module.__file__ for module in _COVERED}

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code.co_filename not in files:
            return None
        reached.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    sys.settrace(trace)
    for path in corpus:
        check(path.read_bytes())
    for giant in islice(giants(Random(seed), GIANT), 12):
        read_giant(giant)
    sys.settrace(None)
    for module in _COVERED:
        assert module.__file__
        source = Path(module.__file__).read_text()
        lines = set(lines_within_functions(compile(source, module.__file__, "exec")))
        missed = sorted(lines - {line for file, line in reached if file == module.__file__})
        shown = f"; not {', '.join(map(str, missed))}" if missed else ""
        print(f"{module.__name__}: {len(lines) - len(missed)} of {len(lines)} lines{shown}")


def lines_within_functions(code: CodeType) -> Iterable[int]:
    """The numbers of the lines that run when something is called."""
    if code.co_flags & 0x2:  # CO_NEWLOCALS: a function, not a module or class
        yield from (line for _, _, line in code.co_lines() if line and line > code.co_firstlineno)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from lines_within_functions(constant)


if __name__ == "__main__":
    sys.exit(main())
