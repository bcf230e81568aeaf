"""What messages call expressions and the kinds of their values."""

from __future__ import annotations

from promptspec.contract.expressions import Kind
from promptspec.syntax import print_expression, tree

_WORDS: dict[Kind, str] = {
    "text": "text",
    "number": "a number",
    "bool": "true or false",
    "date": "a date",
    "datetime": "a date and time",
    "list": "a list",
    "row": "a record",
    "object": "an object",
    "image": "an image",
    "none": "none",
}


def in_words(kind: Kind) -> str:
    """Return what a person calls a value of *kind*."""
    return _WORDS[kind]


def plural(kind: Kind) -> str:
    """Return what a person calls several values of *kind*."""
    return {"text": "texts", "bool": "truth values", "none": "nothing"}.get(kind, kind + "s")


def test_first(shown: str, *, template: bool) -> str:
    """Return how to test that the value written as *shown* is there; in a *template* conditions stand in tags."""
    if template:
        return "test it first: `{% if " + shown + " %}…{% endif %}`"
    return f"test it first: `{shown} != none and …`, or `when {shown} != none`"


def short(written: tree.Expr) -> str:
    """Return *written* as text of at most 40 characters."""
    text = print_expression(written)
    return text if len(text) <= 40 else text[:39] + "…"
