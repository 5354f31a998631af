# Both targets do all of their own set-up in .venv; see README.md for the same without make.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# Processes that share the tests; each has one thread.
JOBS ?= 2

.PHONY: demo test check data playground clean

demo: $(VENV)/.installed data
	$(BIN)/autorecon run

test: $(VENV)/.installed-dev data check
	$(BIN)/pytest -n $(JOBS) --dist worksteal

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy

data: $(VENV)/.installed
	$(BIN)/autorecon data fetch fashion-mnist

playground: $(VENV)/.installed
	$(BIN)/python tools/build_playground.py

$(BIN)/python:
	sh tools/make_venv.sh $(PYTHON) $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/.installed-dev: pyproject.toml $(VENV)/.installed
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
