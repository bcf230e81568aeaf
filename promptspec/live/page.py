"""A report as one page: it holds no script and loads nothing. Its policy allows only its own style, by its hash."""

from __future__ import annotations

import unicodedata
from base64 import b64encode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from importlib.resources import files
from itertools import groupby
from typing import Final

from promptspec.diagnostics.foreign import escape_character
from promptspec.live.markup import Element, Node, element, written

#: Code points of a text that stands in a sentence.
_MOST_SENTENCE: Final = 400


def document(title: str, body: Element) -> str:
    """Return the page with *body*."""
    style = files("promptspec.live").joinpath("page.css").read_text(encoding="utf-8")
    return f"<!DOCTYPE html>\n{_head(title, style)}{written(body, html=True)}</html>\n"


def _head(title: str, style: str) -> str:
    """Return everything before the body. The style is ours, and the only text that is not escaped."""
    digest = b64encode(sha256(style.encode()).digest()).decode("ascii")
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = (
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("title", title),
    )
    inner = "\n".join(written(each, html=True) for each in head)
    return f'<html lang="en">\n<head>\n{inner}\n<style>{style}</style>\n</head>\n'


def table(caption: str, columns: tuple[str, ...], rows: Iterable[Element]) -> Element:
    """Return a table whose roles are told, since on a phone its rows are shown as blocks."""
    heads = (element("th", column, scope="col", role="columnheader") for column in columns)
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *heads, role="row"), role="rowgroup"),
        element("tbody", *rows, role="rowgroup"),
        role="table",
    )


def row(*cells: tuple[str, Node]) -> Element:
    """Return a row of (column, content); the first cell is its header, the others repeat their column on phones."""
    (_, first), *rest = cells
    return element(
        "tr",
        element("th", first, scope="row", role="rowheader"),
        *(element("td", content, role="cell", data_column=column) for column, content in rest),
        role="row",
    )


def inline(text: str) -> Element:
    """Return a short foreign text, whose direction stays its own."""
    return element("bdi", *revealed(text))


def cut(text: str) -> str:
    """Return a text of a sentence or two, cut where it is longer."""
    return text if len(text) <= _MOST_SENTENCE else text[:_MOST_SENTENCE] + "…"


def revealed(text: str) -> Iterator[Node]:
    """Yield *text* with a box for each character that does not show; runs of the same one are counted."""
    for hidden, run in groupby(text, key=_hidden):
        characters = "".join(run)
        if not hidden:
            yield characters
        else:
            label = hidden if len(characters) == 1 else f"{hidden} × {len(characters):,}"
            yield element("span", label, class_="unseen", title=unicodedata.name(characters[0], "without a name"))


def _hidden(character: str) -> str:
    """Return the code point of a character that does not show, "" for one that does."""
    if character == "\n" or escape_character(character) == character:
        return ""
    return f"U+{ord(character):04X}"
