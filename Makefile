# Two commands do everything on a bare machine with Python 3.11+ and make: `make demo` and `make test`.
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/installed
PYTEST := $(BIN)/python -m pytest

.PHONY: help setup demo test lint check laws chaos journeys serve work bench fix migrate revision golden clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## build .venv with everything the project needs

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("ontogeny needs Python 3.11 or newer; this is %s; set PYTHON=..." % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	@echo "building $(VENV): PyTorch first, which is large, then the rest; minutes, once"
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check 'torch==2.13.0'
	@echo "PyTorch is there; now ontogeny and what else it needs"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[worker,arrow,gym,dev]'
	@touch $(STAMP)
	@echo "$(VENV) is ready: . $(BIN)/activate"

demo: $(STAMP) ## start the service, grow four lives over HTTP, print what they learned, stop
	$(BIN)/ontogeny demo examples/quickstart.yaml

test: $(STAMP) ## the whole test suite
	$(PYTEST) -n 2 --dist loadfile

lint: $(STAMP) ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test ## lint, then the tests (laws among them)

laws: $(STAMP) ## only the laws: determinism, registry, docstrings, sizes, names
	$(PYTEST) tests/laws -q

chaos: $(STAMP) ## only the tests that kill real worker processes
	$(PYTEST) tests -q -m processes

journeys: $(STAMP) ## only the journeys from a file to a history
	$(PYTEST) tests/journeys -q

serve: $(STAMP) ## the service on 127.0.0.1:8714 with two workers, until Ctrl-C
	$(BIN)/ontogeny up

work: $(STAMP) ## workers alone, for a service that runs elsewhere
	$(BIN)/python -m workers --slots 2

bench: $(STAMP) ## every benchmark, quick form
	$(BIN)/python -m benchmarks --quick

fix: $(STAMP) ## mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

migrate: $(STAMP) ## bring the database of ONTOGENY_DATABASE_URL up to date
	$(BIN)/ontogeny migrate

revision: $(STAMP) ## write a migration from the tables: make revision m="what changes"
	$(BIN)/alembic revision --autogenerate -m "$(m)"

golden: $(STAMP) ## renew the golden run after a change of results that Changes tells
	$(BIN)/python tests/laws/golden.py

clean: ## remove .venv and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist *.egg-info
