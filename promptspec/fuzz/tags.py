"""Inputs that hold the tag which their own call will draw first: only a tag that is checked against them still fences.

Where words are marked, other inputs hold the mark of their call.

The chance of a case follows from its seed, so the tag is known before the call is made. A forger would have to guess
96 bits; here nobody has to.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from promptspec.contract.types import Text
from promptspec.fuzz.cases import VALID, Case, Lie
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.lies.accepted import an_honest_reply
from promptspec.fuzz.places import put, slots

if TYPE_CHECKING:
    from promptspec.fuzz.places import Slot
    from promptspec.fuzz.subjects import Subject

#: Digits of a live tag.
_DIGITS: Final = 24
_MARK_DIGITS: Final = 8
#: Seeds are those of no other case, so that a failure can be told from others.
_FIRST_SEED: Final = 7_001


def first_tag(seed: int) -> str:
    """Return the tag that a call on a stage draws first for a case with *seed*."""
    return sha256(f"{seed}:1".encode()).hexdigest()[:_DIGITS]


def first_mark(seed: int) -> str:
    """Return the digits of the mark that such a call draws first, where it keeps its first tag."""
    return sha256(f"{seed}:2".encode()).hexdigest()[:_MARK_DIGITS]


def tag_cases(subject: Subject) -> Iterator[Case]:
    """Yield, for each text of the fullest known input, the tag of the call itself in it: alone, in a mark, in capitals.

    Where words are marked, so with the mark. Such an input is as valid as any other; the call must draw again.
    """
    known = known_inputs(subject)
    if not known.bases:
        return
    base = max(known.bases, key=lambda given: len(slots(subject, given)))
    reply = an_honest_reply(subject, base)
    seed = _FIRST_SEED
    forms = [(first_tag, form) for form in ("{}", "[[/x {}]]", "{} ")]
    if subject.feature.fence == "datamark":
        forms += [(first_mark, form) for form in ("a ^{}b", "{}", "{} ")]
    for slot in slots(subject, base):
        for drawn, form in forms:
            tag = drawn(seed)
            text = form.format(tag.upper() if form.endswith(" ") else tag)
            if not _takes(slot, text):
                continue
            given = put(base, slot.place, text)
            if known.accepts(subject, given, slot):
                yield Case(
                    given=given,
                    claim=VALID,
                    lie=Lie(reply=reply),
                    caller=known.caller,
                    seed=seed,
                    phase="boundaries",
                    techniques=("own-tag",),
                )
                seed += 1


def _takes(slot: Slot, text: str) -> bool:
    """Say whether *text* surely is a text of the slot's type."""
    type = slot.type
    if not isinstance(type, Text) or type.pattern is not None:
        return False
    cap = type.cap
    if cap.unit in ("words", "tokens"):
        return False
    return cap.least <= len(text) <= cap.most
