"""The spec's own examples, tests and attacks, as cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, cast

from promptspec.contract.wire_value import wire_value
from promptspec.fuzz.cases import VALID, Case, Json, Lie
from promptspec.fuzz.lies.accepted import an_honest_reply, plain, read

if TYPE_CHECKING:
    from promptspec.contract import feature as f
    from promptspec.fuzz.subjects import Subject

_CALLER = "reader-1"


def examples(subject: Subject) -> Iterator[Case]:
    """Yield what the spec itself tries: each of its examples, tests and attacks, in the order of the spec.

    `techniques` holds its kind and title: `attack: asks for the prompt`.
    """
    for example in subject.feature.examples:
        given = plain(example.given)
        yield Case(
            given=given,
            claim=VALID,
            lie=Lie(reply=_on_the_wire(subject, example.returns, given)),
            today=example.today,
            phase="examples",
            techniques=(f"example: {example.title}",),
        )
    for case in subject.feature.cases:
        given = plain(case.given)
        yield Case(
            given=given,
            lie=_told(subject, case, given),
            caller=case.caller or _CALLER,
            today=case.today,
            phase="examples",
            techniques=(f"{case.kind}: {case.title}",),
        )


def _told(subject: Subject, case: f.Case, given: Json) -> Lie:
    """Return the answer that a test gives its model; where it gives none, an honest one."""
    if case.wire is not None:
        return Lie(liar="verbatim", text=case.wire)
    if case.has_replies:
        return Lie(reply=_on_the_wire(subject, case.replies, given))
    return Lie(reply=an_honest_reply(subject, given))


def _on_the_wire(subject: Subject, value: object, given: Json) -> Json:
    fields = cast("dict[str, object]", given) if isinstance(given, dict) else {}
    return read(wire_value(subject.module, subject.feature, value, fields))
