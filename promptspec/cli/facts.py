"""What is told of sound features: how replies are structured and why, how large things can get, what runs attacks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from promptspec.diagnostics.foreign import escape

if TYPE_CHECKING:
    from promptspec.api import Compilation
    from promptspec.contract.feature import Feature, Module
    from promptspec.contract.safety import CallCost, RequestCost

#: With more features than this, only their number is told.
MOST_FEATURES = 20


def facts(compilation: Compilation) -> Iterator[str]:
    """Yield the lines about the features of the specs that were named; none where there are very many."""
    found = [
        (unit.module, feature)
        for unit in compilation.units
        if unit.module is not None and unit.file in compilation.named
        for feature in unit.module.features
    ]
    if len(found) > MOST_FEATURES:
        return
    for module, feature in found:
        yield from _of(module, feature)


def attacks(compilation: Compilation) -> str | None:
    """Return the line that tells of the attacks of the specs that were named, or None where there are none."""
    count = sum(
        case.kind == "attack"
        for unit in compilation.units
        if unit.module is not None and unit.file in compilation.named
        for feature in unit.module.features
        for case in feature.cases
    )
    if not count:
        return None
    return "1 attack: `promptspec fuzz` runs it" if count == 1 else f"{count:,} attacks: `promptspec fuzz` runs them"


def _of(module: Module, feature: Feature) -> Iterator[str]:
    from promptspec.contract.models import OpenAIModel
    from promptspec.contract.types import Image
    from promptspec.contract.walking import types_in

    yield escape(feature.name)
    for model in feature.models:
        if isinstance(model, OpenAIModel):
            where = f"{model.server}, api {model.api}"
            how = f"{model.structured}, because {escape(model.structured_because)}"
            yield f"    model {escape(model.name)} ({where}): {how}"
        else:
            yield "    model rehearsal: no model is asked"
    limits = feature.limits
    cap = "" if limits.prompt_tokens is None else f"; over {limits.prompt_tokens:,} tokens it is refused"
    derived = ", derived from the output" if limits.reply_derived else ""
    yield f"    prompt of at most {feature.largest_prompt:,} bytes, so of at most as many tokens{cap}"
    yield f"    reply of at most {limits.reply_tokens:,} tokens{derived}; {limits.time_ms / 1000:g} s for everything"
    more = f"{_count(limits.retries, 'retry', 'retries')} and {_count(limits.repairs, 'repair')}"
    judging = 1 + limits.repairs if feature.judges else 0
    beside = f", {_count(judging, 'request')} to a judge among them" if judging else ""
    yield f"    at most {_count(1 + limits.retries + limits.repairs + judging, 'request')} a call{beside}, with {more}"
    yield from _across(feature)
    yield f"    {_streams(feature)}"
    if feature.evaluation is not None:
        rows = _count(feature.evaluation.rows, "row")
        levels = _count(len(feature.evaluation.targets), "declared level")
        yield f"    {rows} to evaluate with; {levels}, which only `promptspec evaluate` proves, with a real model"
    yield from _tone(feature)
    yield from _moderations(feature)
    yield from _embeddings(feature)
    if any(isinstance(type, Image) for type in types_in(feature.input.fields, module.record)):
        yield "    the model is told that words in images are data, and nothing checks that it keeps to it (persuasion)"
    for description in _descriptions(module, feature):
        yield f"    a JSON Schema tells the model: {escape(description)}"


def _across(feature: Feature) -> Iterator[str]:
    """Yield the limits across calls, and what a call costs where one is on spending."""
    for each in feature.across:
        period = {60_000: "minute", 3_600_000: "hour", 86_400_000: "day"}[each.period_ms]
        most = _count(int(each.amount), "call") if each.counts == "calls" else f"{each.amount:f} usd"
        gone = "let through uncounted" if each.allows else "refused"
        yield f"    at most {most} per {period} per {each.per}; {gone} while the counter cannot be reached"
    if feature.cost is not None:
        dates = sorted({cost.seen for cost in _costs(feature.cost) if cost.seen is not None})
        as_of = f", by prices of {dates[0].isoformat()}" if dates else ""
        most = f"{feature.cost.most.normalize():f} usd"
        yield f"    a call costs at most {most}{as_of}, which is reserved before it is made"


def _costs(cost: CallCost) -> tuple[RequestCost, ...]:
    return (*cost.models, *cost.judges, *cost.moderators, *cost.embedders)


def _streams(feature: Feature) -> str:
    """Return how replies can be shown before they are whole, or why they cannot."""
    from promptspec.contract.types import Text

    if feature.no_stream is not None:
        origin = feature.no_stream.origin
        return f"no stream: {feature.no_stream.because} ({escape(origin.file)} line {origin.line})"
    one_text = feature.bare and isinstance(feature.output.fields[0].type, Text)
    return f"a stream yields {'sentences' if one_text else 'fields, and the items of lists one by one'}"


def _tone(feature: Feature) -> Iterator[str]:
    """Yield who judges what of the tone, and what nobody does."""
    from promptspec.contract.tone import ToneJudge, ToneTopic, ToneVoice

    for judge in feature.judges:
        where = judge.model.server if judge.decisions else f"{judge.model.server}, api {judge.model.api}"
        how = "decisions, questions of their own" if judge.decisions else f"{judge.model.structured}, one reply"
        yield f"    judge {escape(judge.model.name)} ({where}): {how}"
    for rule in feature.tone:
        if isinstance(rule.kind, ToneVoice | ToneTopic | ToneJudge):
            said = f'    {rule.id.removeprefix("tone_")} "{escape(rule.kind.text)}"'
            if rule.kind.threshold is None:
                yield f"{said} is told to the model, and nothing checks it (persuasion)"
            else:
                yield f"{said} is told to the model, and has to be {rule.kind.threshold} likely to the judge"


def _moderations(feature: Feature) -> Iterator[str]:
    """Yield who looks at what before it is sent, and before it is delivered."""
    from promptspec.contract.moderation import PythonModerator, ServerModerator, WordModerator

    for each in feature.moderations:
        sides = " and ".join(side for side, looks in (("input", each.input), ("output", each.output)) if looks)
        match each.by:
            case ServerModerator(model=model):
                who = f"{escape(model.name)} ({model.server})"
            case WordModerator(path=path, phrases=phrases):
                who = f"{_count(len(phrases), 'phrase')} of {escape(path)}"
            case PythonModerator(module=module, function=function):
                who = f"the function {escape(module)}:{escape(function)}"
        yield f"    {sides} moderated by {who}; whoever does not answer blocks"


def _embeddings(feature: Feature) -> Iterator[str]:
    """Yield what makes vectors for which shortlists, and whether those of the rows are there."""
    for each in feature.shortlists:
        if each.embedding is not None:
            who = f"{escape(each.embedding.model.name)} ({each.embedding.model.server})"
            lacks = "" if each.embedding.content_hash else ": calls are refused until `promptspec source pull`"
            yield f"    {escape(each.name)} by embedding of {who}{lacks}"


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def _descriptions(module: Module, feature: Feature) -> Iterator[str]:
    """Yield what existing JSON Schemas of the output say in their descriptions: it reaches the model."""
    from promptspec.contract.types import JsonSchema
    from promptspec.contract.walking import types_in

    for type in types_in(feature.output.fields, module.record):
        if isinstance(type, JsonSchema):
            yield from _described(json.loads(type.schema))


def _described(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        found = cast("dict[str, object]", schema)
        if isinstance(found.get("description"), str):
            yield str(found["description"])
        for value in found.values():
            yield from _described(value)
    elif isinstance(schema, list):
        for value in cast("list[object]", schema):
            yield from _described(value)
