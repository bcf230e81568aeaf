"""What a call of a feature costs at most, all of its requests counted: to models, judges and moderators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import prod
from typing import Final

from promptspec.check.budgets import largest_value
from promptspec.check.shapes import Facts
from promptspec.contract import types as t
from promptspec.contract.feature import Feature
from promptspec.contract.models import Model, OpenAIModel, Price
from promptspec.contract.moderation import ServerModerator
from promptspec.contract.tone import Fuzzy, ToneRule
from promptspec.models.prices import price_of, worst_cost
from promptspec.models.servers import SERVERS
from promptspec.runtime.opinions import TASK
from promptspec.values.units import MESSAGE_OVERHEAD

#: What surrounds a statement in a question to a judge, and in the schema of its answer, in bytes at most.
_A_STATEMENT: Final = 400
#: What the two marks around a text cost beside its path, and the line that announces their tag, in bytes at most.
_A_TEXT: Final = 96
#: What a judge may answer: as `promptspec.runtime.opinions` caps it.
_JUDGED_TOKENS: Final = 64
_JUDGED_TOKENS_EACH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A kind of request of a call: *what* is asked, how many *times* at most, and how many tokens go in and out.

    *dollars* is what one costs at most, None where the price is not known, and zero where nothing is charged.
    """

    what: str
    model: str
    times: int
    prompt_tokens: int
    reply_tokens: int
    dollars: Decimal | None
    price: Price | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a call costs at most, in US *dollars*, and of which *requests*; None where a price is not known."""

    dollars: Decimal | None
    requests: tuple[Request, ...]
    retries: int

    @property
    def unknown(self) -> tuple[str, ...]:
        """The models whose price is not known, each once."""
        return tuple(dict.fromkeys(each.model for each in self.requests if each.dollars is None))


def largest_cost(feature: Feature, facts: Facts, prices: Sequence[tuple[str, Price]] = ()) -> Cost:
    """Return what a call of *feature* costs at most; *prices* are the project's own.

    Each of 1 + repairs replies is asked for once, and judged once; each retry is the dearest request of all.
    """
    limits = feature.limits
    rounds = 1 + limits.repairs
    prompt = feature.largest_prompt
    if limits.prompt_tokens is not None:
        prompt = min(prompt, limits.prompt_tokens)
    reply = limits.reply_tokens + limits.thinking_tokens
    requests = [_dearest("a reply", feature.models, rounds, prompt, reply, prices)]
    if feature.judges:
        asked = _judge_bytes(feature, facts)
        statements = sum(rule.is_judged for rule in feature.tone)
        answer = _JUDGED_TOKENS + _JUDGED_TOKENS_EACH * statements + limits.thinking_tokens
        judges = [judge.model for judge in feature.judges]
        requests.append(_dearest("a judgement", judges, rounds, asked, answer, prices))
    requests += _moderators(feature, rounds, prompt, prices)
    known = [each.dollars for each in requests if each.dollars is not None]
    dollars: Decimal | None = None
    if len(known) == len(requests):
        once = sum((each.times * (each.dollars or Decimal(0)) for each in requests), Decimal(0))
        dollars = once + limits.retries * max(known)
    return Cost(dollars=dollars, requests=tuple(requests), retries=limits.retries)


def _dearest(
    what: str, models: Sequence[Model], times: int, prompt: int, reply: int, prices: Sequence[tuple[str, Price]]
) -> Request:
    """Return the request to the dearest of *models*, of which any may answer; one without a price counts as that."""
    found = [_request(what, model, times, prompt, reply, prices) for model in models]
    unknown = next((each for each in found if each.dollars is None), None)
    return unknown or max(found, key=lambda each: each.dollars or Decimal(0))


def _request(
    what: str, model: Model, times: int, prompt: int, reply: int, prices: Sequence[tuple[str, Price]]
) -> Request:
    if not isinstance(model, OpenAIModel):
        return Request(what=what, model="rehearsal", times=times, prompt_tokens=0, reply_tokens=0, dollars=Decimal(0))
    price = price_of(model, prices)
    dollars = None if price is None else worst_cost(price, prompt_tokens=prompt, reply_tokens=reply)
    return Request(
        what=what,
        model=model.name,
        times=times,
        prompt_tokens=prompt,
        reply_tokens=reply,
        dollars=dollars,
        price=price,
    )


def _moderators(feature: Feature, rounds: int, prompt: int, prices: Sequence[tuple[str, Price]]) -> list[Request]:
    """Return the requests to servers that moderate, beside those that look while they answer, which cost nothing."""
    found: list[Request] = []
    inline = all(_moderates_inline(model) for model in feature.models)
    for each in feature.moderations:
        if not isinstance(each.by, ServerModerator) or (inline and _moderates_inline(each.by.model)):
            continue
        if each.input:
            found.append(_request("moderation of the input", each.by.model, 1, prompt, 0, prices))
        if each.output:
            tokens = feature.limits.reply_tokens
            found.append(_request("moderation of a reply", each.by.model, rounds, tokens, 0, prices))
    return found


def _moderates_inline(model: Model) -> bool:
    return isinstance(model, OpenAIModel) and model.base_url is None and SERVERS[model.server].moderates_inline


def _judge_bytes(feature: Feature, facts: Facts) -> int:
    """Return the bytes of the largest request to a judge, and so at least its tokens."""
    judged = [rule for rule in feature.tone if rule.is_judged]
    statements = sum(
        _A_STATEMENT + 4 * len(_text(rule).encode()) + sum(8 + len(".".join(path).encode()) for path in rule.texts)
        for rule in judged
    )
    paths = dict.fromkeys(path for rule in judged for path in rule.texts)
    texts = sum(_bytes_at(feature.output, path, facts) for path in paths)
    return len(TASK.encode()) + statements + texts + 4 * MESSAGE_OVERHEAD


def _text(rule: ToneRule) -> str:
    return rule.kind.text if isinstance(rule.kind, Fuzzy) else ""


def _bytes_at(output: t.Record, path: tuple[str, ...], facts: Facts) -> int:
    """Return the bytes of all texts at *path*, with the marks around them."""
    record: t.Record | None = output
    type: t.Type | None = None
    times: list[int] = []
    for step in path:
        if step == "[]":
            assert isinstance(type, t.ListOf)
            times.append(type.most)
            type = type.item
        else:
            field = record.field(step) if record else None
            if field is None:
                break
            type = field.type
        record = facts.record(type) if isinstance(type, t.Group) else None
    return prod(times) * (largest_value(type, facts) + _A_TEXT + 2 * sum(len(step) + 8 for step in path))
