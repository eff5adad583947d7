# Targets that people and machines share. Each needs Python 3.11 and make alone, unless it says otherwise.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PORT   ?= 8000

.PHONY: sandbox test lint conformance bench reliability clean

$(VENV)/installed: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("fhir-facade needs Python 3.11 or newer; set PYTHON=…" if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip 'setuptools>=77'
	$(BIN)/pip install --quiet --editable '.[test]'
	@touch $@

sandbox: $(VENV)/installed  ## the whole facade with invented members, at http://localhost:8000
	$(BIN)/fhir-facade sandbox --port $(PORT)

test: $(VENV)/installed  ## every test that needs no other program; peers are skipped with a reason
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/installed  ## formatting, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

conformance: $(VENV)/installed  ## HAPI's validator over resources of every kind and version; SHORT=1 for a few; needs Java 17 and Maven
	$(BIN)/python -m tests.conformance $(if $(SHORT),,--full)

bench: $(VENV)/installed  ## speed, as ratios within one run; figures and chart go to build/
	@mkdir -p build
	FHIR_FACADE_COUNTS=full $(BIN)/python -m benchmarks --json build/bench.json --chart build/bench.svg

reliability: $(VENV)/installed  ## the long counts of every property, on both databases; FIGURE=R7 for one; SHORT=1 for a few
	$(BIN)/python -m tests.reliability $(if $(FIGURE),--figure $(FIGURE)) $(if $(SHORT),--short)

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache
