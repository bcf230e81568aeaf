"""Lies as a Hypothesis strategy: a liar, one of its forms, a place, and what is told there."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from promptspec.fuzz.attacks.strategy import attack_texts
from promptspec.fuzz.cases import Lie
from promptspec.fuzz.lies.accepted import an_honest_reply
from promptspec.fuzz.lies.boundaries import reply_boundaries as reply_boundaries
from promptspec.fuzz.lies.boundaries import sites_for
from promptspec.fuzz.lies.boundaries import wire_cases as wire_cases
from promptspec.fuzz.lies.honest import honest_replies
from promptspec.fuzz.lies.registry import LIARS
from promptspec.fuzz.lies.sites import Site, sites

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from promptspec.fuzz.attacks.strategy import Attack
    from promptspec.fuzz.cases import Json, Place
    from promptspec.fuzz.lies.telling import Form
    from promptspec.fuzz.subjects import Subject

#: Liars that care for what the honest reply says; the others start from a known one, which costs less.
_CAREFUL: Final = ("honest", "truncated", "random", "contrary")
_LIARS: Final = st.sampled_from(tuple(LIARS))
_FORMS: Final = {liar: st.sampled_from(forms) for liar, forms in LIARS.items()}
#: Whether the reply is drawn; 0 is the known one. Without this a lie would be smaller than an honest reply.
_DRAWN: Final = st.integers(0, 3)
#: Chooses a place and, above it, a text; 0 is the first of both.
_PLACES: Final = st.integers(0, 0xFF)
_TEXTS: Final = st.integers(0, 0xFFFF)


def lies(subject: Subject, given: Json) -> SearchStrategy[Lie]:
    """Return lies told in answer to *given*. The smallest is the first honest reply that is known."""
    return _lies(subject, given)


@st.composite
def _lies(draw: DrawFn, subject: Subject, given: Json) -> Lie:
    liar = draw(_LIARS)
    form = draw(_FORMS[liar])
    known = an_honest_reply(subject, given)
    if known is None or (liar in _CAREFUL and draw(_DRAWN)):
        reply = draw(honest_replies(subject, given))
    else:
        reply = known
    if liar == "honest":
        return Lie(reply=reply)
    places = sites_for(form, sites(subject, given, reply))
    chosen = draw(_PLACES) if len(places) > 1 else 0
    if form.hostile:
        place = places[chosen % len(places)].place if places else ()
        text = draw(_attacks(subject)).text
    else:
        place, text = _told(form, places, chosen, draw(_TEXTS))
    return Lie(liar=liar, form=form.name, reply=reply, place=place, text=text)


def _told(form: Form, places: tuple[Site, ...], place: int, text: int) -> tuple[Place, str]:
    """Return the place and the text that the numbers choose, among places where there is something to tell."""
    for step in range(len(places)):
        site = places[(place + step) % len(places)]
        if form.more is not None:
            return site.place, form.more(site, text)
        texts = tuple(form.texts(site))
        if texts:
            return site.place, texts[text % len(texts)]
    return (), ""


@lru_cache(maxsize=64)
def _attacks(subject: Subject) -> SearchStrategy[Attack]:
    return attack_texts(subject.literals)
