# Two commands are enough: `make up` and `make test`. Each makes its own virtual environment first.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
READY  := setup
ARGS   ?=

# A person's own settings that would make the interpreter, or everything that it imports, another one.
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONSTARTUP PYTHONINSPECT PYTHONOPTIMIZE PYTHONWARNINGS __PYVENV_LAUNCHER__

.DEFAULT_GOAL := help
.PHONY: help setup up down status test test-all test-slow e2e-browser check lint format types package wheel deploy bench lock clean \
  build-PredictFunction build-RetrainFunction build-TrainFunction

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: ## the virtual environment, from the hashed lock; does nothing where it is ready
	@command -v "$(PYTHON)" >/dev/null || { echo "set-up failed: there is no $(PYTHON); install Python 3.11 to 3.14, or name it: make setup PYTHON=…" >&2; exit 1; }
	@"$(PYTHON)" -I cloud/installer.py "$(VENV)"

up: $(READY) ## emulated cloud, deployment, first model, dashboard; Ctrl-C ends it (ARGS="--fresh" and others pass through)
	@$(BIN)/menagerie up $(ARGS)

down: $(READY) ## end a running `make up`
	@$(BIN)/menagerie down $(ARGS)

status: $(READY) ## what runs, and where
	@$(BIN)/menagerie status $(ARGS)

# Two files at a time, in a random order that ARGS=--randomly-seed=N repeats; the end-to-end ones, which mostly wait, first.
PYTEST = $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --cov --cov-report=term --durations=10
COVERED = --cov-fail-under=96

test: $(READY) ## the quick lane: everything cheap, with one path through the embedded cloud
	$(PYTEST) -m "not slow" $(ARGS)

test-all: $(READY) ## every test that needs no Docker, and how much of the source they cover
	$(PYTEST) $(COVERED) $(ARGS)

test-slow: $(READY) ## what `make test` left out, after it; judges the coverage of both together
	$(PYTEST) --cov-append $(COVERED) -m slow $(ARGS)

e2e-browser: $(READY) ## people's stories in a real Chromium, part of `make test-all` where one is installed; pictures in build/screenshots
	$(BIN)/python -m pytest tests/browser --no-cov $(ARGS)

lint: $(READY) ## ruff: rules and format
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .

types: $(READY) ## mypy, strict
	$(BIN)/python -m mypy

format: $(READY) ## rewrite the sources as ruff would have them
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

check: lint types test-all ## what CI runs: ruff, mypy, every test

package: $(READY) ## the Lambda zips, into build/
	$(BIN)/menagerie package --output build $(ARGS)

wheel: $(READY) ## the wheel and the sdist, with the locked versions as constraints, into dist/
	$(BIN)/python -m hatchling build
	sed -n 's/^\([a-z0-9].*[^ \]\) *\\$$/\1/p' requirements/dev.txt > dist/constraints.txt

deploy: $(READY) ## template.yaml to where AWS_ENDPOINT_URL or the AWS profile points
	$(BIN)/menagerie deploy $(ARGS)

bench: $(READY) ## the measurements of benchmarks/
	$(BIN)/menagerie bench $(ARGS)

# `sam build` calls these with ARTIFACTS_DIR; the zips are the same as everywhere else, unpacked.
build-PredictFunction build-RetrainFunction: PART = predict
build-TrainFunction: PART = train
build-PredictFunction build-RetrainFunction build-TrainFunction: $(READY)
	$(BIN)/menagerie package $(PART) --output build
	$(BIN)/python -m zipfile -e build/$(PART).zip "$(ARTIFACTS_DIR)"

faults: $(READY) ## inject every kind of fault, count what it costs, write docs/reliability.md; two hours
	$(BIN)/python -m benchmarks.faults $(ARGS)

lock: ## recompile requirements/*.txt from pyproject.toml; needs uv
	sh requirements/compile.sh

clean: ## forget builds and caches; the state of `up` stays
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .coverage htmlcov
