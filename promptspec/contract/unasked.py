"""The reply to a call whose shortlists are all empty, where it follows without asking a model."""

from __future__ import annotations

from promptspec.contract.feature import Feature, Module
from promptspec.contract.json_text import json_text
from promptspec.contract.types import Field, Group, ListOf, OneOfItems, OneOfShortlist, Record
from promptspec.contract.walking import types_in


def unasked(feature: Feature, module: Module) -> str | None:
    """Return the reply, as JSON text of the wire, in which every field is none; None where one must say something.

    Only what is chosen from a shortlist is known without asking, so there must be such a choice in the reply.
    """
    chosen = any(isinstance(type, OneOfShortlist) for type in types_in(feature.output.fields, module.record))
    reply = _nothing(module, feature.output) if chosen else None
    return None if reply is None else json_text(reply)


def _nothing(module: Module, record: Record) -> dict[str, object] | None:
    """Return an object of *record* that says nothing, or None where there is none."""
    found: dict[str, object] = {}
    for field in record.fields:
        said = _none(module, field)
        if said is None:
            return None
        found[field.name] = said[0]
    return found


def _none(module: Module, field: Field) -> tuple[object] | None:
    """Return what *field* says for none, in a tuple; None where it must say something."""
    match field.type:
        case OneOfItems() | OneOfShortlist() if field.optional:
            return (0,)
        case _ if field.optional:
            return (None,)
        case ListOf(least=0):
            return ([],)
        case Group(name=name, file=file):
            inner = _nothing(module, module.record(name, file))
            return None if inner is None else (inner,)
        case _:
            return None
