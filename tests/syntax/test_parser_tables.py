"""The tables that wheels carry say the same as the grammar."""

import ast
import sys
from pathlib import Path
from types import ModuleType

import pytest

from promptspec.diagnostics import Report
from promptspec.syntax import parse, run
from promptspec.syntax.lark_grammar import read_grammar
from promptspec.syntax.parser_tables import MODULE, digest, emit_tables
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
    expected = [parse(text, by_grammar) for text in texts]
    module = ModuleType(MODULE)
    exec(compile(tables, "built_tables.py", "exec"), vars(module))
    monkeypatch.setitem(sys.modules, MODULE, module)
    run._parser.cache_clear()
    try:
        assert [parse(text, by_tables) for text in texts] == expected
        assert by_tables.diagnostics == by_grammar.diagnostics
    finally:
        run._parser.cache_clear()
