# `make` alone lists the targets and the commands. Everything is kept in .venv, .asv and reports.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
# Packages go into .venv even where pip's settings say `user = true` or name a target folder.
# What builds this package is of the pinned versions too; pip from 25.3 on reads the second variable.
PINS := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt
PIP := env -u PIP_TARGET -u PIP_PREFIX PIP_USER=0 $(PINS) $(BIN)/python -m pip

# At most two: many tests start processes. A file's tests stay together, since they share what is costly,
# and files keep their order, in which the last one is short.
TWO_AT_ONCE := --numprocesses logical --maxprocesses 2 --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help
.PHONY: help report test smoke clean

help:  ## print this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/\1:\2/p' Makefile | \
		while IFS=: read -r name text; do printf 'make %-9s %s\n' "$$name" "$$text"; done
	@printf '\nCommands, once .venv exists: $(BIN)/python -m scripts.NAME --help\n\n'
	@for file in scripts/[a-z]*.py; do \
		printf '%-14s %s\n' "$$(basename $$file .py)" "$$(sed -n '1s/"""//gp' $$file)"; done

report: .venv/ready  ## measure this machine (about 5 minutes the first time); ends with the page to open
	@$(BIN)/python -m scripts.run || [ $$? -eq 2 ]  # 2: a measurement failed; the report says which
	@$(BIN)/python -m scripts.trace
	@$(BIN)/python -m scripts.report
	@$(BIN)/python -m scripts.publish
	@echo "Open reports/index.html"

test: .venv/ready  ## lint, types and tests
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest -m "not alone" $(TWO_AT_ONCE)
	$(BIN)/python -m pytest -m alone $$(grep -l mark.alone tests/test_*.py)

smoke: .venv/ready  ## measure every cell once at the smallest size; keep nothing
	$(BIN)/python -m scripts.run --preset smoke

clean:  ## delete .venv and .asv, with all results that were measured
	rm -rf .venv .asv

.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or later is needed; try: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv (once, some two minutes)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@
