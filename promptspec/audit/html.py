"""The card as one page: escaped as a whole, without a script, and loading nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from promptspec.audit.card import Card, Measured
from promptspec.audit.guarantees import Degree
from promptspec.audit.practices import Status
from promptspec.audit.telling import BITS_NOTE, facts_of, request_words, status_words
from promptspec.live.markup import Element, element
from promptspec.live.page import document, inline, row, table

_TAGS: Final[Mapping[Status, str]] = {"met": "good", "waived": "open", "missing": "bad", "not needed": ""}
_DEGREES: Final[Mapping[Degree, str]] = {
    "by construction": "good",
    "enforced": "good",
    "unforgeable": "good",
    "persuasion": "open",
}


def render_html(cards: Sequence[Card]) -> str:
    """Return the page with all cards."""
    missing = sum(bool(card.missing) for card in cards)
    lead = (
        f"Practices are left out without a word in {missing:,} of {len(cards):,} features."
        if missing
        else "Every practice is followed, or waived with a reason."
    )
    header = element(
        "header",
        element("h1", "Audit"),
        element("p", lead, class_=f"verdict {'bad' if missing else 'good'}"),
    )
    return document("Audit", element("body", header, element("main", *map(_card, cards))))


def _card(card: Card) -> Element:
    feature = card.feature
    facts = (element("div", element("dt", name), element("dd", inline(value))) for name, value in facts_of(card))
    limitations = (
        [element("h3", "Limitations"), element("p", inline(feature.limitations))] if feature.limitations else []
    )
    return element(
        "section",
        element("h2", element("code", inline(feature.name))),
        *([element("p", inline(feature.doc))] if feature.doc else []),
        element("dl", *facts),
        table(
            "Practices",
            ("Practice", "Status", "By"),
            (
                row(
                    ("Practice", each.title),
                    ("Status", _tag(status_words(each.status), _TAGS[each.status])),
                    ("By", inline(each.by)),
                )
                for each in card.practices
            ),
        ),
        _fields("Input", card.inputs),
        _fields("Output", card.outputs),
        element("p", BITS_NOTE),
        _requests(card),
        *limitations,
        table(
            "Rules, and how surely they hold",
            ("Rule", "Guarantee", "How", "Line"),
            (
                row(
                    ("Rule", inline(each.rule)),
                    ("Guarantee", _tag(each.degree, _DEGREES[each.degree])),
                    ("How", inline(each.note)),
                    ("Line", f"{each.origin.line}"),
                )
                for each in card.rules
            ),
        ),
    )


def _tag(text: str, kind: str) -> Element:
    return element("span", text, class_=f"tag {kind}".strip())


def _fields(caption: str, fields: Iterable[Measured]) -> Element:
    return table(
        caption,
        ("Field", "Type", "Trust", "Bits"),
        (
            row(
                ("Field", element("code", inline(each.name))),
                ("Type", element("code", inline(each.type))),
                ("Trust", each.trust),
                ("Bits", str(each.bits)),
            )
            for each in fields
        ),
    )


def _requests(card: Card) -> Element:
    rows = [
        row(("Request", each.what), ("At most", f"{each.times:,}"), ("Largest", inline(request_words(each))))
        for each in card.cost.requests
    ]
    if card.cost.retries:
        rows.append(
            row(
                ("Request", "retries, each as the dearest of these"),
                ("At most", f"{card.cost.retries:,}"),
                ("Largest", ""),
            )
        )
    return table("Requests of a call", ("Request", "At most", "Largest"), rows)
