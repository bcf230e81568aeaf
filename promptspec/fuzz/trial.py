"""One case put to one feature: everything that laws look at, worked out at most once, when first looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from promptspec.errors import PromptspecError
from promptspec.fuzz.cases import Json
from promptspec.fuzz.fences import mark_of, taken_apart
from promptspec.fuzz.lies.conditions import broken_conditions
from promptspec.fuzz.lies.wire import SERVER_TEXT
from promptspec.fuzz.reference import Found, OutOfFragment, dropped_items, judge_input, judge_reply, seen_input
from promptspec.fuzz.reference_expressions import Names
from promptspec.fuzz.reference_prompt import Said, expected_messages
from promptspec.fuzz.settling import firmly_settled, settle, strings_in, texts_in, without
from promptspec.live.strict_json import NOTHING, read_strictly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import date, datetime

    from promptspec.contract.types import Text
    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.observations import Observation, Streamed
    from promptspec.fuzz.stage import Stage
    from promptspec.fuzz.subjects import Subject
    from promptspec.runtime.drafts import Rendered
    from promptspec.safety.callers import Anyone
    from promptspec.safety.counters import Counters


#: Tags and marks that are remembered, to look whether a call carries those of another.
_MOST_DRAWN: Final = 4_000


class LawFell(Exception):
    """A law does not hold for a case; *sentence* says what was seen instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Input:
    """The input of a case, as the reference sees it. Cases that share an input share this."""

    def __init__(self, subject: Subject, case: Case) -> None:
        self.subject = subject
        self.given = case.given
        self.caller = case.caller
        self.today: date = case.today or subject.today

    def is_of(self, case: Case) -> bool:
        """Say whether *case* has this very input."""
        today = case.today or self.subject.today
        return case.given is self.given and case.caller == self.caller and today == self.today

    @cached_property
    def expected(self) -> Found | None:
        """What the reference finds broken in the input, [] where it accepts it, None where it does not know."""
        subject = self.subject
        try:
            return judge_input(
                subject.module,
                subject.feature,
                self.given,
                rows=subject.rows,
                today=self.today,
                caller=self.caller,
                finds=subject.finds(self.given),
            )
        except OutOfFragment:
            return None

    @cached_property
    def as_the_module_has_it(self) -> Mapping[str, object] | None:
        """The input as the module cleaned and read it, rows as their cells; None where it is refused."""
        return settle(self.subject, self.given, self.today)

    @cached_property
    def settled(self) -> Mapping[str, object] | None:
        """The input as prompts and conditions see it, rows as their cells; None where it is refused.

        The module's own word is taken only where the reference has none.
        """
        subject = self.subject
        settled = self.as_the_module_has_it
        if self.expected or settled is None:
            return None
        known = seen_input(subject.module, subject.feature, self.given, rows=subject.rows, today=self.today)
        return firmly_settled(subject, subject.feature.input, settled, known)

    @cached_property
    def said(self) -> tuple[Said, ...] | None:
        """The messages that must be sent for the input, without those of examples; None where it is refused."""
        if self.settled is None:
            return None
        shortlists = self.shortlists
        return expected_messages(self.subject, self.settled, shortlists, caller=self.caller, today=self.today)

    @cached_property
    def shortlists(self) -> Mapping[str, list[Mapping[str, object]]]:
        """The rows of each shortlist of the input by its name, the nearest first; {} where the input is refused.

        The module's own word is taken only where the reference has none.
        """
        if self.settled is None:
            return {}
        names = Names(input=self.settled, output={}, today=self.today, caller=self.caller)
        subject = self.subject
        return subject.finds(self.given)(subject.module, subject.feature, names, subject.rows)

    @cached_property
    def is_unasked(self) -> bool:
        """Whether there is nothing on offer and the reply says just that, so that no model may be asked."""
        if not self.subject.feature.shortlists or self.subject.unasked is None or self.settled is None:
            return False
        return not any(self.shortlists.values())

    @cached_property
    def texts(self) -> tuple[tuple[str, Text, str], ...]:
        """The (path, type, text) of every text of the input as the module cleaned it; () where it is refused."""
        settled = self.as_the_module_has_it
        return () if settled is None else tuple(texts_in(self.subject, self.subject.feature.input, settled))

    @cached_property
    def foreign_texts(self) -> tuple[str, ...]:
        """Texts of the input that would be known again: long, and not words of the spec itself."""
        return tuple(known_again(self.subject, strings_in(self.given)))


def known_again(subject: Subject, texts: Iterable[str]) -> Iterator[str]:
    """Yield the first lines of *texts* that are long enough to be known again, and no words of the spec itself."""
    for text in texts:
        for line in text[:1_000].splitlines()[:4]:
            piece = line.strip()[:64]
            if len(piece) >= 12 and piece not in subject.own_text:
                yield piece


