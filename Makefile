# Everything is made from Python 3.11 or newer and make. uv, where it is there, installs faster than pip; npm,
# where it is there, fetches GraphiQL's files, which browsers else load from a public network.

# The system's, where it is new enough and can make environments: distributions build theirs with profile-guided
# optimization, which takes a tenth off each request; version managers often do not.
SYSTEM_PYTHON := /usr/bin/python3
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed.")
PYTHON ?= $(shell $(SYSTEM_PYTHON) -c 'import ensurepip; $(NEW_ENOUGH)' 2> /dev/null && echo $(SYSTEM_PYTHON) || echo python3)
ARGS ?=
# Anything: `make bench` measures in shorter rounds and on less data.
QUICK ?=
# Names of parts: `make bench` measures these alone, and writes nothing.
ONLY ?=

VENV := .venv
BIN := $(VENV)/bin
PAGES := server/pages
PEERS := benchmarks/peers
CLIENTS := tests/client_libraries
GENERATOR := $(VENV)/generator
# The locks are complete; and pip is twice as fast where it leaves it to Python to compile what is run.
INSTALL_IN = $(if $(shell command -v uv),uv pip install --quiet --python $(1)/bin/python,\
	$(1)/bin/python -m pip install --quiet --no-compile) --no-deps
INSTALL := $(call INSTALL_IN,$(VENV))
# Without the addresses of package registries.
COMPILE := uv pip compile --universal --python-version 3.11 --no-header --generate-hashes --quiet

# Python keeps what it compiled, whatever the environment says: many short processes are started.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test bench check docs fmt lock clean pages clients

run:
	@$(MAKE) --no-print-directory --silent --jobs=2 $(VENV)/run.installed pages
	@$(BIN)/mandant serve --demo

test: $(VENV)/all.installed pages clients
	$(BIN)/pytest $(ARGS)

bench: $(VENV)/bench.installed $(PEERS)/node_modules/all.installed
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick) $(if $(ONLY),--only $(ONLY))

check: $(VENV)/all.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint models authz resolvers
	$(BIN)/mandant schema print | diff schema.graphql -
	$(BIN)/python -m migrations.check

docs: $(VENV)/all.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "The manual is in .site/index.html"

fmt: $(VENV)/all.installed
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix models authz resolvers

lock:
	$(COMPILE) --output-file requirements.txt pyproject.toml
	$(COMPILE) --output-file requirements-dev.txt --extra dev pyproject.toml
	$(COMPILE) --output-file requirements-bench.txt --extra bench --constraint requirements-dev.txt pyproject.toml
	printf 'editables\nhatchling\n' | \
		$(COMPILE) --output-file requirements-build.txt --constraint requirements-dev.txt -
	printf 'ariadne-codegen[subscriptions]>=0.19,<0.20\n' | \
		$(COMPILE) --output-file $(CLIENTS)/requirements.txt -

# The embedded database in .mandant stays.
clean:
	rm -rf $(VENV) .site $(PAGES)/node_modules $(PEERS)/node_modules \
		$(CLIENTS)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

pages: $(PAGES)/node_modules/all.installed

clients: $(GENERATOR)/all.installed $(CLIENTS)/node_modules/all.installed

$(VENV)/run.installed: requirements.txt requirements-build.txt pyproject.toml
	@$(PYTHON) -c '$(NEW_ENOUGH)'
	@echo "Installing the locked dependencies into $(VENV) ..."
	$(PYTHON) -m venv $(VENV)
	$(INSTALL) --require-hashes --requirement requirements.txt --requirement requirements-build.txt
	$(INSTALL) --no-build-isolation --editable .
	@touch $@

$(VENV)/all.installed: requirements-dev.txt $(VENV)/run.installed
	$(INSTALL) --require-hashes --requirement requirements-dev.txt
	@touch $@

$(VENV)/bench.installed: requirements-bench.txt $(VENV)/run.installed
	$(INSTALL) --require-hashes --requirement requirements-bench.txt
	@touch $@

$(PEERS)/node_modules/all.installed: $(PEERS)/package-lock.json
	cd $(PEERS) && npm ci --silent
	@touch $@

# The generator of Python's client works with an older graphql-core than the server.
$(GENERATOR)/all.installed: $(CLIENTS)/requirements.txt $(VENV)/run.installed
	$(PYTHON) -m venv $(GENERATOR)
	$(call INSTALL_IN,$(GENERATOR)) --require-hashes --requirement $(CLIENTS)/requirements.txt
	@touch $@

$(PAGES)/node_modules/all.installed: $(PAGES)/package-lock.json
	@if ! command -v npm > /dev/null; then \
		echo "npm is not installed: browsers will load GraphiQL from a public network."; \
	elif ! (echo "Fetching GraphiQL's files ..." && cd $(PAGES) && npm ci --silent && touch node_modules/all.installed); then \
		echo "npm ci failed: browsers will load GraphiQL from a public network."; \
	fi

$(CLIENTS)/node_modules/all.installed: $(CLIENTS)/package-lock.json
	@if ! command -v npm > /dev/null; then \
		echo "npm is not installed: the tests by other people's clients are left out."; \
	elif ! (cd $(CLIENTS) && npm ci --silent && touch node_modules/all.installed); then \
		echo "npm ci failed: the tests by other people's clients are left out."; \
	fi
