# Executable documentation: what one does with Newswire, by name. `make` lists it.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help setup demo airflow test test-stack lint check lock up down bench docs clean

# The newest Python that really runs here; a name on PATH alone proves nothing. Override: make PYTHON=/path/to/python3.12
PYTHON ?= $(shell for python in python3.13 python3.12 python3.11 python3; do \
	$$python -c 'import ensurepip, sqlite3, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && { echo $$python; break; }; done)
BIN := .venv/bin
# Airflow starts twice as fast from compiled modules.
unexport PYTHONDONTWRITEBYTECODE

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: .venv/complete ## .venv with the newswire command and everything that the demo and the tests need

.venv/complete: requirements.lock requirements-uv.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "make: no Python 3.11, 3.12 or 3.13 found on PATH; name one: make PYTHON=/path/to/python3.12"; exit 2; }
	@echo "Setting up .venv with $$($(PYTHON) --version) (once, one to four minutes)"
	@rm -f $@
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## the whole flow on a small newsroom served on loopback, through the real Airflow DAG
	@$(BIN)/python -m examples.demo

airflow: setup ## the Airflow UI over the embedded stores and the demo newsroom; Ctrl-C stops all of it
	@$(BIN)/python -m examples.airflow_ui

test: setup ## all tests; those that need a server say how to bring it, if it is not there
	@$(BIN)/python -m pytest --numprocesses logical --maxprocesses 4 --dist loadfile

test-stack: setup ## the whole production stack as processes on loopback; needs PostgreSQL, Redis and Elasticsearch (some minutes)
	@$(BIN)/python -m pytest tests/stack

lint: setup ## style, types and import rules
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports

check: lint test test-stack ## everything that CI runs

lock: setup ## resolve the dependencies of pyproject.toml anew, within its bounds
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --upgrade --all-extras --group dev pyproject.toml --output-file requirements.lock
	@grep '^uv==' requirements.lock | tr -d '\\' | $(BIN)/uv pip compile --quiet --universal --generate-hashes \
		--no-emit-index-url --no-annotate --no-header - --output-file requirements-uv.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --upgrade --group peers --output-file requirements-peers.lock

bench: setup .venv-peers/complete ## measure; prints figures and the command that made each
	@$(BIN)/python benchmarks/extraction.py
	@$(BIN)/python benchmarks/entities.py names --most 10000

.venv-peers/complete: requirements-peers.lock
	@echo "Setting up .venv-peers, the libraries that the benchmarks compare with (once, some minutes)"
	@$(BIN)/uv venv --quiet --clear --python $(BIN)/python .venv-peers
	@$(BIN)/uv pip sync --quiet --python .venv-peers/bin/python --require-hashes requirements-peers.lock
	@touch $@

up: ## the production stack in docker compose; writes .env with fresh passwords first
	@python3 deploy/make_env.py
	docker compose up --detach --build --wait

down: ## stop the production stack; its volumes stay
	docker compose down

clean: ## remove .venv and the demo's data
	rm -rf .venv .venv-peers .newswire
