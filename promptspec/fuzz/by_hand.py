"""What tests that are written by hand draw from: attacks in every open text, and the texts of replies."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final
from weakref import WeakKeyDictionary

from hypothesis import strategies as st

from promptspec.contract.types import Text
from promptspec.fuzz.attacks.strategy import attack_texts
from promptspec.fuzz.cases import Case
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.lies import answer
from promptspec.fuzz.lies.strategy import lies
from promptspec.fuzz.observations import Request
from promptspec.fuzz.places import put
from promptspec.fuzz.recipes import Dish
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import Subject
from promptspec.fuzz.texts import fitted
from promptspec.fuzz.valid import NoInputKnown
from promptspec.runtime.drafts import Rendered
from promptspec.runtime.host import HOST

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from promptspec.fuzz.cases import Json, Lie
    from promptspec.runtime.feature import Feature

_SUBJECTS: Final[WeakKeyDictionary[Feature[Any], Subject]] = WeakKeyDictionary()


def subject_of(feature: Feature[Any]) -> Subject:
    """Return the subject of *feature*, today; the same for the same feature, whose inputs are then found once."""
    if feature not in _SUBJECTS:
        _SUBJECTS[feature] = Subject(feature, today=HOST.clock.today())
    return _SUBJECTS[feature]


@st.composite
def attacked_inputs(draw: DrawFn, subject: Subject) -> Json:
    """Return valid inputs with an attack in every text that has no pattern, cut to its cap."""
    known = known_inputs(subject)
    if not known.bases:
        raise NoInputKnown(f"no valid input of {subject.name} is known: add an example to the spec")
    number = draw(st.integers(0, len(known.bases) - 1))
    given: Json = known.bases[number]
    texts = attack_texts(subject.literals)
    for slot in known.slots[number]:
        if isinstance(slot.type, Text) and slot.type.pattern is None:
            attack = draw(texts)
            made = fitted(Dish(attack.text, attack.techniques, None), slot.type)
            try:
                after = put(given, slot.place, made.value)
            except (LookupError, TypeError):  # a record that is left out
                continue
            if known.accepts(subject, after, slot):
                given = after
    return given


def reply_texts(subject: Subject) -> SearchStrategy[str]:
    """Return texts that honest and lying models answer with, to an input that is valid; "" where they say nothing."""
    known = known_inputs(subject)
    if not known.bases:
        raise NoInputKnown(f"no valid input of {subject.name} is known: add an example to the spec")
    request = _request(subject, known.smallest)

    def said(lie: Lie) -> str:
        return answer(lie, request, 0).text or ""

    return lies(subject, known.smallest).map(said)


def _request(subject: Subject, given: Json) -> Request:
    """Return the request that *given* would make, for liars that repeat what they were told."""
    stage = Stage(subject)
    try:
        rendered = stage.render(Case(given=given))
    finally:
        stage.close()
    messages = rendered.messages if isinstance(rendered, Rendered) else ()
    body = json.dumps({"messages": [{"role": each.role, "content": each.content} for each in messages]})
    return Request(url="https://model.example/v1/chat/completions", headers={}, body=body.encode())
