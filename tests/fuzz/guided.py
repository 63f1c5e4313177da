"""The process that atheris mutates inputs in: started by `python -m tests.fuzz` with libFuzzer's options."""

import gc
import os
import sys

import atheris

from tests.fuzz.sanitized import LIBRARY, ExactTexts

with atheris.instrument_imports(include=["models.flow_csv"], exclude=["models.flow_csv.row_counters"]):
    from models.flow_csv.row_counters import native_row_counter, row_counter
    from tests.fuzz.laws import check

if LIBRARY in os.environ:
    native_row_counter.library_path = lambda machine: os.environ[LIBRARY]
    loaded = native_row_counter.library()
    assert loaded
    exact = ExactTexts(loaded)
    vars(row_counter)["library"] = lambda: exact
gc.freeze()  # what was imported stays: no collection needs to look at it
atheris.Setup(sys.argv, check)
atheris.Fuzz()
