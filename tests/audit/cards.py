"""Cards of small specs."""

from __future__ import annotations

from check.specs import compiled
from promptspec.audit.card import Card, card_of
from promptspec.contract.models import Price

Prices = tuple[tuple[str, Price], ...]


def card(text: str, prices: Prices = (), /, **files: str) -> Card:
    """Return the card of the only feature of a spec with which nothing is wrong."""
    found = compiled(text, **files)
    assert [f"{d.code} {d.message}" for d in found.diagnostics if d.severity.value == "error"] == []
    module = found.unit("shop.spec").module
    assert module is not None
    (only,) = module.features
    return card_of(only, module, prices=prices)


def status(card: Card, title: str) -> tuple[str, str]:
    """Return where the feature stands with a practice, and why."""
    return next((each.status, each.by) for each in card.practices if each.title == title)
