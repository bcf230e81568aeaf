"""Features held to the policies of their project: what falls short is told with both places."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from promptspec.check.clauses import Clauses
from promptspec.check.costs import largest_cost
from promptspec.check.desk import Desk
from promptspec.check.policies import Applied
from promptspec.check.shapes import Facts
from promptspec.check.waivers import standing
from promptspec.contract import types as t
from promptspec.contract.feature import Feature
from promptspec.contract.practices import (
    AtMost,
    CallerAtLeast,
    MayWaive,
    Must,
    NoneOver,
    Policy,
    PolicyRule,
    Side,
    SizeUnit,
)
from promptspec.contract.walking import foreign_texts, types_in
from promptspec.diagnostics import Label
from promptspec.safety.callers import LEVELS
from promptspec.syntax import tree
from promptspec.text import Span
from promptspec.values.units import BYTES_A_TOKEN, CHARS_A_WORD

#: How long a ledger keeps texts where nothing says it, in milliseconds (rule 32).
_KEPT = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Held:
    """A feature as it is held to policies: as written, by its clauses, and as checked."""

    declared: tree.FeatureDeclaration
    clauses: Clauses
    feature: Feature
    facts: Facts


@dataclass(frozen=True, slots=True)
class _Short:
    """Where a feature falls short, in which words, and what would mend it."""

    span: Span
    message: str
    help: str


def hold_to(desk: Desk, applied: Applied, held: Held) -> None:
    """Report each rule of the policies that the feature does not keep."""
    for policy in applied.policies:
        for rule in policy.rules:
            for short in _short(desk, policy, rule, held):
                desk.add(
                    "PS906",
                    short.span,
                    short.message,
                    labels=[Label(span=applied.spans[rule], message=f"policy `{policy.name}` asks for it here")],
                    help=short.help,
                )


def _short(desk: Desk, policy: Policy, rule: PolicyRule, held: Held) -> Iterator[_Short]:
    match rule:
        case Must(practice=practice, sides=sides):
            for side in sides or (None,):
                yield from _without(policy, practice, side, held)
        case NoneOver():
            yield from _larger(rule, held)
        case AtMost():
            yield from _more(desk, rule, held)
        case CallerAtLeast(level=level):
            yield from _unknown_caller(policy, level, held)
        case MayWaive():
            pass


# Clauses that must stand


def _without(policy: Policy, practice: str, side: Side | None, held: Held) -> Iterator[_Short]:
    if standing(held.clauses, practice, side) is not None or not _applies(practice, side, held):
        return
    named = f"{practice} {side}" if side else practice
    waived = _waived(held, practice, side)
    allowed = _may_waive(policy, practice, side)
    if waived is not None and allowed:
        return
    if waived is not None:
        yield _Short(
            waived,
            f"`{named}` is waived, which policy `{policy.name}` does not allow",
            f"follow the practice, or write `may waive {named}` in the policy",
        )
        return
    name = held.declared.name
    other = f', or `waive {named} because "…"`' if allowed else ""
    yield _Short(name.span, f"feature `{name.text}` has no `{named}`", f"write `{named} …`{other}")


def _applies(practice: str, side: Side | None, held: Held) -> bool:
    """Say whether there is anything that the clause could be about; where not, nothing falls short without it."""
    record = held.feature.input if side == "input" else held.feature.output
    if practice == "moderate":
        return any(foreign_texts(record.fields, held.facts.record_named))
    if practice == "tone":
        return any(isinstance(each, t.Text) for each in types_in(record.fields, held.facts.record_named))
    return True


def _waived(held: Held, practice: str, side: Side | None) -> Span | None:
    """Return where the feature waives the practice, or None."""
    if not any(each.practice == practice and side in (each.sides or (None,)) for each in held.feature.waivers):
        return None
    written = [each for each in held.clauses.all(tree.WaiveClause) if each.practice.text == practice]
    found = [each for each in written if not each.targets or side in {target.text for target in each.targets}]
    return min(found, key=held.clauses.is_shared).span


def _may_waive(policy: Policy, practice: str, side: Side | None) -> bool:
    return any(
        isinstance(rule, MayWaive) and rule.practice == practice and side in (rule.sides or (None,))
        for rule in policy.rules
    )


def _unknown_caller(policy: Policy, level: str, held: Held) -> Iterator[_Short]:
    levels = list(LEVELS)
    if levels.index(held.feature.caller) >= levels.index(level):
        return
    if _waived(held, "caller", None) is not None and _may_waive(policy, "caller", None):
        return
    clause = held.clauses.one(tree.CallerClause)
    yield _Short(
        clause.level.span if clause else held.declared.name.span,
        f"feature `{held.feature.name}` takes callers of whom less is known than `{level}`",
        f"write `caller {level}`",
    )


# Sizes of types


def _larger(rule: NoneOver, held: Held) -> Iterator[_Short]:
    for side, record in (("input", held.feature.input), ("output", held.feature.output)):
        for field in record.fields:
            sizes = (_size(each, rule) for each in types_in([field], held.facts.record_named))
            largest = max((size for size in sizes if size is not None), default=0)
            if largest > rule.most:
                named = "the output" if side == "output" and held.feature.bare else f"`{field.name}`"
                yield _Short(
                    _place(held, side, field.name),
                    f"{named} may hold a {rule.kind} of {largest:,} {rule.unit}",
                    f"lower its cap to {rule.most:_} {rule.unit}",
                )


def _place(held: Held, side: str, name: str) -> Span:
    """Return where the field is written, or the clause of an output that is one type."""
    if side == "input":
        clause = held.clauses.one(tree.InputClause)
        fields = clause.fields if clause else ()
    else:
        clause = held.clauses.one(tree.OutputClause)
        fields = clause.type.fields if clause and isinstance(clause.type, tree.RecordType) else ()
    named = next((field for field in fields if field.name.text == name), None)
    return named.span if named else clause.span if clause else held.declared.name.span


def _size(type: t.Type, rule: NoneOver) -> int | None:
    """Return how much a value of *type* may hold, in the unit of *rule*; None where the rule is about other types."""
    match rule.kind, type:
        case "code", t.Text(code=language) if language:
            return _text_size(type, rule.unit)
        case "line", t.Text(kind="line"):
            return _text_size(type, rule.unit)
        case "text", t.Text():
            return _text_size(type, rule.unit)
        case "text", t.Turns(item=item):
            return _text_size(item, rule.unit)
        case "text", t.JsonSchema(schema=schema):
            return max((_converted(most, "chars", rule.unit) for most in _texts(json.loads(schema))), default=None)
        case "list", t.ListOf(unique=False, most=most):
            return most
        case "set", t.ListOf(unique=True, most=most):
            return most
        case "list", t.JsonSchema(schema=schema):
            return max(_lists(json.loads(schema)), default=None)
        case "turns", t.Turns(most=most):
            return most
        case "image", t.Image(most=most):
            return most
        case _:
            return None


def _text_size(type: t.Text, unit: SizeUnit) -> int:
    return _converted(type.cap.most, type.cap.unit, unit)


def _converted(most: int, counted: t.Unit, unit: SizeUnit) -> int:
    """Return how many of *unit* a text of at most *most* *counted* has at most, by the caps of rule 13."""
    if counted == unit:
        return most
    chars = most * {"chars": 1, "words": CHARS_A_WORD, "bytes": 1, "tokens": BYTES_A_TOKEN}[counted]
    size = chars * 4 if counted in ("chars", "words") else chars
    # A word has a character at least, and so has a token a byte.
    return size if unit in ("bytes", "tokens") else chars


def _texts(schema: object) -> Iterator[int]:
    yield from _found(schema, "maxLength")


def _lists(schema: object) -> Iterator[int]:
    yield from _found(schema, "maxItems")


def _found(schema: object, key: str) -> Iterator[int]:
    if isinstance(schema, dict):
        for name, value in cast("dict[str, object]", schema).items():
            if name == key and isinstance(value, int):
                yield value
            else:
                yield from _found(value, key)
    elif isinstance(schema, list):
        for value in cast("list[object]", schema):
            yield from _found(value, key)


# What a call may use


def _more(desk: Desk, rule: AtMost, held: Held) -> Iterator[_Short]:
    limits = held.feature.limits
    match rule.subject:
        case "cost":
            yield from _dearer(desk, rule, held)
            return
        case "keep":
            found = _kept(held)
        case "prompt":
            largest = held.feature.largest_prompt
            found = largest if limits.prompt_tokens is None else min(limits.prompt_tokens, largest)
        case "reply":
            found = limits.reply_tokens
        case "thinking":
            found = limits.thinking_tokens
        case "time":
            found = limits.time_ms
        case "retries":
            found = limits.retries
        case "repairs":
            found = limits.repairs
    if found <= rule.most:
        return
    written = _amount(rule, Decimal(found))
    asked = _amount(rule, rule.most)
    write = f"`keep {asked}`" if rule.subject == "keep" else f"`limits {{ {rule.subject} {asked} }}`"
    yield _Short(
        _limit_span(held, rule.subject),
        f"`{rule.subject}` of feature `{held.feature.name}` is {written}",
        f"write {write}",
    )


def _amount(rule: AtMost, amount: Decimal) -> str:
    """Return *amount* as a spec writes it."""
    if rule.subject in ("time", "keep"):
        return _duration(int(amount))
    number = f"{int(amount):_}"
    return f"{number} tokens" if rule.subject in ("prompt", "reply", "thinking") else number


def _duration(milliseconds: int) -> str:
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)):
        if milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def _kept(held: Held) -> int:
    """Return how long the ledger keeps texts of the feature, in milliseconds: nothing where it writes none."""
    clause = held.clauses.one(tree.KeepClause)
    if clause is not None:
        return clause.duration.milliseconds
    writes = any(standing(held.clauses, each) for each in ("review", "sample", "report"))
    return _KEPT if writes else 0


def _limit_span(held: Held, name: str) -> Span:
    clause = held.clauses.one(tree.KeepClause) if name == "keep" else held.clauses.one(tree.LimitsClause)
    if isinstance(clause, tree.LimitsClause):
        found = next((each.span for each in clause.limits if each.name.text == name), None)
        return found or held.declared.name.span
    return clause.span if clause else held.declared.name.span


def _dearer(desk: Desk, rule: AtMost, held: Held) -> Iterator[_Short]:
    cost = largest_cost(held.feature, held.facts, desk.settings.prices)
    name = held.declared.name
    if cost.dollars is None:
        unknown = ", ".join(f"`{each}`" for each in cost.unknown)
        yield _Short(
            name.span,
            f"nobody knows what a call of `{name.text}` costs: {unknown} has no known price",
            "say it in `pyproject.toml`, under `[tool.promptspec.prices]`",
        )
    elif cost.dollars > rule.most:
        yield _Short(
            name.span,
            f"a call of `{name.text}` may cost {cost.dollars.normalize():f} usd",
            "lower the caps of the input and the reply, `repairs` or `retries`, or take another model",
        )
