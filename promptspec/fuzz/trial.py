"""One case put to one feature: everything that laws look at, worked out at most once, when first looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from promptspec.errors import PromptspecError
from promptspec.fuzz.cases import Json
from promptspec.fuzz.fences import taken_apart
from promptspec.fuzz.reference import Found, OutOfFragment, judge_input, judge_reply
from promptspec.fuzz.reference_prompt import Said, expected_messages
from promptspec.fuzz.settling import NOTHING, read_strictly, settle, strings_in, texts_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from promptspec.contract.types import Text
    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.observations import Observation
    from promptspec.fuzz.stage import Stage
    from promptspec.fuzz.subjects import Subject
    from promptspec.runtime.drafts import Rendered


class LawFell(Exception):
    """A law does not hold for a case; *sentence* says what was seen instead."""

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class Trial:
    """One case and what comes of it. Laws share it, so that a case is run once however many laws judge it."""

    def __init__(self, stage: Stage, case: Case) -> None:
        self.subject: Subject = stage.subject
        self.case = case
        self._stage = stage

    def again(self, case: Case) -> Trial:
        """Return the trial of another case on the same stage, for laws that compare two calls."""
        return Trial(self._stage, case)

    @cached_property
    def observation(self) -> Observation:
        """What came of the call, asked of the liar of the case over the wire."""
        return self._stage.observe(self.case)

    @cached_property
    def expected(self) -> Found | None:
        """What the reference finds broken in the input, [] where it accepts it, None where it does not know."""
        subject = self.subject
        try:
            return judge_input(
                subject.module,
                subject.feature,
                self.case.given,
                rows=subject.rows,
                today=self.today,
                caller=self.case.caller,
            )
        except OutOfFragment:
            return None

    def expected_of(self, reply: object) -> Found | None:
        """What the reference finds broken in *reply*, a value of the wire; None where it does not know."""
        subject = self.subject
        try:
            return judge_reply(
                subject.module,
                subject.feature,
                self.case.given,
                reply,
                rows=subject.rows,
                today=self.today,
                caller=self.case.caller,
            )
        except (OutOfFragment, ValueError):
            return None

    @cached_property
    def settled(self) -> Mapping[str, object] | None:
        """The input as prompts and conditions see it, rows as their cells; None where it is refused."""
        return settle(self.subject, self.case.given, self.today)

    @cached_property
    def said(self) -> tuple[Said, ...] | None:
        """The messages that must be sent for the input, without those of examples; None where it is refused."""
        if self.settled is None:
            return None
        return expected_messages(self.subject, self.settled, caller=self.case.caller, today=self.today)

    @cached_property
    def replied(self) -> Json:
        """The value of the wire in the model's last answer, read strictly; NOTHING where there is none."""
        answers = self.observation.answers
        return read_strictly(answers[-1]) if answers else NOTHING

    @cached_property
    def texts(self) -> tuple[tuple[str, Text, str], ...]:
        """The (path, type, cleaned text) of every text of the input; () where it is refused."""
        return () if self.settled is None else tuple(texts_in(self.subject, self.subject.feature.input, self.settled))

    @cached_property
    def tags(self) -> tuple[str, ...]:
        """The live tags of all requests of the call."""
        said = self.said or ()
        return tuple(
            tag
            for request in self.observation.requests
            for _, content in request.messages[-len(said) :]
            if (tag := taken_apart(content)[0])
        )

    @cached_property
    def foreign_texts(self) -> tuple[str, ...]:
        """Texts of the input and the reply that would be known again: long, and not words of the spec itself."""
        lines = [*strings_in(self.case.given), *self.observation.answers, *strings_in(self.replied)]
        own = "\n".join(self.subject.literals)
        pieces = (line.strip()[:64] for text in lines for line in text.splitlines()[:4])
        return tuple(dict.fromkeys(piece for piece in pieces if len(piece) >= 12 and piece not in own))

    @property
    def today(self) -> date:
        """The day of the call."""
        return self.case.today or self.subject.today

    @cached_property
    def rendered(self) -> Rendered | PromptspecError:
        """The messages that the input makes, or the refusal."""
        return self._stage.render(self.case)
