# Everything needs only Python 3.11+ and make: the first target that runs sets up .venv from hash-pinned requirements.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
ARGS ?=
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock"

.PHONY: help run test check bench screenshots install lock schema clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Build isolation would fetch the build back end without its hash, so the project itself is installed without it.
$(READY): requirements.lock requirements-dev.lock pyproject.toml console/__init__.py
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Quarterdeck needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "The venv module is missing. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	$(BIN)/python -m compileall -q $(VENV)/lib console || true
	@touch $@

run: $(READY) ## open the console (the demo company where there are no settings)
	@$(BIN)/quarterdeck $(ARGS)

test: $(READY) ## the whole suite (ARGS="tests/world -k read" for a part)
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: $(READY) ## ruff, mypy strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(READY) ## measure; prints a table and writes bench.json
	$(BIN)/python -m tests.bench $(ARGS)

screenshots: $(READY) ## draw screenshots/ anew from the demo company
	$(BIN)/python -m tests.screenshots $(ARGS)

install: $(READY) ## build the wheel and install it for this user (~/.local/bin/quarterdeck)
	@.ci/install

lock: ## resolve the dependencies anew (needs uv)
	$(LOCK) pyproject.toml --constraint constraints.txt --output-file requirements.lock
	$(LOCK) pyproject.toml --group dev --group build --constraint requirements.lock --constraint constraints.txt --output-file requirements-dev.lock

schema: $(READY) ## write config/quarterdeck.schema.json anew
	$(BIN)/quarterdeck config schema > config/quarterdeck.schema.json

clean: ## remove .venv and what the tools cache
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache dist build
