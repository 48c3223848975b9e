# What a contributor types. Needs make and Python 3.11 or newer; everything else goes into .venv, as locked.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help demo demo-all test test-quick model editors check format lint types contracts docs docs-check bench acceptance formats lock clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The stamp is younger than the lock and the package's description, or the environment is brought up to date.
$(READY): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("atk-interp needs python 3.11 or newer, and `$(PYTHON)` is " + sys.version.split()[0] + "; name another with `make PYTHON=python3.12`")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo 'no virtual environment could be made; on Debian and Ubuntu, `apt-get install python3-venv`' >&2; exit 1; }
	@echo 'installing what requirements/dev.txt lists into $(VENV); this takes a minute the first time'
	@$(BIN)/python -m pip install -qq --require-hashes --only-binary :all: --requirement requirements/dev.txt
	@$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q interpreter   # an editable install does not, and some environments never write byte code
	@$(BIN)/python -c 'import xllamacpp' || echo 'the embedded model cannot be loaded: it needs libgomp1 (`apt-get install libgomp1`) and a processor with AVX2' >&2
	@touch $@

demo: $(READY)  ## make a small dataset on this machine, with no key
	$(BIN)/atk-interp run pipeline_specs/factual_qa/config.yaml

# Each with its own config: a small subset, and prompts for a small model.
demo-all: $(READY)  ## run every stock pipeline on this machine, with no key; takes a while
	$(BIN)/atk-interp run pipeline_specs/*/config.yaml

test: $(READY) model editors  ## run every test
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadgroup --inline-snapshot=disable

model: $(READY)  ## fetch the embedded model once, for the tests that ask it
	@$(BIN)/python -c 'from atk_interp.llm.model_file import model_path; model_path(say=print)'

# The YAML server of editors, for the tests that ask it; without npm they are skipped.
EDITORS := tests/editors/node_modules/.ready
editors: $(EDITORS)
$(EDITORS): tests/editors/package-lock.json
	@if command -v npm >/dev/null; then cd tests/editors && npm ci --silent --no-audit --no-fund --ignore-scripts && touch node_modules/.ready; \
		else echo 'npm is missing: the tests of the YAML server of editors will be skipped' >&2; fi

test-quick: $(READY)  ## run the tests that take no time
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --dist loadgroup --inline-snapshot=disable -m 'not slow'

check: lint types contracts docs-check test  ## run everything that a change must pass

format: $(READY)  ## rewrite the code in its usual form
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

lint: $(READY)  ## look for mistakes and odd forms
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(READY)  ## check the annotations
	$(BIN)/mypy

# Without a cache: it would keep what an import meant before the module that it names existed.
contracts: $(READY)  ## check that imports go down only
	$(BIN)/lint-imports --no-logo --no-cache

docs: $(READY)  ## write the reference pages anew
	$(BIN)/python -m atk_interp.reference

docs-check: $(READY)  ## check that the reference pages are fresh
	$(BIN)/python -m atk_interp.reference --check

bench: $(READY)  ## measure; prints figures, fails on nothing
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

acceptance: $(READY)  ## count what is sent again after edits, kills and by two runs at once; prints tables
	$(BIN)/python tests/acceptance/acceptance.py

# TRL and what it needs for its checks of datasets, in a folder of their own: they are large, and need no PyTorch for it.
FORMATS := .formats/.ready
$(FORMATS): requirements/formats.txt | $(READY)
	@rm -rf .formats && $(BIN)/python -m pip install -qq --require-hashes --no-deps --only-binary :all: --target .formats --requirement requirements/formats.txt
	@touch $@
formats: $(FORMATS)  ## read what every format writes with TRL
	PYTHONPATH=.formats $(BIN)/python -c 'import trl.data_utils'
	PYTHONPATH=.formats $(BIN)/python -m pytest -m formats tests/formats

lock: $(READY)  ## find newer libraries and write requirements/*.txt
	CUSTOM_COMPILE_COMMAND='make lock' $(BIN)/pip-compile --quiet --upgrade --generate-hashes --allow-unsafe --strip-extras \
		--no-emit-options --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
		--extra embedded --extra documents --extra language --extra lsp --extra parquet \
		--extra dedupe --extra embeddings --extra classifier --extra remote --extra telemetry --extra dev --output-file requirements/dev.txt pyproject.toml
	$(BIN)/python requirements/lock_formats.py

clean:  ## remove the environment and what the tools left
	rm -rf $(VENV) .formats build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	find interpreter tests -name __pycache__ -type d -prune -exec rm -rf {} +
