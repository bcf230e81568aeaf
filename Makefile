# `make demo` shows what promptspec does; `make test` runs everything that CI runs.
PYTHON ?= python3
BIN := .venv/bin
TABLES := promptspec/syntax/built_tables.py

.PHONY: demo test lint types layers pytest benchmarks clean

demo: .venv/demo $(TABLES)
	@$(BIN)/python docs/tutorial/demo/demo.py

test: lint types layers pytest

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: .venv/dev
	$(BIN)/pyright --pythonpath $(BIN)/python

layers: .venv/dev
	$(BIN)/lint-imports

# The fuzzer and the builds that it is tried on run through the same code again and again; measuring what they cover
# would take four times as long.
pytest: .venv/dev node_modules $(TABLES)
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore=tests/quality --ignore=tests/fuzz --cov --cov-report=term:skip-covered
	$(BIN)/python -m pytest -n auto --dist worksteal tests/quality tests/fuzz

.venv/bin/python:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip

# `demo` needs what users need; `dev` adds what the tests need.
.venv/demo: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[all]'
	@touch $@

.venv/dev: .venv/demo
	$(BIN)/python -m pip install --quiet --group dev
	@touch $@

# As wheels carry them: building the parser from the grammar takes each process a second.
$(TABLES): .venv/demo grammar/promptspec.lark promptspec/syntax/parser_tables.py promptspec/syntax/lark_grammar.py
	@$(BIN)/python -c "from promptspec.syntax.parser_tables import write_tables; write_tables()"

node_modules: package.json package-lock.json
	@if command -v npm >/dev/null; then npm ci --silent --no-audit --no-fund && touch node_modules; \
	else echo "npm is missing: the tests that need the aimock server will say so"; fi

clean:
	rm -rf .venv node_modules build dist .pytest_cache .ruff_cache .mypy_cache .coverage $(TABLES)
