"""The tables that wheels carry say the same as the grammar."""

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from promptspec.diagnostics import Report
from promptspec.syntax import parse, run
from promptspec.syntax.build import Builder
from promptspec.syntax.lark_grammar import read_grammar
from promptspec.syntax.parser_tables import MODULE, digest, emit_tables, load_parser
from promptspec.text import SpecText

SPECS = sorted((Path(__file__).parents[2] / "specs").glob("*.spec"))


@pytest.fixture(scope="module")
def tables() -> str:
    return emit_tables()


def test_the_tables_are_literals_and_name_their_grammar(tables: str) -> None:
    module = ast.parse(tables)
    values = [statement.value for statement in module.body if isinstance(statement, ast.Assign)]
    assert ast.literal_eval(values[0]) == digest(read_grammar())
    assert all(ast.literal_eval(value) for value in values)


def test_a_parser_of_the_tables_reads_what_a_parser_of_the_grammar_reads(
    tables: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = [SpecText(path.name, path.read_text()) for path in SPECS]
    texts.append(SpecText("bad.spec", texts[0].content.replace("{", "", 1)))
    by_grammar, by_tables = Report(), Report()
    module = ModuleType(MODULE)
    exec(compile(tables, "built_tables.py", "exec"), vars(module))
    try:
        monkeypatch.setitem(sys.modules, MODULE, None)  # there are none, though this checkout may have some
        run._parser.cache_clear()
        expected = [parse(text, by_grammar) for text in texts]
        monkeypatch.setitem(sys.modules, MODULE, module)
        run._parser.cache_clear()
        assert [parse(text, by_tables) for text in texts] == expected
        assert by_tables.diagnostics == by_grammar.diagnostics
    finally:
        run._parser.cache_clear()


def test_tables_of_another_grammar_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType(MODULE)
    vars(module).update(GRAMMAR=digest(read_grammar() + "\n"), DATA={}, MEMO={})
    monkeypatch.setitem(sys.modules, MODULE, module)
    assert load_parser(Builder()) is None
