# Daybook's commands; bare `make` lists them.

PYTHON ?= python3
export PIP_DISABLE_PIP_VERSION_CHECK = 1
BIN = .venv/bin
INSTALL = $(BIN)/python -m pip --version >/dev/null 2>&1 && PIP="$(BIN)/python -m pip" || PIP="$(PYTHON) -m pip --python $(BIN)/python"; \
	$$PIP install --quiet --no-deps --require-hashes --requirement
LOCK = $(BIN)/uv pip compile pyproject.toml --universal --generate-hashes --quiet \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links

.DEFAULT_GOAL = help
.PHONY: help up test check audit soak bench format lint docs lock

help: ## List the commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

up: .venv/runtime ## Run everything here, in the foreground, with the sample mailbox (PORT, FLOWER_PORT, DATA_DIR)
	@$(BIN)/python manage.py up

test: .venv/dev ## Run the whole test suite; brings its own servers, also uses Postgres and RabbitMQ where they answer
	@$(BIN)/python -m tests.run $(ARGS)

check: lint audit test ## Everything a change must pass: format, lint, types, contracts, migrations, docs, audit, tests

lint: .venv/dev ## Check format, lint, types, import contracts, migrations and generated docs
	$(BIN)/ruff format --check --quiet .
	$(BIN)/ruff check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	DEBUG=1 $(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m pytest --collect-only --quiet --quiet --requirements=check

audit: .venv/dev ## Ask OSV for known vulnerabilities of the locked dependencies; says so where it does not answer
	@$(BIN)/python -m tests.audit

soak: .venv/dev ## Kill real processes at work and judge what they left (SOAK_JOBS, SOAK_KILLS, SOAK_BACKEND, SOAK_SEED)
	@$(BIN)/python -m tests.soak --write

bench: .venv/dev ## Measure Daybook and its peers side by side (BENCH, BENCH_REPETITIONS, BENCH_MINUTES, BENCH_ONLY)
	@$(BIN)/python -m bench

format: .venv/dev ## Format the code and mend what the linter can
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --fix --quiet .

docs: .venv/dev ## Write the generated pages: settings, requirements, .env.example; strike what is proven
	@DEBUG=1 $(BIN)/python manage.py write_docs
	@$(BIN)/python -m pytest --collect-only --quiet --quiet --requirements=write

lock: .venv/dev ## Resolve pyproject.toml into the hashed requirements files
	@$(LOCK) --output-file requirements.lock
	@$(LOCK) --extra dev --constraint requirements.lock --output-file requirements-dev.lock

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Daybook needs Python 3.11 or newer: set PYTHON")'
	@$(PYTHON) -m venv .venv 2>/dev/null || $(PYTHON) -m venv --clear --without-pip .venv

.venv/runtime: requirements.lock | .venv/bin/python
	@echo "installing the locked requirements into .venv"
	@$(INSTALL) requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock | .venv/bin/python
	@echo "installing the locked development requirements into .venv"
	@$(INSTALL) requirements-dev.lock
	@touch $@ .venv/runtime
