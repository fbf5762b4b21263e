# Everything a newcomer types: `make run`, `make test`. The rest is in `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
LAKE ?= ./lake

.DEFAULT_GOAL := help
.PHONY: help run browser test soak attack fuzz check audit venv dev bench mutants docs lock clean

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: $(VENV)/run.stamp ## load the real figures in examples/ into ./lake, month by month, and say what stands out
	@$(BIN)/trona backfill --documents examples/figures --lake $(LAKE) --report
	@echo "The command is $(BIN)/trona; activate the environment to call it trona: . $(BIN)/activate"

test: $(VENV)/dev.stamp ## all tests but the soak
	@$(BIN)/python .ci/tests.py

soak: $(VENV)/dev.stamp ## the long forms of tests: kills, floods, restarts of a whole `trona up`, many random examples
	@$(BIN)/python -m pytest -m soak
	@$(BIN)/python -m pytest -m "hypothesis and not soak" --hypothesis-profile=many

attack: $(VENV)/dev.stamp ## 300 kills, full disks, a faulty store, writers and readers at once: N=20, MINUTES=1, ONLY=disk, SEED=2
	@nice -n 15 $(BIN)/python -m tests.attack --kills $(or $(N),300) --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1) $(addprefix --only ,$(ONLY))

fuzz: $(VENV)/fuzz.stamp ## 10^6 changed inputs for every reader and file of settings, by coverage: RUNS=1000 for fewer, TARGET=csv for one
	@PYTHONPATH=$(VENV)/fuzz nice -n 15 $(BIN)/python -m tests.attack.fuzzing --runs $(or $(RUNS),1000000) --seed $(or $(SEED),1) $(addprefix --target ,$(TARGET))

browser: ## a Chromium from the system's packages, for the tests that look at the page; they skip without one
	@command -v chromium chromium-browser google-chrome || (apt-get update -q && apt-get install -qy chromium)

check: $(VENV)/dev.stamp ## style, types, import directions, freshness of the lock
	@$(BIN)/ruff format --check --quiet . && $(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/python .ci/imports.py
	@$(BIN)/python .ci/lock.py --check
	@$(BIN)/python .ci/tables.py --check
	@$(BIN)/python .ci/errors.py --check
	@$(BIN)/python .ci/alert_rules.py --check
	@$(BIN)/python .ci/architecture.py --check
	@$(BIN)/python .ci/dependencies.py --check
	@$(BIN)/python .ci/performance.py --check
	@$(BIN)/python -m bench --small >/dev/null
	@echo "check: all good"

audit: $(VENV)/dev.stamp ## known vulnerabilities of the pinned dependencies; needs the network
	@$(BIN)/python .ci/audit.py

bench: $(VENV)/dev.stamp ## ratios, medians and peak memory against floors and peers; docs/performance.md: 20 minutes
	@$(BIN)/python -m bench --json bench/results.json
	@$(BIN)/python .ci/performance.py

mutants: $(VENV)/dev.stamp ## changes that no test notices: ONLY=contracts/period.py for some files, SAMPLE=20 for so many of each
	@nice -n 15 $(BIN)/python .ci/mutants.py $(ONLY) --sample $(or $(SAMPLE),0) --seed $(or $(SEED),1)

read-bench: $(VENV)/dev.stamp ## how well reviews are read: by hand, language, chain, measure and kind
	@$(BIN)/python bench/bench_reading.py

venv: $(VENV)/run.stamp ## the environment alone

dev: $(VENV)/dev.stamp ## the environment with what tests and checks need

docs: $(VENV)/dev.stamp ## pages that are made from the code: tables, errors, alert rules, architecture
	@$(BIN)/python .ci/tables.py
	@$(BIN)/python .ci/errors.py
	@$(BIN)/python .ci/alert_rules.py
	@$(BIN)/python .ci/architecture.py
	@$(BIN)/python .ci/dependencies.py
	@$(BIN)/python .ci/performance.py

lock: $(VENV)/dev.stamp ## resolve the dependencies of pyproject.toml anew
	@$(BIN)/python .ci/lock.py

clean: ## remove the environment and what tools keep
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 14) or sys.exit("Trona needs Python 3.11, 3.12 or 3.13; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 …")'
	@echo "making the environment in $(VENV)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	@echo "installing what Trona needs (about a minute the first time)"
	@$(BIN)/python .ci/install.py requirements.lock
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements-dev.lock
	@echo "installing what the tests need"
	@$(BIN)/python .ci/install.py requirements-dev.lock
	@touch $@

$(VENV)/fuzz.stamp: $(VENV)/dev.stamp requirements-fuzz.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --target $(VENV)/fuzz --require-hashes --requirement requirements-fuzz.txt
	@touch $@
