# The one door to filterd: `make run`, `make test`, `make check`; `make help` lists them.
PYTHON ?= python3
CONFIG ?= config.yaml
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run test check format bench system-packages clean

help: ## List what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(VENV)/.run ## Start the filter and its page with $(CONFIG); Ctrl-C ends both
	@exec $(BIN)/filterd run --config $(CONFIG)

test: $(VENV)/.dev system-packages ## Run every test
	$(BIN)/python -m pytest

check: $(VENV)/.dev ## Format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure this machine, side by side with dnsmasq where it is installed
	@$(BIN)/python tests/bench/measure.py

system-packages:
	@sh tests/system-packages.sh

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "filterd needs Python 3.11 or newer: sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "filterd needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)"; exit 1; }
	@if command -v uv >/dev/null; then uv venv -q --python "$$(command -v $(PYTHON))" $(VENV); \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	else echo "filterd needs the Debian package python3-venv: sudo apt install python3-venv"; exit 1; fi

# Each stamp is newer than the files it was installed from.
$(VENV)/.run: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing filterd (once, about a minute) ..."
	@$(call install,.)
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing filterd and what its tests need (once) ..."
	@$(call install,.[dev])
	@touch $@ $(VENV)/.run

clean: ## Remove the environment and caches; the state folder stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

define install
if command -v uv >/dev/null; then uv pip install -q --python $(BIN)/python -c constraints.txt -e '$(1)'; \
else $(BIN)/python -m pip install -q --disable-pip-version-check -c constraints.txt -e '$(1)'; fi
endef
