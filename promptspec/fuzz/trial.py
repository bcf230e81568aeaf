"""One case put to one feature: everything that laws look at, worked out at most once, when first looked at."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from promptspec.errors import PromptspecError
from promptspec.fuzz.reference import Found, OutOfFragment, judge_input, judge_reply

if TYPE_CHECKING:
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
                today=self.case.today or subject.today,
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
                today=self.case.today or subject.today,
                caller=self.case.caller,
            )
        except (OutOfFragment, ValueError):
            return None

    @cached_property
    def rendered(self) -> Rendered | PromptspecError:
        """The messages that the input makes, or the refusal."""
        return self._stage.render(self.case)
