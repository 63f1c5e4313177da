"""The process that atheris mutates inputs in: started by `python -m tests.fuzz` with libFuzzer's options."""

import gc
import sys

import atheris

with atheris.instrument_imports(include=["models.flow_csv"], exclude=["models.flow_csv.row_counters"]):
    from tests.fuzz.laws import check

gc.freeze()  # what was imported stays: no collection needs to look at it
atheris.Setup(sys.argv, check)
atheris.Fuzz()
