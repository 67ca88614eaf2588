# make report: measure, publish and draw.   make test: lint, types and tests.
# Both make their own environment in .venv; nothing else is touched.

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$p && break; done)
BIN := .venv/bin
# Packages go into .venv, also where pip is set to `user = true` or by variables to a target.
PIP := env -u PIP_TARGET -u PIP_PREFIX PIP_USER=0 $(BIN)/python -m pip

.PHONY: report test smoke clean

report: .venv/ready
	@$(BIN)/python -m scripts.run || [ $$? -eq 2 ]  # 2: a cell failed; the report says which
	@$(BIN)/python -m scripts.trace
	@$(BIN)/python -m scripts.publish
	@$(BIN)/python -m scripts.report

test: .venv/ready
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/python -m pytest

smoke: .venv/ready
	$(BIN)/python -m scripts.run --preset smoke

clean:
	rm -rf .venv .asv

.venv/ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "error: Python 3.11 or later is needed; try: make PYTHON=/path/to/python3" >&2; exit 1; }
	@echo "Setting up .venv (once, some two minutes)"
	@$(PYTHON) -m venv .venv
	@$(PIP) install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@
