# Everything that a fresh clone needs is Python 3.11 or newer and make.
PYTHON ?= python3
VENV ?= .venv
CAMPUS = $(wildcard ../shared/data/campus)
DATA ?= $(CAMPUS)
# SAVE=1 has measure, soak, mutants, kill-soak and fuzz keep their figures for the docs; else they only print.
KEPT = $(if $(SAVE),--save)

# Files side by side, in the order that tests/conftest.py gives them: those that take long are not left for the end.
SIDE_BY_SIDE = -n 3 --dist loadfile --no-loadscope-reorder

# What takes minutes, and has a turn of its own in .ci/run.
SLOW = tests/attacks tests/clients/every_command tests/clients/lifecycle tests/perf/test_compare.py

# Where this is set, every process of every test would compile the program anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-report test-office test-without-engine check measure soak mutants kill-soak vm-soak fuzz test-dynamodb-local test-systemd format docs screens lock libraries package clean

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# One path that may hold spaces, or else several.
demo: export DATA := $(DATA)
demo: $(VENV)/demo ## Run the whole pipeline on this machine, on real traffic if there is some beside the project; KEEP=1 to play on
	@IFS=; set -- $$DATA; [ -e "$$1" ] || { unset IFS; set -- $$DATA; }; \
	$(VENV)/bin/flowtally demo $(if $(COMPUTE),--compute $(COMPUTE)) $(if $(KEEP),--keep) "$$@"

test: $(VENV)/dev ## Run the tests, but those that take minutes
	$(VENV)/bin/pytest -q $(SIDE_BY_SIDE) $(SLOW:%=--ignore=%)

test-slow: $(VENV)/dev ## Run the others: attacks, deployments, each command wherever it may run, Lambda beside VM
	$(VENV)/bin/pytest -q $(SIDE_BY_SIDE) $(SLOW)

test-without-engine: $(VENV)/dev ## Run the tests that start no engine, on another Python: PYTHON=python3.13 VENV=build/python3.13
	$(VENV)/bin/pytest -q $(SIDE_BY_SIDE) --without-engine -r fE

soak: $(VENV)/dev ## Simulate schedules full of faults: SEEDS=10000, or SEED=7 to replay one
	$(VENV)/bin/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000)) $(KEPT)

mutants: $(VENV)/dev ## Remove one safeguard after the other; the simulation must notice each
	$(VENV)/bin/python -m tests.simulation.mutants $(KEPT)

kill-soak: $(VENV)/dev ## Kill real workers and uploads at random: KILLS=100, UPLOADS=50
	$(VENV)/bin/python -m tests.soak.kill_soak --kills $(or $(KILLS),100) $(KEPT)
	$(VENV)/bin/python -m tests.soak.upload_kills --kills $(or $(UPLOADS),50)

vm-soak: $(VENV)/dev ## Kill, freeze and cut off three VMs at random: MINUTES=5
	$(VENV)/bin/python -m tests.soak.vm_soak --minutes $(or $(MINUTES),5)

fuzz: $(VENV)/dev ## Feed the reader with hostile files: INPUTS=1000000
	$(VENV)/bin/python -m tests.fuzz --inputs $(or $(INPUTS),1000000) $(KEPT)

test-report: $(VENV)/dev ## Open the report in Chromium: widths, colours, keyboard, print; needs Chromium
	$(VENV)/bin/pytest -q --browser tests/browser

test-office: $(VENV)/dev ## Open exports with LibreOffice, in English and German; needs LibreOffice
	$(VENV)/bin/pytest -q --office tests/clients/exporting/test_in_libreoffice.py

test-dynamodb-local: $(VENV)/dev ## Run contract tests and pipeline on AWS's own engine; needs Java 17 and Maven
	$(VENV)/bin/pytest -q --dynamodb-local tests/contract tests/end_to_end/test_pipeline.py tests/attacks/test_full_item.py tests/attacks/test_colliding_files.py tests/dynamodb_local

test-systemd: $(VENV)/dev ## Run the daemon under a real systemd, in a container; needs root on Debian
	$(VENV)/bin/python -m tests.systemd

check: $(VENV)/dev ## Check format, lint and types
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/cfn-lint cloudformation/*.yaml

format: $(VENV)/dev ## Format the code and fix what can be fixed
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

measure: $(VENV)/dev ## Measure all of docs/performance.md again: half an hour on a machine that does nothing else
	$(VENV)/bin/python -m perf.benchmarks.summarize $(KEPT)
	$(VENV)/bin/python -m perf.benchmarks.writes $(KEPT)
	-$(VENV)/bin/python -m perf.benchmarks.coldstart $(KEPT)
	$(VENV)/bin/python -m perf.benchmarks.latency $(KEPT)
	-$(VENV)/bin/python -m perf.benchmarks.memory $(KEPT)
	-$(VENV)/bin/python -m perf.benchmarks.terminal $(KEPT)
	$(VENV)/bin/python -m perf.insight.export_cost $(KEPT)
	$(VENV)/bin/python -m perf.comparison.compare $(KEPT)
	$(if $(CAMPUS),$(VENV)/bin/python -m perf.comparison.compare --dataset campus $(KEPT) $(CAMPUS))
	$(if $(SAVE),$(MAKE) docs)

docs: $(VENV)/dev ## Bring docs/commands.md and the figures in docs/ up to date
	$(VENV)/bin/python -m tests.helpers.commands_page
	$(VENV)/bin/python -m perf.figures

screens: $(VENV)/dev ## Draw the screens that README.md shows, from real runs
	$(VENV)/bin/python -m tests.helpers.screens

lock: $(VENV)/dev ## Resolve the dependencies anew
	$(VENV)/bin/uv pip compile $(LOCK) --extra demo --group install -o requirements/demo.txt pyproject.toml
	$(VENV)/bin/uv pip compile $(LOCK) --extra demo --extra excel --extra parquet --group dev -c requirements/demo.txt -o requirements/dev.txt pyproject.toml
	$(VENV)/bin/uv pip compile $(LOCK) -c requirements/demo.txt -o requirements/runtime.txt requirements/runtime.in
	$(VENV)/bin/uv pip compile $(LOCK) -c requirements/demo.txt --group install -o requirements/build.txt
	$(VENV)/bin/uv pip compile $(LOCK) -c requirements/demo.txt $(BROUGHT:%=--no-emit-package %) -o cloudformation/requirements.txt cloudformation/requirements.in

# What AWS's Lambda runtime brings.
BROUGHT = boto3 botocore s3transfer jmespath python-dateutil six urllib3 typing-extensions

LOCK = --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --upgrade

libraries: $(VENV)/dev ## Compile the library that counts rows, for all machines
	$(VENV)/bin/python -m models.flow_csv.row_counters.build_native

package: $(VENV)/dev ## Build the packages that are deployed, and print their sizes
	$(VENV)/bin/python -m cloudformation.package

clean: ## Remove what was installed and built
	rm -rf .venv build demo-output

$(VENV)/python:
	$(PYTHON) -m venv $(VENV)
	touch $@

$(VENV)/demo: $(VENV)/python requirements/demo.txt pyproject.toml
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/demo.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev: $(VENV)/demo requirements/dev.txt
	$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@
