"""The second phase: every value at the edge of what is declared, one at a time, the same in every run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from promptspec.contract.moderation import WordModerator
from promptspec.contract.types import Text
from promptspec.fuzz.at_conditions import at_conditions, two_wrongs
from promptspec.fuzz.cases import VALID, Case, Claim, Lie
from promptspec.fuzz.edge import Edge
from promptspec.fuzz.edge_texts import code_point_edges
from promptspec.fuzz.edges import edges, object_edges
from promptspec.fuzz.known_inputs import known_inputs
from promptspec.fuzz.lies.accepted import accepted, an_honest_reply
from promptspec.fuzz.lies.contrary import values_at_conditions
from promptspec.fuzz.lies.findings import finding_names
from promptspec.fuzz.lies.sites import sites
from promptspec.fuzz.lies.verdicts import verdict_names
from promptspec.fuzz.places import at, put
from promptspec.fuzz.tags import tag_cases

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Json
    from promptspec.fuzz.known_inputs import KnownInputs
    from promptspec.fuzz.places import Slot
    from promptspec.fuzz.subjects import Subject

#: What is no object, in place of the whole input.
_NO_INPUTS: Final[tuple[Json, ...]] = (None, list[object](), "text", 0, True)
#: Replies that are tried first, and searches for another one that may end without any.
_MOST_REPLIES: Final = 12
_MOST_VAIN: Final = 4


def boundaries(subject: Subject) -> Iterator[Case]:
    """Yield the boundary cases of *subject*, in the order of the spec; none where no valid input is known."""
    known = known_inputs(subject)
    if not known.bases:
        return
    number = _fullest(known)
    base = known.bases[number]
    maker = _Maker(subject, known)
    for given in known.bases:
        yield maker.case(given, "plain", VALID)
    yield from _verdicts(subject, known)
    yield from _findings(subject, known)
    yield from _blocked_words(subject, known)
    for edge in object_edges(subject.feature.input, base):
        yield maker.case(edge.value, edge.technique, _claim(edge, "input"))
    for given in _NO_INPUTS:
        yield maker.case(given, "wrong-type", Claim(valid=False, path="input", rules=("type",)))
    one_by_one = True
    for slot in _distinct(known.slots[number]):
        for edge in edges(subject, slot, at(base, slot.place)):
            yield from maker.at_edge(base, slot, edge)
        if isinstance(slot.type, Text) and slot.type.pattern is None:
            for edge in code_point_edges(slot.type, one_by_one=one_by_one):
                yield from maker.at_edge(base, slot, edge)
            one_by_one = False
    for given, claim in at_conditions(subject, known):
        yield maker.case(given, "at-a-condition", claim)
    for given, claim in two_wrongs(subject, known):
        yield maker.case(given, "two-wrongs", claim)
    yield from tag_cases(subject)
    yield from _at_conditions_on_replies(subject, known)


def _verdicts(subject: Subject, known: KnownInputs) -> Iterator[Case]:
    """Yield each known input with an honest reply and everything that a judge may say of it."""
    if not subject.judged_rules:
        return
    for given in known.bases:
        reply = an_honest_reply(subject, given)
        for seed, verdict in enumerate(verdict_names(len(subject.judged_rules)) if reply is not None else ()):
            lie = Lie(reply=reply)
            yield Case(
                given=given,
                claim=VALID,
                lie=lie,
                caller=known.caller,
                seed=seed,
                phase="boundaries",
                techniques=("verdict",),
                verdict=verdict,
            )


def _findings(subject: Subject, known: KnownInputs) -> Iterator[Case]:
    """Yield each known input with an honest reply and everything that moderators may say of the two."""
    names = finding_names(subject.feature.moderations)
    for given in known.bases if names else ():
        reply = an_honest_reply(subject, given)
        for seed, finding in enumerate(names if reply is not None else ()):
            yield Case(
                given=given,
                claim=VALID,
                lie=Lie(reply=reply),
                caller=known.caller,
                seed=seed,
                phase="boundaries",
                techniques=("finding",),
                finding=finding,
            )


def _blocked_words(subject: Subject, known: KnownInputs) -> Iterator[Case]:
    """Yield inputs and replies with a text that a list of words blocks: its first phrase, and its last."""
    for each in subject.feature.moderations:
        if not isinstance(each.by, WordModerator):
            continue
        phrases = dict.fromkeys((each.by.phrases[0], each.by.phrases[-1]))
        base = known.bases[_fullest(known)]
        reply = an_honest_reply(subject, base)
        for phrase in phrases:
            text = f"so {phrase.replace('*', '')}."
            for slot in _distinct(known.slots[_fullest(known)]):
                if each.input and isinstance(slot.type, Text):
                    given = put(base, slot.place, text)
                    yield Case(given=given, lie=Lie(reply=reply), caller=known.caller, phase="boundaries")
            for site in sites(subject, base, reply) if each.output and reply is not None else ():
                if isinstance(site.type, Text):
                    told = json.dumps(text)
                    lie = Lie(liar="contrary", form="at-a-condition", reply=reply, place=site.place, text=told)
                    yield Case(given=base, claim=VALID, lie=lie, caller=known.caller, phase="boundaries")


def _at_conditions_on_replies(subject: Subject, known: KnownInputs) -> Iterator[Case]:
    """Yield each known input with replies on both sides of where a condition on them changes its mind."""
    if not subject.feature.ensures and subject.feature.review is None:
        return
    for given in known.bases:
        reply = an_honest_reply(subject, given)
        for site in sites(subject, given, reply) if reply is not None else ():
            for text in values_at_conditions(site):
                lie = Lie(liar="contrary", form="at-a-condition", reply=reply, place=site.place, text=text)
                yield Case(given=given, claim=VALID, lie=lie, caller=known.caller, phase="boundaries")


def _fullest(known: KnownInputs) -> int:
    """Return the number of the known input with the most slots; of equal ones the first."""
    counts = [len(places) for places in known.slots]
    return counts.index(max(counts))


def _distinct(slots: tuple[Slot, ...]) -> Iterator[Slot]:
    """Yield *slots* without the later items of lists, which are judged as the first one is."""
    for slot in slots:
        if all(step == 0 for step in slot.place if isinstance(step, int)):
            yield slot


def _claim(edge: Edge, path: str) -> Claim | None:
    if edge.rules is None:
        return None
    return Claim(valid=False, path=path + edge.suffix, rules=edge.rules) if edge.rules else VALID


class _Maker:
    """Makes cases, with an honest reply to each."""

    def __init__(self, subject: Subject, known: KnownInputs) -> None:
        self._subject = subject
        self._known = known
        self._replies = [reply for base in known.bases if (reply := an_honest_reply(subject, base)) is not None]
        self._vain = 0

    def at_edge(self, base: Json, slot: Slot, edge: Edge) -> Iterator[Case]:
        """Yield *base* with *edge* in *slot*, and claim what is known of it."""
        given = put(base, slot.place, edge.value)
        path = slot.path
        claim = _claim(edge, path)
        if not edge.rules:
            claim = self._asked(given, slot, valid=edge.rules == ())
        yield self.case(given, edge.technique, claim)

    def _asked(self, given: Json, slot: Slot, *, valid: bool) -> Claim | None:
        """Return what the reference says of *given*; where it does not know, the maker's word where that is enough."""
        found = self._known.verdict(self._subject, given)
        if found is None:
            return VALID if valid and not (self._known.conditional and slot.place[0] in self._known.watched) else None
        if not found:
            return VALID
        path = found[0][0]
        return Claim(valid=False, path=path, rules=tuple(dict.fromkeys(rule for at, rule in found if at == path)))

    def case(self, given: Json, technique: str, claim: Claim | None) -> Case:
        """Return the case of *given*."""
        return Case(
            given=given,
            claim=claim,
            lie=Lie(reply=self._reply(given) if claim is None or claim.valid else self._first_reply),
            caller=self._known.caller,
            phase="boundaries",
            techniques=(technique,),
        )

    @property
    def _first_reply(self) -> Json:
        return self._replies[0] if self._replies else None

    def _reply(self, given: Json) -> Json:
        """Return a reply that is right for *given* too, where one is known or soon found; else one that is not."""
        for place, reply in enumerate(self._replies):
            if accepted(self._subject, given, reply):
                self._replies.insert(0, self._replies.pop(place))
                return reply
        if self._vain < _MOST_VAIN:
            reply = an_honest_reply(self._subject, given)
            if reply is not None:
                self._replies = [reply, *self._replies[: _MOST_REPLIES - 1]]
                return reply
            self._vain += 1
        return self._first_reply
