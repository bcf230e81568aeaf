"""Whether a prompt shows the shortlists that replies choose from."""

from __future__ import annotations

from collections.abc import Iterator

from promptspec.check.desk import Desk
from promptspec.check.shapes import Facts
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import For, History, If, Message, Part, Print, Shortlist
from promptspec.contract.walking import types_in
from promptspec.syntax import tree


def check_shown(
    desk: Desk,
    facts: Facts,
    shortlists: tuple[Shortlist, ...],
    clauses: list[tree.FindClause],
    messages: tuple[Message | History, ...],
    output: t.Record,
) -> None:
    """Report shortlists that nobody can choose from: no message shows them, or none shows their numbers."""
    chosen = {
        type.shortlist for type in types_in(output.fields, facts.record_named) if isinstance(type, t.OneOfShortlist)
    }
    places = {clause.name.text: clause.span for clause in clauses}
    parts = [part for message in messages if isinstance(message, Message) for part in message.parts]
    read = set(_read(parts))
    numbered = set(_numbered(parts))
    for each in shortlists:
        loop = (
            "{% for hit in " + each.name + " %}{{ hit }}. {{ hit." + facts.source(each.source).label + " }}{% endfor %}"
        )
        if each.name not in read:
            desk.add("PS407", places[each.name], f"the prompt never shows `{each.name}`", help=f"print it: `{loop}`")
        elif each.name in chosen and each.name not in numbered:
            desk.add(
                "PS407",
                places[each.name],
                f"a reply names entries of `{each.name}` by their numbers, and the prompt never prints these",
                help=f"print the number of each: `{loop}`",
            )


def _read(parts: list[Part] | tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        match part:
            case Print(value=value):
                yield from _variables(value)
            case If(branches=branches, otherwise=otherwise):
                for branch in branches:
                    yield from _read(branch.body)
                yield from _read(otherwise)
            case For(over=over, body=body):
                if any(_prints(inner) for inner in body):
                    yield from _variables(over)
                yield from _read(body)
            case _:
                pass


def _prints(part: Part) -> bool:
    match part:
        case Print():
            return True
        case If(branches=branches, otherwise=otherwise):
            return any(_prints(inner) for branch in branches for inner in branch.body) or any(map(_prints, otherwise))
        case For(body=body):
            return any(map(_prints, body))
        case _:
            return False


def _numbered(parts: list[Part] | tuple[Part, ...]) -> Iterator[str]:
    """Yield the names of lists that a loop of *parts* goes through and prints the numbers of."""
    for part in parts:
        match part:
            case For(over=e.Reference(root="variable", steps=(name,)), variable=variable, body=body):
                if any(isinstance(each, Print) and each.value == e.Position(variable=variable) for each in _all(body)):
                    yield name
                yield from _numbered(body)
            case For(body=body):
                yield from _numbered(body)
            case If(branches=branches, otherwise=otherwise):
                for branch in branches:
                    yield from _numbered(branch.body)
                yield from _numbered(otherwise)
            case _:
                pass


def _all(parts: tuple[Part, ...]) -> Iterator[Part]:
    for part in parts:
        yield part
        match part:
            case If(branches=branches, otherwise=otherwise):
                for branch in branches:
                    yield from _all(branch.body)
                yield from _all(otherwise)
            case For(body=body):
                yield from _all(body)
            case _:
                pass


def _variables(value: e.Expression) -> Iterator[str]:
    yield from (part.steps[0] for part in e.walk(value) if isinstance(part, e.Reference) and part.root == "variable")
