"""The Lark parser, built from the grammar once in a process and only when something is parsed."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lark import Lark, Token

Start: TypeAlias = Literal["file", "declaration", "clause", "field", "expression", "type", "literal"]

STARTS: Final[tuple[Start, ...]] = ("file", "declaration", "clause", "field", "expression", "type", "literal")


class _WordsEverywhere:
    """Lets the lexer read a NAME in every state, so that `modelx` is a word and not the keyword `model` and an `x`."""

    always_accept = ("NAME",)

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        return stream


def takes(parser_state: Any, terminal: str) -> bool:
    """Say whether the parser can take *terminal* next, counted after the reductions that it would cause."""
    from lark.parsers.lalr_analysis import Shift

    states, stack = parser_state.parse_conf.parse_table.states, parser_state.state_stack
    kept, pushed = len(stack), list[int]()
    while True:
        action, argument = states[pushed[-1] if pushed else stack[kept - 1]].get(terminal, (None, None))
        if action is None or action is Shift:
            return action is Shift
        left = max(len(pushed) - len(argument.expansion), 0)
        kept -= len(argument.expansion) - (len(pushed) - left)
        del pushed[left:]
        state: Any = states[pushed[-1] if pushed else stack[kept - 1]]
        pushed.append(state[argument.origin.name][1])


def awaited(parser_state: Any) -> frozenset[str]:
    """Return the terminals that the parser can take next."""
    states = parser_state.parse_conf.parse_table.states
    return frozenset(
        name for name in states[parser_state.state_stack[-1]] if name.isupper() and takes(parser_state, name)
    )


@cache
def _word_lexer() -> Any:
    """Return Lark's contextual lexer, made exact for words.

    Lark chooses a state's keywords by its lookaheads, which LALR merges: behind any string it would read `key` as the
    keyword of a field, though a setting `key id` may follow here. So a keyword that the parser cannot take is a NAME.
    """
    from lark.lexer import ContextualLexer

    class WordLexer(ContextualLexer):
        def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
            tokens: Iterator[Token] = super().lex(lexer_state, parser_state)  # pyright: ignore[reportUnknownMemberType]: stubs
            for token in tokens:
                if token.type != "NAME" and token[0].isalpha() and not takes(parser_state, token.type):
                    token.type = "NAME"
                yield token

    return WordLexer


@cache
def read_grammar() -> str:
    """Return the text of the grammar: package data in a wheel, the `grammar` folder in a checkout."""
    packaged = resources.files("promptspec.syntax") / "promptspec.lark"
    if packaged.is_file():
        return packaged.read_text(encoding="utf-8")
    return (Path(__file__).parents[2] / "grammar" / "promptspec.lark").read_text(encoding="utf-8")


def make_parser(builder: object, *, strict: bool = False) -> Lark:
    """Return a parser that calls the methods of *builder* bottom-up, one a rule; *strict* refuses any conflict."""
    from lark import Lark

    return Lark(
        read_grammar(),
        parser="lalr",
        lexer="contextual",
        strict=strict,
        keep_all_tokens=True,
        maybe_placeholders=True,
        start=list(STARTS),
        **make_options(builder),
    )


def make_options(builder: object) -> dict[str, Any]:
    """Return what a parser is given beside its tables; typed loosely, as stubs ask for Lark's own classes."""
    return {
        "postlex": _WordsEverywhere(),
        "transformer": builder,
        "_plugins": {"ContextualLexer": _word_lexer()},
    }
