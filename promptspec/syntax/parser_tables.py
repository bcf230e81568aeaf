"""The parser's tables as a Python literal: made when the wheel is built, read instead of the grammar (rule 3)."""

from __future__ import annotations

from hashlib import sha256
from importlib import import_module
from pprint import pformat
from typing import Any, cast

from promptspec.syntax.lark_grammar import STARTS, make_options, read_grammar

#: The module of the tables; a checkout has none and builds its parser from the grammar.
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
        '"""The tables of the parser, made from grammar/promptspec.lark when the wheel was built."""',
        f"GRAMMAR = {digest(grammar)!r}",
        f"DATA = {pformat(data, width=200, compact=True)}",
        f"MEMO = {pformat(memo, width=200, compact=True)}",
    )
    return "\n".join(lines) + "\n"


def digest(grammar: str) -> str:
    """Return what tells one grammar from another."""
    return sha256(grammar.encode()).hexdigest()


def load_parser(builder: object) -> Any:
    """Return the parser of the built tables, or None where there are none."""
    try:
        tables: Any = import_module(MODULE)
    except ModuleNotFoundError:
        return None
    from lark import Lark

    return cast("Any", Lark)._load_from_dict(  # what Lark's own standalone parsers do
        tables.DATA, tables.MEMO, **make_options(builder)
    )
