# Everything promised runs by one word. Needs Python 3.11 or newer, git and make; the rest goes into .venv.
PYTHON ?= python3
MODULE ?=

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:

# Installed code is compiled once, so that the command starts fast.
unexport PYTHONDONTWRITEBYTECODE
# The pinned versions hold for what builds the package, too (by the first name up to pip 25.2, by the second after).
export PIP_CONSTRAINT := constraints.txt
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1

BIN := .venv/bin
# Two stamps: what a user needs, and what a developer needs besides.
RUNTIME := .venv/.runtime
DEV := .venv/.dev
PINS := pyproject.toml constraints.txt

.PHONY: help demo test check bench chaos clean

help: ## list these words
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-6s  %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(RUNTIME) ## score 50,000 sample leads in a project of their own
	@$(BIN)/mlsm demo

test: $(DEV) ## run every test that must pass
	@$(BIN)/pytest -q -n 3 --dist worksteal -m "not chaos"

check: $(DEV) ## lint, formatting, types, floors
	@failed=0; \
	for step in "ruff check" "ruff format --check" "mypy" "lint-imports --no-logo --no-cache"; do \
	  $(BIN)/$$step || failed=1; \
	done; exit $$failed

bench: $(DEV) ## print the benchmark tables (one of them: make bench MODULE=name)
	@$(BIN)/python -m benchmarks $(MODULE)

chaos: $(DEV) ## run the long versions of the failure tests, and of the laws
	@$(BIN)/pytest -q -n 2 -m chaos
	@LAWS_EFFORT=3 $(BIN)/pytest -q -n 2 -m "not chaos" $$(grep -rl --include='test_*.py' laws.effort tests)

clean: ## remove .venv, the demo, caches and what was built
	@rm -rf .venv mlsm-demo build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
	@find src tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  printf '%s\n' "mlsm needs Python 3.11 or newer, '$(PYTHON)' is not." \
	    "Hint: name another, for example: make $(or $(MAKECMDGOALS),test) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

$(RUNTIME): $(PINS) | .venv/bin/python
	@echo "Installing mlsm into .venv ..." >&2
	@$(BIN)/python -m pip install -q -e '.[lightgbm,sklearn]'
	@touch $@

$(DEV): $(PINS) | .venv/bin/python
	@echo "Installing mlsm and its tools for development into .venv ..." >&2
	@$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $(RUNTIME) $@
