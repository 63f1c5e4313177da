# Everything that a fresh clone needs is Python 3.11 or newer and make.
PYTHON ?= python3
DATA ?= $(wildcard ../shared/data/campus)

.DEFAULT_GOAL := help
.PHONY: help demo test check format lock clean

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: .venv/demo ## Run the whole pipeline on this machine, on real traffic if there is some beside the project
	.venv/bin/flowtally demo $(DATA)

test: .venv/dev ## Run the tests
	.venv/bin/pytest -q

check: .venv/dev ## Check format, lint and types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/cfn-lint cloudformation/*.yaml

format: .venv/dev ## Format the code and fix what can be fixed
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

lock: .venv/dev ## Resolve the dependencies anew
	.venv/bin/uv pip compile $(LOCK) --extra demo --group install -o requirements/demo.txt pyproject.toml
	.venv/bin/uv pip compile $(LOCK) --extra demo --group dev -c requirements/demo.txt -o requirements/dev.txt pyproject.toml

LOCK = --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --upgrade

clean: ## Remove what was installed and built
	rm -rf .venv build demo-output

.venv/python:
	$(PYTHON) -m venv .venv
	touch $@

.venv/demo: .venv/python requirements/demo.txt pyproject.toml
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	.venv/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv/dev: .venv/demo requirements/dev.txt
	.venv/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@
