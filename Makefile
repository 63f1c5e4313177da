# Everything that a fresh clone needs is Python 3.11 or newer and make.
PYTHON ?= python3
CAMPUS = $(wildcard ../shared/data/campus)
DATA ?= $(CAMPUS)
# SAVE=1 has measure, soak, mutants, kill-soak and fuzz keep their figures for the docs; else they only print.
KEPT = $(if $(SAVE),--save)

.DEFAULT_GOAL := help
.PHONY: help demo test test-report check measure soak mutants kill-soak vm-soak fuzz test-dynamodb-local test-systemd format docs lock libraries package clean

help: ## Show what there is to do
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

# One path that may hold spaces, or else several.
demo: export DATA := $(DATA)
demo: .venv/demo ## Run the whole pipeline on this machine, on real traffic if there is some beside the project
	@IFS=; set -- $$DATA; [ -e "$$1" ] || { unset IFS; set -- $$DATA; }; \
	.venv/bin/flowtally demo $(if $(COMPUTE),--compute $(COMPUTE)) "$$@"

test: .venv/dev ## Run the tests
	.venv/bin/pytest -q -n 3 --dist loadfile

soak: .venv/dev ## Simulate schedules full of faults: SEEDS=10000, or SEED=7 to replay one
	.venv/bin/python -m tests.simulation $(if $(SEED),--seed $(SEED),--seeds $(or $(SEEDS),1000)) $(KEPT)

mutants: .venv/dev ## Remove one safeguard after the other; the simulation must notice each
	.venv/bin/python -m tests.simulation.mutants $(KEPT)

kill-soak: .venv/dev ## Kill real workers at random: KILLS=100
	.venv/bin/python -m tests.soak.kill_soak --kills $(or $(KILLS),100) $(KEPT)

vm-soak: .venv/dev ## Kill, freeze and cut off three VMs at random: MINUTES=5
	.venv/bin/python -m tests.soak.vm_soak --minutes $(or $(MINUTES),5)

fuzz: .venv/dev ## Feed the reader with hostile files: INPUTS=1000000
	.venv/bin/python -m tests.fuzz --inputs $(or $(INPUTS),1000000) $(KEPT)

test-dynamodb-local: .venv/dev ## Run contract tests and pipeline on AWS's own engine; needs Java 17 and Maven
	.venv/bin/pytest -q --dynamodb-local tests/contract tests/end_to_end/test_pipeline.py tests/dynamodb_local

test-report: .venv/dev ## Open the report in Chromium: widths, colours, keyboard, print; needs Chromium
	.venv/bin/pytest -q --browser tests/browser

test-systemd: .venv/dev ## Run the daemon under a real systemd, in a container; needs root on Debian
	.venv/bin/python -m tests.systemd

check: .venv/dev ## Check format, lint and types
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/cfn-lint cloudformation/*.yaml

format: .venv/dev ## Format the code and fix what can be fixed
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

measure: .venv/dev ## Measure all of docs/performance.md again: half an hour on a machine that does nothing else
	.venv/bin/python -m perf.benchmarks.summarize $(KEPT)
	.venv/bin/python -m perf.benchmarks.writes $(KEPT)
	-.venv/bin/python -m perf.benchmarks.coldstart $(KEPT)
	.venv/bin/python -m perf.benchmarks.latency $(KEPT)
	-.venv/bin/python -m perf.benchmarks.memory $(KEPT)
	.venv/bin/python -m perf.comparison.compare $(KEPT)
	$(if $(CAMPUS),.venv/bin/python -m perf.comparison.compare --dataset campus $(KEPT) $(CAMPUS))
	$(if $(SAVE),$(MAKE) docs)

docs: .venv/dev ## Bring docs/commands.md and the figures in docs/ up to date
	.venv/bin/python -m tests.helpers.commands_page
	.venv/bin/python -m perf.figures

lock: .venv/dev ## Resolve the dependencies anew
	.venv/bin/uv pip compile $(LOCK) --extra demo --group install -o requirements/demo.txt pyproject.toml
	.venv/bin/uv pip compile $(LOCK) --extra demo --group dev -c requirements/demo.txt -o requirements/dev.txt pyproject.toml
	.venv/bin/uv pip compile $(LOCK) -c requirements/demo.txt -o requirements/runtime.txt requirements/runtime.in
	.venv/bin/uv pip compile $(LOCK) -c requirements/demo.txt $(BROUGHT:%=--no-emit-package %) -o cloudformation/requirements.txt cloudformation/requirements.in

# What AWS's Lambda runtime brings.
BROUGHT = boto3 botocore s3transfer jmespath python-dateutil six urllib3 typing-extensions

LOCK = --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.11 --upgrade

libraries: .venv/dev ## Compile the library that counts rows, for all machines
	.venv/bin/python -m models.flow_csv.build_native

package: .venv/dev ## Build the packages that are deployed, and print their sizes
	.venv/bin/python -m cloudformation.package

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
