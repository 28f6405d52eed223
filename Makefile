# The one door to filterd: `make run`, `make test`, `make check`; `make help` lists them.
PYTHON ?= python3
CONFIG ?= config.yaml
MINUTES ?= 1
ROWS :=
VENV := .venv
BIN := $(VENV)/bin
NATIVE := setup.py $(wildcard filterd/lists/_native/*.p[yx][xd] filterd/fast/*.p[yx][xd])

.PHONY: help run test check format bench fuzz sanitize arm64 system-packages clean

help: ## List what can be made
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/'

run: $(VENV)/.run ## Start the filter and its page with $(CONFIG); Ctrl-C ends both
	@exec $(BIN)/filterd run --config $(CONFIG)

# The compiler comes first: where there is none, the core stays Python's.  Whole houses are run one
# after the other, as they expect answers in time.
test: system-packages $(VENV)/.dev ## Run every test, or those of TESTS="..."
ifdef TESTS
	$(BIN)/python -m pytest -n auto --dist loadfile $(TESTS)
else
	$(BIN)/python -m pytest -n auto --dist loadfile --ignore tests/e2e
	$(BIN)/python -m pytest tests/e2e
endif

check: $(VENV)/.dev ## Format, lint, types, floors
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev ## Format the code and mend what ruff can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev ## Measure this machine beside dnsmasq and unbound; ROWS="cached lists" for some rows
	@$(BIN)/python tests/bench/measure.py $(ROWS)

fuzz: $(VENV)/.dev ## Fuzz the compiled core, $(MINUTES) minutes a target; needs clang
	@command -v clang >/dev/null || { echo "make fuzz needs clang: sudo apt install clang"; exit 1; }
	@$(BIN)/python tests/fuzz/run.py $(MINUTES)

sanitize: $(VENV)/.dev ## Run the tests of the compiled parts while every access is watched (ASan, UBSan)
	CFLAGS="-g -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra" \
	  $(BIN)/python setup.py -q build --build-base build/sanitize --build-lib build/sanitize/lib
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so)" ASAN_OPTIONS=detect_leaks=0 \
	  PYTHONMALLOC=malloc PYTHONPATH=build/sanitize/lib FILTERD_CORE=native \
	  $(BIN)/pytest -p no:cacheprovider --timeout=1200 -k "not no_memory" \
	  $(addprefix tests/lists/test_,core.py native.py native_build.py index.py)
	@$(BIN)/python tests/fuzz/sanitize.py

arm64: $(VENV)/.dev ## Build the compiled parts for aarch64, and run their tests under emulation
	@sh tests/arm64.sh $(BIN)/python

system-packages:
	@PYTHON=$(PYTHON) sh tests/system-packages.sh

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "filterd needs Python 3.11 or newer: sudo apt install python3 python3-venv"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "filterd needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)"; exit 1; }
	@if command -v uv >/dev/null; then uv venv -q --python "$$(command -v $(PYTHON))" $(VENV); \
	elif $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then $(PYTHON) -m venv $(VENV); \
	else echo "filterd needs the Debian package python3-venv: sudo apt install python3-venv"; exit 1; fi

# Each stamp is newer than the files it was installed from.  Where the engine for patterns has no wheel,
# filterd runs without it and says which rules it leaves out.
$(VENV)/.run: pyproject.toml constraints.txt $(NATIVE) | $(VENV)/bin/python
	@echo "Installing filterd (once, about a minute) ..."
	@{ $(call install,.[regex],--only-binary google-re2); } 2>/dev/null || { $(call install,.); }
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt $(NATIVE) | $(VENV)/bin/python
	@echo "Installing filterd and what its tests need (once) ..."
	@$(call install,.[dev])
	@touch $@ $(VENV)/.run

clean: ## Remove the environment and caches; the state folder stays
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -f filterd/lists/_native/*.so filterd/fast/*.so

# What builds the core is pinned too; an older pip reads only the first of the two.
define install
if command -v uv >/dev/null; then uv pip install -q --python $(BIN)/python -c constraints.txt \
  --build-constraints constraints.txt $(2) -e '$(1)'; \
else PIP_CONSTRAINT='$(CURDIR)/constraints.txt' PIP_BUILD_CONSTRAINT='$(CURDIR)/constraints.txt' \
  $(BIN)/python -m pip install -q --disable-pip-version-check $(2) -e '$(1)'; fi
endef
