"""What all forms of the card say in the same words."""

from __future__ import annotations

from collections.abc import Iterator

from promptspec.audit.card import Card
from promptspec.audit.practices import Status
from promptspec.audit.wording import dollars
from promptspec.check.costs import Request

#: What a reader should not take from the number of bits.
BITS_NOTE = (
    "Bits are the binary logarithm of how many values there are: what somebody can say who controls all of them."
    " Text is bounded by its alphabet and never says more."
)


def facts_of(card: Card) -> Iterator[tuple[str, str]]:
    """Yield what is known, as (name, value)."""
    feature, limits = card.feature, card.feature.limits
    yield "Spec", f"{card.file}, line {feature.origin.line}"
    yield "Language", f"promptspec {card.language}"
    yield "Caller", feature.caller
    for at, model in enumerate(card.models, 1):
        place = f"Model {at}" if len(card.models) > 1 else "Model"
        yield place, f"{model.name} ({model.where}): {model.structured}"
    if len(card.models) > 1:
        yield "Weakest model", f"{card.weakest.name}: any call may be answered by it"
    yield "Roles", card.roles.removeprefix("roles: ")
    yield "Policies kept", ", ".join(card.policies) or "none"
    yield "Bits in", f"{card.bits_in}, of which open text {card.open_in}"
    yield "Bits out", str(card.bits_out)
    cap = "" if limits.prompt_tokens is None else f"; over {limits.prompt_tokens:,} tokens it is refused"
    yield "Largest prompt", f"{feature.largest_prompt:,} bytes, so at most as many tokens{cap}"
    thinking = f", and {limits.thinking_tokens:,} to think" if limits.thinking_tokens else ""
    derived = ", derived from the output" if limits.reply_derived else ""
    yield "Largest reply", f"{limits.reply_tokens:,} tokens{derived}{thinking}"
    yield "Largest cost of a call", cost_words(card)
    yield "Longest call", f"{limits.time_ms / 1000:g} s"


def cost_words(card: Card) -> str:
    """Return what a call costs at most; where that is not known, which prices are missing."""
    if card.cost.dollars is None:
        return f"price unknown of {', '.join(card.cost.unknown)}"
    return dollars(card.cost.dollars)


def request_words(request: Request) -> str:
    """Return what one kind of request takes, and costs."""
    tokens = f"{request.prompt_tokens:,} tokens in, {request.reply_tokens:,} out"
    seen = ""
    if request.price is not None:
        seen = f" ({request.price.source}{f', {request.price.seen.isoformat()}' if request.price.seen else ''})"
    return f"{request.model}: {tokens}, {dollars(request.dollars)} each{seen}"


def status_words(status: Status) -> str:
    """Return a status with a mark that needs no colour."""
    return {"met": "✓ met", "waived": "– waived", "missing": "✗ missing", "not needed": "· not needed"}[status]
