"""Valid inputs as a Hypothesis strategy: a known one, in which a few values are changed for others that are valid.

Nothing is filtered away: a change after which a condition would not hold is left out, inside of the draw.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never, cast

from hypothesis import strategies as st

from promptspec.contract.json_text import json_text
from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Field,
    Group,
    Image,
    Integer,
    JsonSchema,
    ListOf,
    Number,
    OneOfItems,
    OneOfShortlist,
    OneOfSource,
    Text,
    Turns,
    Type,
    Url,
    Words,
)
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.pictures import images_for
from promptspec.fuzz.places import LEFT_OUT, put
from promptspec.fuzz.plain_values import ADDRESSES, MOMENTS, days, plain_value, several, steps, urls
from promptspec.fuzz.recipes import alphabet, cook
from promptspec.fuzz.texts import Made, fitted, hostile_texts, valid_texts

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.known_inputs import KnownInputs
    from promptspec.fuzz.places import Slot
    from promptspec.fuzz.subjects import Subject

    #: Gives the texts of a type: valid ones, or any.
    Texts: TypeAlias = Callable[[Text, tuple[str, ...]], SearchStrategy[Made]]

#: Changes made to a known input.
_MOST_CHANGES: Final = 4
#: Values from which the items of lists are taken.
_POOL: Final = 24
#: Lists of up to so many items are drawn at every length.
_SHORT: Final = 40
_MORE_ITEMS: Final = 6
_FIRST_LETTER: Final = 0x4E00
#: Bytes of a rendered input are at most so many for each of its JSON text.
_RENDERED: Final = 2


class NoInputKnown(Exception):
    """No valid input of a subject could be found, so none can be drawn."""


def valid_inputs(subject: Subject) -> SearchStrategy[dict[str, Json]]:
    """Return inputs that the declared types and conditions accept, from `known_inputs(subject).caller`.

    The smallest is the smallest that is known. Raises NoInputKnown where none is.
    """
    return made_inputs(subject).map(lambda made: cast("dict[str, Json]", made.value))


def made_inputs(subject: Subject) -> SearchStrategy[Made]:
    """Return valid inputs with the names of the attacks that are in them."""
    return _changed(subject, valid_texts, claimed=True)


def hostile_inputs(subject: Subject) -> SearchStrategy[Made]:
    """Return inputs of the declared shape whose texts are as they come, so that nothing is claimed of them."""
    return _changed(subject, hostile_texts, claimed=False)


@st.composite
def _changed(draw: DrawFn, subject: Subject, texts: Texts, claimed: bool) -> Made:
    known = known_inputs(subject)
    if not known.bases:
        raise NoInputKnown(f"no valid input of {subject.name} is known: add an example to the spec")
    number = draw(_numbers(len(known.bases)))
    given: Json = known.bases[number]
    places = known.slots[number]
    techniques: list[str] = []
    for letter in draw(_letters(len(places), 1, min(_MOST_CHANGES, len(places)))):
        slot = places[ord(letter) - _FIRST_LETTER]
        made = draw(_slot_values(subject, slot.type, slot.field, texts))
        after = _placed(subject, known, given, slot, made.value, claimed=claimed)
        if after is not None:
            given = after
            techniques += made.techniques
    return Made(given, tuple(techniques))


def _placed(
    subject: Subject, known: KnownInputs, given: Json, slot: Slot, value: Json, *, claimed: bool
) -> Json | None:
    """Return *given* with *value* in *slot*, other keys chosen anew where a condition asks it; None if in vain."""
    try:
        after = put(given, slot.place, value)
    except (LookupError, TypeError):
        return None
    if not claimed:
        return after
    if not known.accepts(subject, after, slot):
        if not known.wheres:
            return None
        after = known.repaired(subject, cast("dict[str, Json]", after))
    return after if after is not None and _fits(subject, after) else None


def _fits(subject: Subject, given: Json) -> bool:
    most = subject.feature.limits.prompt_tokens
    if most is None:
        return True
    return len(json_text(given).encode("utf-8", "surrogatepass")) * _RENDERED + subject.feature.smallest_prompt <= most


# Values


@lru_cache(maxsize=32)
def _numbers(count: int) -> SearchStrategy[int]:
    return st.integers(0, count - 1)


@lru_cache(maxsize=256)
def _letters(count: int, least: int, most: int) -> SearchStrategy[str]:
    """Return strings over the first *count* letters of an alphabet: a list of numbers that is drawn in one go."""
    last = _FIRST_LETTER + count - 1
    return st.text(st.characters(min_codepoint=_FIRST_LETTER, max_codepoint=last), min_size=least, max_size=most)


@lru_cache(maxsize=1_024)
def _slot_values(subject: Subject, type: Type, field: Field | None, texts: Texts) -> SearchStrategy[Made]:
    values = _values(subject, type, texts)
    if field is None or not (field.optional or field.has_default):
        return values
    gone = (Made(LEFT_OUT), Made(None)) if field.optional else (Made(LEFT_OUT),)
    return st.sampled_from(gone) | values


def _values(subject: Subject, type: Type, texts: Texts) -> SearchStrategy[Made]:
    match type:
        case Text():
            return texts(type, subject.literals)
        case Words() | Choice() | Boolean() | OneOfSource() | DateTime() | Email() | Url() | Image():
            return st.sampled_from([Made(value) for value in _options(subject, type)])
        case Integer():
            return st.integers(type.least, type.most).map(Made)
        case Number():
            places = type.places
            return st.integers(*steps(type)).map(lambda n: Made(Decimal(n).scaleb(-places)))
        case Date():
            first, last = days(type, subject.today)
            return st.integers(first.toordinal(), last.toordinal()).map(_day)
        case ListOf():
            return _lists(subject, type, texts)
        case Turns():
            return _turns(subject, type)
        case Group() | JsonSchema():
            return st.sampled_from([Made(value) for value in several(subject, type, _POOL)])
        case OneOfItems() | OneOfShortlist():
            raise TypeError("an entry of a list stands in outputs only")
        case _:
            assert_never(type)


def _options(
    subject: Subject, type: Words | Choice | Boolean | OneOfSource | DateTime | Email | Url | Image
) -> tuple[Json, ...]:
    match type:
        case Words():
            return type.words
        case Choice():
            return tuple(member.name for member in subject.enum(type).members)
        case Boolean():
            return (False, True)
        case OneOfSource():
            return subject.keys(type) or ("",)
        case DateTime():
            return MOMENTS
        case Email():
            return ADDRESSES
        case Url():
            return urls(type)
        case Image():
            return images_for(type)


def _day(ordinal: int) -> Made:
    return Made(date.fromordinal(ordinal).isoformat())


def _lists(subject: Subject, type: ListOf, texts: Texts) -> SearchStrategy[Made]:
    pool = _pool(subject, type.item)
    longest = type.most if type.most <= _SHORT else type.least + _MORE_ITEMS

    def listed(letters: str) -> Made:
        chosen = [ord(letter) - _FIRST_LETTER for letter in letters]
        if type.unique and len(set(chosen)) < type.least:
            chosen = list(dict.fromkeys((*chosen, *range(len(pool)))))[: type.least]
        techniques = tuple(name for number in chosen for name in pool[number].techniques)
        return Made([pool[number].value for number in chosen], techniques)

    return _letters(len(pool), type.least, max(longest, type.least)).map(listed)


def _turns(subject: Subject, type: Turns) -> SearchStrategy[Made]:
    pool = _pool(subject, type.item)
    longest = type.most if type.most <= _SHORT else type.least + _MORE_ITEMS

    def said(letters: str) -> Made:
        chosen = [ord(letter) - _FIRST_LETTER for letter in letters]
        turns = [{"role": ("user", "assistant")[n % 2], "text": pool[n // 2].value} for n in chosen]
        return Made(turns, tuple(name for n in chosen for name in pool[n // 2].techniques))

    return _letters(2 * len(pool), type.least, max(longest, type.least)).map(said)


@lru_cache(maxsize=256)
def _pool(subject: Subject, type: Type) -> tuple[Made, ...]:
    """Return values of *type* to make lists of, all different: plain ones first, and of texts hostile ones too."""
    found = [Made(value) for value in several(subject, type, _POOL)]
    if isinstance(type, Text) and type.pattern is None:
        ingredients = alphabet(subject.literals)
        step = max(len(ingredients) // _POOL, 1)
        for place in range(0, len(ingredients), step):
            made = fitted(cook(chr(_FIRST_LETTER + place), ingredients), type)
            if all(made.value != known.value for known in found):
                found.append(made)
    return tuple(found) or (Made(plain_value(subject, type, 0)),)
