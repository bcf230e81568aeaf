"""One row held against its label."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.contract.evaluating import compares, is_compared
from promptspec.contract.json_text import json_text
from promptspec.contract.types import Field, ListOf, Type
from promptspec.errors import InputRefused, Moderated, PromptspecError, ReplyRefused, Unjudged
from promptspec.evaluate.results import Judged
from promptspec.trials.plain import alike, output_of

if TYPE_CHECKING:
    from promptspec.check.labelled import LabelledRow
    from promptspec.contract.feature import Feature, Module
    from promptspec.live.exchanges import Exchange
    from promptspec.runtime.replies import Reply

#: Broken rules of a refused reply that are told.
_MOST_RULES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A row, with the values that are right for it as the feature delivers them, and the groups that it belongs to."""

    row: LabelledRow
    right: Mapping[str, object]
    slices: tuple[tuple[str, str], ...]


def measured_fields(feature: Feature, targets: Sequence[str]) -> tuple[Field, ...]:
    """Return the fields of the output that are held against labels: those that compare well, and all *targets*."""
    return tuple(
        field
        for field in feature.output.fields
        if is_compared(field.type) or (field.name in targets and compares(field.type))
    )


def judge(
    module: Module,
    feature: Feature,
    fields: Sequence[Field],
    labelled: Labelled,
    *,
    reply: Reply[Any] | None,
    error: BaseException | None,
    exchanges: tuple[Exchange, ...] = (),
    trouble: str = "",
) -> Judged:
    """Return what came of a call with *labelled*; *trouble* says what kept the call from being made."""
    values = output_of(module, feature, reply.value) if reply is not None and not trouble else {}
    outcome = "answered" if values else "refused" if _is_refusal(error) and not trouble else "not run"
    return Judged(
        line=labelled.row.line,
        key=labelled.row.key,
        outcome=outcome,
        why="" if values else trouble or _told(error),
        right={}
        if outcome == "not run"
        else {
            field.name: bool(values) and same(field.type, values[field.name], labelled.right[field.name])
            for field in fields
        },
        expected={field.name: json_text(labelled.right[field.name]) for field in fields},
        said={field.name: json_text(values[field.name]) for field in fields} if values else {},
        given=json_text(labelled.row.given),
        slices=labelled.slices,
        exchanges=exchanges,
    )


def same(type: Type, one: object, other: object) -> bool:
    """Say whether two values of *type* are equal; a set has no order."""
    if isinstance(type, ListOf) and type.unique and one is not None and other is not None:
        left, right = cast("list[object]", one), cast("list[object]", other)
        return len(left) == len(right) and all(any(alike(item, each) for each in right) for item in left)
    return alike(one, other)


def _is_refusal(error: BaseException | None) -> bool:
    """Say whether the feature refused; a judge that could not judge says nothing about the model."""
    return isinstance(error, ReplyRefused | InputRefused | Moderated) and not isinstance(error, Unjudged)


def _told(error: BaseException | None) -> str:
    if isinstance(error, Unjudged):
        return error.detail
    if isinstance(error, PromptspecError):
        rules = [f"{each.path}: {each.rule}" for each in error.violations[:_MOST_RULES]]
        return ", ".join(rules) or error.detail or error.code
    return type(error).__name__ if error is not None else "no answer"
