"""The parser's tables as a Python literal, read instead of the grammar (rule 3).

They are made when the wheel is built. A checkout gets its own from the Makefile, since its tests start hundreds of
processes; where the grammar has changed since, they are not read.
"""

from __future__ import annotations

from hashlib import sha256
from importlib import import_module
from pathlib import Path
from pprint import pformat
from typing import Any, cast

from promptspec.syntax.lark_grammar import STARTS, make_options, read_grammar

#: The module of the tables; a checkout may have none and then builds its parser from the grammar.
MODULE = "promptspec.syntax.built_tables"


def emit_tables() -> str:
    """Return the text of the module that holds the tables of the grammar: literals, and the hash of the grammar."""
    from lark import Lark
    from lark.grammar import Rule
    from lark.lexer import TerminalDef

    grammar = read_grammar()
    parser = Lark(
        grammar,
        parser="lalr",
        lexer="contextual",
        keep_all_tokens=True,
        maybe_placeholders=True,
        start=list(STARTS),
    )
    data, memo = cast("Any", parser).memo_serialize([TerminalDef, Rule])  # Lark's stubs do not have it
    lines = (
        '"""The tables of the parser, made from grammar/promptspec.lark."""',
        f"GRAMMAR = {digest(grammar)!r}",
        f"DATA = {pformat(data, width=200, compact=True)}",
        f"MEMO = {pformat(memo, width=200, compact=True)}",
    )
    return "\n".join(lines) + "\n"


def write_tables() -> None:
    """Write the module of the tables into this checkout."""
    Path(__file__).with_name("built_tables.py").write_text(emit_tables(), encoding="utf-8")


def digest(grammar: str) -> str:
    """Return what tells one grammar, and where it may begin, from another."""
    return sha256("\n".join((*STARTS, grammar)).encode()).hexdigest()


def load_parser(builder: object) -> Any:
    """Return the parser of the built tables, or None where there are none of this grammar."""
    try:
        tables: Any = import_module(MODULE)
    except ModuleNotFoundError:
        return None
    if digest(read_grammar()) != tables.GRAMMAR:
        return None
    from lark import Lark

    return cast("Any", Lark)._load_from_dict(  # what Lark's own standalone parsers do
        tables.DATA, tables.MEMO, **make_options(builder)
    )
