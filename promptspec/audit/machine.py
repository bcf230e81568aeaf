"""The card as data for programs; `format` is its version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from promptspec.audit.bits import Bits
from promptspec.audit.card import Asked, Card, Measured
from promptspec.audit.wording import amount
from promptspec.check.costs import Request

FORMAT: Final = 1


def card_objects(cards: Sequence[Card]) -> dict[str, object]:
    """Return the cards as objects, lists, strings and numbers."""
    return {"format": FORMAT, "features": [_card(card) for card in cards]}


def _card(card: Card) -> dict[str, object]:
    feature, limits = card.feature, card.feature.limits
    return {
        "feature": feature.name,
        "spec": card.file,
        "line": feature.origin.line,
        "doc": feature.doc,
        "language": card.language,
        "caller": feature.caller,
        "models": [_asked(model) for model in card.models],
        "weakest_model": card.weakest.name,
        "roles": card.roles.removeprefix("roles: "),
        "policies": list(card.policies),
        "practices": [
            {"title": each.title, "name": each.name, "status": each.status, "by": each.by} for each in card.practices
        ],
        "missing": list(card.missing),
        "bits_in": _bits(card.bits_in),
        "open_bits_in": _bits(card.open_in),
        "bits_out": _bits(card.bits_out),
        "input": [_measured(field) for field in card.inputs],
        "output": [_measured(field) for field in card.outputs],
        "largest_prompt_bytes": feature.largest_prompt,
        "prompt_tokens": limits.prompt_tokens,
        "reply_tokens": limits.reply_tokens,
        "thinking_tokens": limits.thinking_tokens,
        "time_ms": limits.time_ms,
        "cost_usd": None if card.cost.dollars is None else amount(card.cost.dollars),
        "prices_unknown": list(card.cost.unknown),
        "requests": [_request(each) for each in card.cost.requests],
        "retries": card.cost.retries,
        "limitations": feature.limitations,
        "rules": [
            {
                "rule": each.rule,
                "guarantee": each.degree,
                "how": each.note,
                "spec": each.origin.file,
                "line": each.origin.line,
            }
            for each in card.rules
        ],
    }


def _bits(bits: Bits) -> dict[str, object]:
    return {"log2": round(max(bits.log2, 0.0), 3), "exact": bits.exact}


def _measured(field: Measured) -> dict[str, object]:
    return {"name": field.name, "type": field.type, "trust": field.trust, "bits": _bits(field.bits)}


def _asked(model: Asked) -> dict[str, object]:
    return {"name": model.name, "where": model.where, "structured": model.structured}


def _request(request: Request) -> dict[str, object]:
    return {
        "what": request.what,
        "model": request.model,
        "times": request.times,
        "prompt_tokens": request.prompt_tokens,
        "reply_tokens": request.reply_tokens,
        "usd_each": None if request.dollars is None else amount(request.dollars),
    }
