"""The card as Markdown, for a pull request or a wiki."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from promptspec.audit.card import Card, Measured
from promptspec.audit.telling import BITS_NOTE, facts_of, request_words, status_words
from promptspec.diagnostics.foreign import escape

#: What means something in Markdown, or in the HTML and the addresses that renderers make of it.
_MARKS: Final = re.compile(r"([\\`*_{}\[\]<>#|~&!@]|:(?=//)|(?<=www)\.)", re.IGNORECASE)
#: What means something at the start of a line.
_STARTS: Final = re.compile(r"^( *)([-+=]|[0-9]+(?=[.)]))")


def render_markdown(cards: Sequence[Card]) -> str:
    """Return the cards, one after the other."""
    return "\n".join("\n".join(_card(card)) for card in cards)


def plain(text: str) -> str:
    """Return a foreign text as Markdown that shows it as it is, on one line."""
    return _MARKS.sub(r"\\\1", escape(text))


def _line(text: str) -> str:
    return _STARTS.sub(r"\1\\\2", plain(text))


def _card(card: Card) -> Iterator[str]:
    yield f"# {plain(card.feature.name)}"
    yield ""
    yield from map(_line, card.feature.doc.splitlines())
    if card.feature.doc:
        yield ""
    yield from _table(("fact", "value"), ((name, plain(value)) for name, value in facts_of(card)))
    yield "## Practices"
    yield ""
    yield from _table(
        ("practice", "status", "by"),
        ((each.title, status_words(each.status), plain(each.by)) for each in card.practices),
    )
    yield "## Input"
    yield ""
    yield from _fields(card.inputs)
    yield "## Output"
    yield ""
    yield from _fields(card.outputs)
    yield BITS_NOTE
    yield ""
    yield "## Requests of a call"
    yield ""
    requests = [(each.what, f"{each.times:,}", plain(request_words(each))) for each in card.cost.requests]
    if card.cost.retries:
        requests.append(("retries, each as the dearest of these", f"{card.cost.retries:,}", ""))
    yield from _table(("request", "at most", "largest"), requests)
    if card.feature.limitations:
        yield "## Limitations"
        yield ""
        yield from map(_line, card.feature.limitations.splitlines())
        yield ""
    yield "## Rules"
    yield ""
    yield from _table(
        ("rule", "guarantee", "how", "line"),
        ((plain(each.rule), each.degree, plain(each.note), f"{each.origin.line}") for each in card.rules),
    )


def _fields(fields: Iterable[Measured]) -> Iterator[str]:
    yield from _table(
        ("field", "type", "trust", "bits"),
        ((plain(each.name), plain(each.type), each.trust, str(each.bits)) for each in fields),
    )


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'|'.join(['---'] * len(heads))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
