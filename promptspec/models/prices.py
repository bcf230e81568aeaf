"""What models cost, as dated data: US dollars for a million tokens, at the standard rate of OpenAI's own API.

Read on 2026-11-27 from the pages of the single models under https://developers.openai.com/api/docs/models, and, for
`gpt-5.6-sol`, `gpt-6-sol` and `gpt-6.1-sol`, from what others quote of those pages. A model that is not here has no
known price. Batches, other service tiers and regional processing cost something else, and are not asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from promptspec.contract.models import OpenAIModel, Price

_MILLION: Final = 1_000_000
_SEEN: Final = date(2026, 11, 27)
_PAGES: Final = "https://developers.openai.com/api/docs/models"
#: From here on the whole request costs more; the same number stands on the page of each model that has it.
_LONG: Final = 272_000


def _text(name: str, input: str, cached: str, output: str, write: str = "", *, long: bool = True) -> tuple[str, Price]:
    return name, Price(
        input=Decimal(input),
        cached_input=Decimal(cached),
        cache_write=Decimal(write) if write else None,
        output=Decimal(output),
        long_after=_LONG if long else None,
        long_input=Decimal(2) if long else Decimal(1),
        long_output=Decimal("1.5") if long else Decimal(1),
        seen=_SEEN,
        source=f"{_PAGES}/{name}",
    )


def _input_only(name: str, input: str) -> tuple[str, Price]:
    return name, Price(input=Decimal(input), output=None, seen=_SEEN, source=f"{_PAGES}/{name}")


#: By the name that a spec gives to the model. Names with a date are models of their own, and not here.
PRICES: Final[dict[str, Price]] = dict(
    (
        _text("gpt-6.2-sol", "2", "0.10", "10", "2.50"),
        _text("gpt-6.1-sol", "2", "0.10", "10", "2.50"),
        _text("gpt-6-astra", "10", "1", "50", "12.50"),
        _text("gpt-6-sol", "2", "0.20", "10", "2.50"),
        _text("gpt-6-luna", "0.10", "0.01", "0.50", "0.125"),
        _text("gpt-5.6-sol", "4", "0.40", "20", "5"),
        _text("gpt-5.6-terra", "2", "0.20", "12", "2.50"),
        _text("gpt-5.6-luna", "0.20", "0.02", "1.20", "0.25"),
        _text("gpt-5.4-nano", "0.20", "0.02", "1.25", long=False),
        _input_only("text-embedding-3-large", "0.13"),
        _input_only("text-embedding-3-small", "0.02"),
        _input_only("omni-moderation-latest", "0"),
    )
)


def price_of(model: OpenAIModel, overrides: Sequence[tuple[str, Price]] = ()) -> Price | None:
    """Return what *model* costs, or None where that is not known.

    *overrides* are the project's own prices, by name, and hold for every server. What is known here is what OpenAI
    takes: a model of that name at another address costs what its owner says.
    """
    own = dict(overrides).get(model.name)
    if own is not None:
        return own
    return PRICES.get(model.name) if model.base_url is None and model.server == "openai" else None


def worst_cost(price: Price, *, prompt_tokens: int, reply_tokens: int) -> Decimal:
    """Return the dollars that one request costs at most, with at most so many tokens in, and out.

    No token is taken to be cached, and all of them to be kept where that costs more. *reply_tokens* is all that the
    server may write: what the model thinks, too.
    """
    return cost_of(price, prompt_tokens=prompt_tokens, cached_tokens=0, reply_tokens=reply_tokens)


def cost_of(price: Price, *, prompt_tokens: int, cached_tokens: int, reply_tokens: int) -> Decimal:
    """Return the dollars that a request with these numbers of tokens costs, exactly, never less than is billed.

    *cached_tokens* are those of the prompt that the server had read before.
    """
    long = price.long_after is not None and prompt_tokens > price.long_after
    fresh = max(price.input, price.cache_write or price.input)
    cached = price.input if price.cached_input is None else price.cached_input
    known = min(cached_tokens, prompt_tokens)
    paid_in = (prompt_tokens - known) * fresh + known * cached
    paid_out = reply_tokens * (price.output or Decimal(0))
    if long:
        paid_in, paid_out = paid_in * price.long_input, paid_out * price.long_output
    return (paid_in + paid_out) / _MILLION
