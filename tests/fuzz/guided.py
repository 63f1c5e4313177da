"""The process that atheris mutates inputs in: started by `python -m tests.fuzz` with libFuzzer's options."""

import sys

import atheris

with atheris.instrument_imports(include=["models"]):
    from tests.fuzz.laws import check

atheris.Setup(sys.argv, check)
atheris.Fuzz()
