"""What a call costs at most, by the prices of all whom the feature may ask, where a limit is on spending."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from promptspec.check.budgets import largest_json, largest_text
from promptspec.check.desk import Desk
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module
from promptspec.contract.models import OpenAIModel, Price
from promptspec.contract.moderation import ServerModerator
from promptspec.contract.safety import CallCost, RequestCost
from promptspec.contract.tone import Fuzzy
from promptspec.contract.walking import types_in
from promptspec.models.prices import price_of, worst_cost
from promptspec.syntax import tree
from promptspec.values.units import MESSAGE_OVERHEAD

#: Servers whose tokens are those that a prompt is counted in before it is sent.
_COUNTED_ALIKE: Final = ("openai", "azure")
#: Bytes around what is sent: the sentence that tells a schema, and what is asked of a judge in general.
_AROUND: Final = 2_048
#: Bytes of the marks of one text, and of what a judge answers about one rule.
_MARKS: Final = 160
_ANSWER: Final = 128
#: Tokens that a moderator may answer with, where they cost something.
_FINDING: Final = 2_048


def check_spending(
    desk: Desk, feature: Feature, module: Module, schema: dict[str, object], clause: tree.LimitsClause | None
) -> Feature | None:
    """Return *feature* with what a call costs, None after a report; *schema* is that of its reply.

    A feature without a limit on spending is returned as it is.
    """
    limits = [each for each in (clause.limits if clause else ()) if each.name.text == "spend"]
    if not any(each.counts == "usd" for each in feature.across) or not limits:
        return feature
    spending = _Spending(desk, limits[0], feature, module, schema)
    cost = spending.cost()
    if cost is None:
        return None
    for limit in limits:
        amount = limit.amount.value if isinstance(limit.amount, tree.NumberLiteral) else Decimal(0)
        if cost.most > amount:
            desk.add(
                "PS414",
                limit.span,
                f"one call may cost {cost.most.normalize():f} usd, so that none would ever be made",
                help=("raise `spend`", "or lower `prompt`, `reply`, `thinking`, `retries` or `repairs`"),
            )
            return None
    return replace(feature, cost=cost)


class _Spending:
    def __init__(
        self, desk: Desk, limit: tree.Limit, feature: Feature, module: Module, schema: dict[str, object]
    ) -> None:
        self._desk = desk
        self._limit = limit
        self._feature = feature
        self._module = module
        self._reply_bytes = largest_json(schema)

    def cost(self) -> CallCost | None:
        """Return what a call costs; None after a report of a price that nobody knows."""
        feature, limits = self._feature, self._feature.limits
        models = [m for m in feature.models if isinstance(m, OpenAIModel)]
        servers = [each.by for each in feature.moderations if isinstance(each.by, ServerModerator)]
        embedders = [each.embedding.model for each in feature.shortlists if each.embedding is not None]
        costs = CallCost(
            most=Decimal(0),
            models=tuple(self._costs(models, None, limits.reply_tokens + limits.thinking_tokens)),
            judges=tuple(self._costs([judge.model for judge in feature.judges], *self._judged())),
            moderators=tuple(self._costs([by.model for by in servers], self._looked_at(), _FINDING)),
            embedders=tuple(self._costs(embedders, self._embedded(), 0)),
        )
        asked = len(models) + len(feature.judges) + len(servers) + len(embedders)
        if len((*costs.models, *costs.judges, *costs.moderators, *costs.embedders)) < asked:
            return None
        replies = 1 + limits.repairs
        most = (replies + limits.retries) * max((each.most for each in costs.models), default=Decimal(0))
        most += (replies + limits.retries) * max((each.most for each in costs.judges), default=Decimal(0))
        # Moderators are asked at one time, each with all retries that are left.
        looks = [
            each.input + each.output * replies + limits.retries
            for each in feature.moderations
            if isinstance(each.by, ServerModerator)
        ]
        most += sum((cost.most * times for cost, times in zip(costs.moderators, looks, strict=True)), start=Decimal(0))
        most += sum((cost.most * (1 + limits.retries) for cost in costs.embedders), start=Decimal(0))
        return replace(costs, most=most)

    def _costs(self, models: Sequence[OpenAIModel], prompt: int | None, reply: int) -> Iterator[RequestCost]:
        for model in models:
            price = price_of(model, self._desk.settings.prices)
            if price is None:
                self._unknown(model)
            else:
                yield _request(model, price, prompt if prompt is not None else self._prompt(model), reply)

    def _prompt(self, model: OpenAIModel) -> int:
        """Return how many tokens a prompt has at most: a token holds at least a byte."""
        largest = self._feature.largest_prompt + _AROUND
        declared = self._feature.limits.prompt_tokens
        return min(largest, declared) if declared is not None and model.server in _COUNTED_ALIKE else largest

    def _judged(self) -> tuple[int, int]:
        """Return how many tokens a judge is sent, and may answer with, at most."""
        questions = [(rule.kind.text, rule.texts) for rule in self._feature.tone if isinstance(rule.kind, Fuzzy)]
        texts = _texts(self._feature.output, self._module, self._reply_bytes)
        asked = sum(len(text.encode()) + len(str(paths)) + 2 * _ANSWER for text, paths in questions)
        # A server may be told of each rule twice: in the text, and in the form of the answer.
        prompt = _AROUND + 2 * asked + self._reply_bytes + texts * _MARKS + 2 * MESSAGE_OVERHEAD
        return prompt, _ANSWER * (1 + len(questions)) + self._feature.limits.thinking_tokens

    def _looked_at(self) -> int:
        return max(self._feature.largest_prompt, self._reply_bytes) + _AROUND

    def _embedded(self) -> int:
        """Return how many tokens a text has at most that is embedded: no more than all of the input, or of a row."""
        fields = [*self._feature.input.fields]
        fields += [column for source in self._module.sources for column in source.columns]
        texts = [each.cap for each in types_in(fields, self._module.record) if isinstance(each, t.Text)]
        return self._feature.largest_prompt + sum(map(largest_text, texts)) + _AROUND

    def _unknown(self, model: OpenAIModel) -> None:
        name = json.dumps(model.name)
        self._desk.add(
            "PS413",
            self._limit.span,
            f"`spend` bounds what models cost, and the price of `{model.name}` is not known",
            help=f"write it under `[tool.promptspec.prices]`: `{name} = {{ input = 0.2, output = 1.2 }}`",
        )


def _request(model: OpenAIModel, price: Price, prompt: int, reply: int) -> RequestCost:
    return RequestCost(
        model=model.name,
        input=max(price.input, price.cache_write or price.input),
        output=price.output or Decimal(0),
        most=worst_cost(price, prompt_tokens=prompt, reply_tokens=reply),
        long_after=price.long_after,
        long_input=price.long_input,
        long_output=price.long_output,
        seen=price.seen,
    )


def _texts(output: t.Record, module: Module, reply_bytes: int) -> int:
    """Return how many texts a reply may hold: no more than its lists have room for, and three bytes of JSON each."""
    most = 0
    for field in output.fields:
        types = list(types_in((field,), module.record))
        times = 1
        for type in types:
            times *= type.most if isinstance(type, t.ListOf) else 1
            times *= reply_bytes if isinstance(type, t.JsonSchema) else 1
        most += times * len(types)
    return min(most, reply_bytes // 3)