class Trial:
    """One case and what comes of it. Laws share it, so that a case is run once however many laws judge it."""

    def __init__(self, stage: Stage, case: Case) -> None:
        self.subject: Subject = stage.subject
        self.case = case
        self.input = stage.input_of(case)
        self._stage = stage

    def again(self, case: Case) -> Trial:
        """Return the trial of another case on the same stage, for laws that compare two calls."""
        return Trial(self._stage, case)

    def was_drawn(self, *drawn: str) -> bool:
        """Say whether a call with another seed carried one of *drawn*, or none was noted yet."""
        known = self._stage.drawn
        return not known or any(known.get(each, self.case.seed) != self.case.seed for each in drawn if each)

    def note_drawn(self, *drawn: str) -> None:
        """Note that the call of this case carried *drawn*: tags, and marks between words."""
        known = self._stage.drawn
        if len(known) > _MOST_DRAWN:
            known.clear()
        known.update((each, self.case.seed) for each in drawn if each)

    @cached_property
    def observation(self) -> Observation:
        """What came of the call, asked of the liar of the case over the wire."""
        return self._stage.observe(self.case)

    @cached_property
    def streamed(self) -> Streamed:
        """What came of the call for a stream."""
        return self._stage.stream(self.case)

    def observe_as(
        self, caller: Anyone, *, counters: Counters | None = None, moment: datetime | None = None
    ) -> Observation:
        """Return what comes of the call where somebody else makes it, or counts it, or at another *moment*."""
        return self._stage.observe(self.case, caller, counters=counters, moment=moment)

    @cached_property
    def replied(self) -> Json:
        """The value of the wire in the model's last answer, read strictly; NOTHING where there is none."""
        if self.input.is_unasked:
            return self.subject.unasked
        answers = self.observation.answers
        return read_strictly(answers[-1]) if answers else NOTHING

    @cached_property
    def broken_by_reply(self) -> Found | None:
        """What the reference finds broken in the model's last answer; None where it does not know."""
        subject = self.subject
        try:
            return judge_reply(
                subject.module,
                subject.feature,
                self.case.given,
                self.replied,
                rows=subject.rows,
                today=self.input.today,
                caller=self.case.caller,
                finds=subject.finds(self.case.given),
            )
        except OutOfFragment:
            # Objects of a JSON Schema are beyond the reference; conditions on plain values are not.
            plain = all(text.isascii() for text in (*strings_in(self.case.given), *strings_in(self.replied)))
            sure = plain and not self.input.expected and self.input.today == subject.today
            return (broken_conditions(subject, self.case.given, self.replied, surely=True) or None) if sure else None
        except ValueError:
            return None

    @cached_property
    def kept(self) -> Json:
        """The value of the wire in the model's last answer without the items that the spec drops; NOTHING for none."""
        if self.replied is NOTHING:
            return NOTHING
        return without(self.replied, [path for path, _ in self.dropped or ()], bare=self.subject.feature.bare)

    @cached_property
    def dropped(self) -> Found | None:
        """What of the model's last answer must be dropped; where the reference does not know, what was."""
        known = self.known_drops
        reply = self.observation.reply
        return known if known is not None or reply is None else [(each.path, each.rule) for each in reply.dropped]

    @cached_property
    def known_drops(self) -> Found | None:
        """What the reference drops of the model's last answer; None where it does not know."""
        subject = self.subject
        if not any(rule.drop is not None for rule in subject.feature.ensures):
            return []
        try:
            return dropped_items(
                subject.module,
                subject.feature,
                self.case.given,
                self.replied,
                rows=subject.rows,
                today=self.input.today,
                caller=self.case.caller,
                finds=subject.finds(self.case.given),
            )
        except (OutOfFragment, ValueError):
            return None

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The live tags of all requests of the call, and the marks between words."""
        seen = self.observation
        live = sum(said.role != "system" for said in self.input.said or ())
        return tuple(
            tag
            for request, reply in zip(seen.requests, seen.sent_back, strict=True)
            for _, content in request.messages[len(request.messages) - live - (reply is not None) :]
            for tag in (taken_apart(content)[0], mark_of(content).removeprefix("^"))
            if tag
        )

    @cached_property
    def foreign_texts(self) -> tuple[str, ...]:
        """Texts of the input, of the reply and of servers that fail, which would be known again."""
        said = [*self.observation.answers, *strings_in(self.replied)]
        return (*self.input.foreign_texts, *known_again(self.subject, said), SERVER_TEXT)

    @cached_property
    def rendered(self) -> Rendered | PromptspecError:
        """The messages that the input makes, or the refusal."""
        return self._stage.render(self.case)
