# `make up` and `make test` are enough to start. Each creates the virtual environment first.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := setup
ARGS   ?=

# Settings of the user that would change the interpreter or its imports.
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP PYTHONINSPECT PYTHONOPTIMIZE PYTHONWARNINGS __PYVENV_LAUNCHER__

.DEFAULT_GOAL := help
.PHONY: help setup up down status test test-all test-slow e2e-browser check lint format types package wheel deploy bench faults lock clean \
  build-PredictFunction build-RetrainFunction build-TrainFunction

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## create the virtual environment from the hashed lock, or do nothing if it is up to date
	@command -v "$(PYTHON)" >/dev/null || { echo "set-up failed: there is no $(PYTHON); install Python 3.11 to 3.14, or name it: make setup PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -I cloud/installer.py "$(VENV)"

up: $(READY) ## start the emulated cloud, deploy, train a first model, start the dashboard, until Ctrl-C (ARGS="--fresh" passes options)
	@$(BIN)/menagerie up $(ARGS)

down: $(READY) ## stop a running `make up`
	@$(BIN)/menagerie down $(ARGS)

status: $(READY) ## show what runs, with addresses
	@$(BIN)/menagerie status $(ARGS)

# Two files in parallel, in a random order that ARGS=--randomly-seed=N repeats; end-to-end tests, which mostly wait, first.
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --durations=10
COVERED = --cov-fail-under=96

test: $(READY) ## run the quick tests, including one path through the embedded cloud
	$(PYTEST) -m "not slow" $(ARGS)

test-all: $(READY) ## run all tests and require 96 % coverage
	$(PYTEST) $(COVERED) $(ARGS)

test-slow: $(READY) ## run the remaining tests after `make test`, and require 96 % coverage of both
	$(PYTEST) --cov-append $(COVERED) -m slow $(ARGS)

e2e-browser: $(READY) ## run only the browser tests, with screenshots in build/screenshots; needs Chromium
	$(BIN)/python -m pytest tests/browser --no-cov $(ARGS)

lint: $(READY) ## check rules and format with ruff
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(READY) ## check types with mypy
	$(BIN)/python -m mypy

format: $(READY) ## fix and format the sources with ruff
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

check: lint types test-all ## run ruff, mypy and all tests

package: $(READY) ## build the Lambda zips in build/
	$(BIN)/menagerie package --output build $(ARGS)

wheel: $(READY) ## build the wheel, the sdist and constraints in dist/
	$(BIN)/python -m hatchling build
	sed -n 's/^\([a-z0-9].*[^ \]\) *\\$$/\1/p' requirements/dev.txt > dist/constraints.txt

deploy: $(READY) ## deploy template.yaml to where AWS_ENDPOINT_URL or the AWS profile points
	$(BIN)/menagerie deploy $(ARGS)

bench: $(READY) ## run all measurements, a quarter of an hour
	$(BIN)/menagerie bench $(ARGS)

# `sam build` calls these targets with ARTIFACTS_DIR; they unpack the same zips as everywhere.
build-PredictFunction build-RetrainFunction: PART = predict
build-TrainFunction: PART = train
build-PredictFunction build-RetrainFunction build-TrainFunction: $(READY)
	$(BIN)/menagerie package $(PART) --output build
	$(BIN)/python -m zipfile -e build/$(PART).zip "$(ARTIFACTS_DIR)"

faults: $(READY) ## inject faults, count their effects, write docs/reliability.md; two hours
	$(BIN)/python -m benchmarks.faults $(ARGS)

lock: ## recompile requirements/*.txt from pyproject.toml; needs uv
	sh requirements/compile.sh

clean: ## delete builds and caches, but not the state of `up`
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .coverage htmlcov
