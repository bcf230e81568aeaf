"""Sabotages of limits across calls: of what the module says of them, and of the runtime that counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import Any, Final

from promptspec.safety.counters import PARTS
from quality.builds import Edit
from quality.sabotage import Name, Patch, Sabotage, Way, method

_LAW: Final = "limits_hold"
_ALLOWANCE: Final = "promptspec.runtime.allowance"
_MEMORY: Final = "promptspec.safety.counters:MemoryCounters"
_NUMBERS: Final = count()

_MINUTE: Final = 'most=20, seconds=60, per="caller"'
_DAY: Final = 'most=1000, seconds=86_400, per="feature"'
_HOUR: Final = 'most=50_000_000, seconds=3600, per="caller"'
_MODEL: Final = "models=(\n                # prices of 2026-11-27\n                ps.Cost(\n" + (
    '                    name="gpt-5.6-luna",\n'
)
_INPUT: Final = _MODEL + '                    input=Decimal("0.25"),\n'
_OUTPUT: Final = _INPUT + '                    output=Decimal("1.20"),\n'


def _emitted(name: str, rule: str, way: Way, *changes: tuple[str, str], feature: Name = "meter") -> Sabotage:
    edits = tuple(Edit(old, new, feature.capitalize()) for old, new in changes)
    return Sabotage(name=f"limits-{name}", law=_LAW, feature=feature, rule=rule, way=way, edits=edits)


def _patched(name: str, target: str, function: Callable[..., Any]) -> Sabotage:
    return Sabotage(name=f"limits-{name}", law=_LAW, feature="meter", patches=(Patch(target, method(function)),))


# The runtime


def _not_counted(_original: Any, _self: Any) -> None:
    pass


def _one_forgotten(original: Any, self: Any, use: Any, at: int) -> int:
    return max(original(self, use, at) - use.amount, 0)


def _anew(_original: Any, self: Any, at: int) -> int:
    """Begin at nothing with each period, as a clock on the wall has it."""
    return self.slot(at) - self.slot(at) % PARTS


def _short(original: Any, self: Any, at: int) -> int:
    """Leave out the part of time that has only half passed."""
    return original(self, at) + 1


def _by_feature(original: Any, plan: Any, across: Any, who: tuple[str, ...]) -> Iterator[Any]:
    return original(plan, across, ("everybody",))


def _by_call(original: Any, plan: Any, across: Any, who: tuple[str, ...]) -> Iterator[Any]:
    return (replace(use, name=f"{use.name}{next(_NUMBERS)}") for use in original(plan, across, who))


def _failing_open(_original: Any, _self: Any, _gone: Any) -> None:
    pass


def _given_back(_original: Any, _costs: Any, _asked: Any) -> int:
    return 0


def _unknown_is_free(original: Any, costs: Sequence[Any], asked: Any) -> int:
    return 0 if asked.answer is None else original(costs, asked)


def _always_settled(original: Any, self: Any, error: Any) -> bool:
    return original(self, None)


def _counted_when_refused(original: Any, call: Any, *, asks: bool) -> Any:
    allowance = original(call, asks=asks)
    allowance.take()
    return allowance


def _last_forgotten(original: Any, self: Any, uses: Sequence[Any], at: int) -> Any:
    return original(self, uses[:-1], at)


def _first_alone(original: Any, self: Any, uses: Sequence[Any], at: int) -> Any:
    return original(self, uses[:1], at)


LIMITS: Final = (
    _emitted("one-call-more", "Across.most", "off by one", (_MINUTE, _MINUTE.replace("20", "21"))),
    _emitted("no-end", "Across.most", "removed", (_DAY, _DAY.replace("1000", "1_000_000"))),
    _emitted("more-dollars", "Across.most", "off by one", (_HOUR, _HOUR.replace("50_000_000", "50_000_001"))),
    _emitted("a-second-less", "Across.seconds", "off by one", (_MINUTE, _MINUTE.replace("60", "59"))),
    _emitted("any-second", "Across.seconds", "removed", (_HOUR, _HOUR.replace("3600", "1"))),
    _emitted("of-all-together", "Across.per", "removed", (_MINUTE, _MINUTE.replace("caller", "feature"))),
    _emitted("calls-for-dollars", "Across.counts", "removed", (f'"usd", {_HOUR}', f'"calls", {_HOUR}')),
    _emitted(
        "let-through",
        "Across.allows",
        "off by one",
        *((each, f"{each}, allows=True") for each in (_MINUTE, _DAY, _HOUR)),
    ),
    _emitted("not-let-through", "Across.allows", "removed", (", allows=True", ""), feature="lenient"),
    _emitted("nothing-reserved", "Costs.call", "removed", ("call=3_055_000", "call=0")),
    _emitted("less-reserved", "Costs.call", "off by one", ("call=3_055_000", "call=3_054_999")),
    _emitted("input-is-free", "Cost.input", "removed", (_INPUT, _INPUT.replace("0.25", "0"))),
    _emitted("input-is-cheaper", "Cost.input", "off by one", (_INPUT, _INPUT.replace("0.25", "0.24"))),
    _emitted("output-is-free", "Cost.output", "removed", (_OUTPUT, _OUTPUT.replace("1.20", "0"))),
    _emitted("output-is-cheaper", "Cost.output", "off by one", (_OUTPUT, _OUTPUT.replace("1.20", "1.19"))),
    _emitted("in-vain-is-free", "Cost.most", "removed", ("most=451_800", "most=0")),
    _emitted("in-vain-is-cheaper", "Cost.most", "off by one", ("most=451_800", "most=451_799")),
    _patched("not-counted", f"{_ALLOWANCE}:Allowance.take", _not_counted),
    _patched("one-forgotten", f"{_MEMORY}._count", _one_forgotten),
    _patched("begin-anew", "promptspec.safety.counters:Use.first", _anew),
    _patched("end-early", "promptspec.safety.counters:Use.first", _short),
    _patched("by-feature", f"{_ALLOWANCE}:_uses", _by_feature),
    _patched("by-call", f"{_ALLOWANCE}:_uses", _by_call),
    _patched("fail-open", f"{_ALLOWANCE}:Allowance._refuse_unless_allowed", _failing_open),
    _patched("reservation-given-back", f"{_ALLOWANCE}:spent_by", _given_back),
    _patched("unknown-is-free", f"{_ALLOWANCE}:_spent", _unknown_is_free),
    _patched("settled-though-time-ran-out", f"{_ALLOWANCE}:Allowance._is_to_settle", _always_settled),
    _patched("count-what-was-refused", "promptspec.runtime.calling:allowance_of", _counted_when_refused),
    _patched("last-forgotten", f"{_MEMORY}.take", _last_forgotten),
    _patched("first-alone", f"{_MEMORY}.take", _first_alone),
)
