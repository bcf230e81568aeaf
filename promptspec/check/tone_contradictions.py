"""Which rules of tone cannot hold together for one text."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from promptspec.check.desk import Desk
from promptspec.check.tone_judging import judge_of_phrases
from promptspec.check.tone_rules import ReadMention, ReadPerson, ReadRule
from promptspec.contract.tone import ToneMeasure, ToneTopic
from promptspec.diagnostics import Label
from promptspec.text import Span

#: What texts a rule about persons leaves: whether they hold pronouns of the first, and of the second person.
_PERSONS: Final = {
    "first": frozenset({(True, False), (True, True)}),
    "second": frozenset({(False, True), (True, True)}),
    "third": frozenset({(False, False)}),
}
_ALL_PERSONS: Final = frozenset((first, second) for first in (False, True) for second in (False, True))


@dataclass(slots=True, kw_only=True)
class Contradictions:
    """Reports each pair of rules once, however many texts they are about."""

    desk: Desk
    _said: set[tuple[str, Span, Span]] = field(default_factory=set[tuple[str, Span, Span]])

    def check(self, rules: list[ReadRule], languages: tuple[str, ...]) -> None:
        """Report which of *rules*, all of them about one text in these *languages*, cannot hold together."""
        self._ranges(rules)
        self._persons(rules)
        self._topics(rules)
        for rule in rules:
            if not isinstance(rule.kind, ReadMention) or not rule.kind.phrase:
                continue
            for other in rules:
                judge = judge_of_phrases(other, languages)
                if judge is not None and not judge(rule.kind.phrase):
                    self.say(
                        "PS705",
                        rule.span,
                        other.span,
                        f"what must be mentioned here breaks `{other.name}`",
                        other="that rule is here",
                    )

    def _ranges(self, rules: list[ReadRule]) -> None:
        bounds: dict[str, tuple[ToneMeasure, Span]] = {}
        for rule in rules:
            if not isinstance(rule.kind, ToneMeasure):
                continue
            kind = rule.kind
            if rule.name in bounds:
                before, span = bounds[rule.name]
                least = max((x for x in (before.least, kind.least) if x is not None), default=None)
                most = min((x for x in (before.most, kind.most) if x is not None), default=None)
                if least is not None and most is not None and least > most:
                    self.say("PS705", rule.span, span, f"no `{rule.name}` is in both ranges")
                    continue
                kind = replace(kind, least=least, most=most)
            bounds[rule.name] = (kind, rule.span)

    def _persons(self, rules: list[ReadRule]) -> None:
        left, first = _ALL_PERSONS, None
        for rule in rules:
            if isinstance(rule.kind, ReadPerson):
                asked = _PERSONS[rule.kind.person]
                left &= _ALL_PERSONS - asked if rule.kind.negated else asked
                if not left and first is not None:
                    self.say("PS705", rule.span, first, "no text is in these persons at once")
                    return
                first = first or rule.span

    def _topics(self, rules: list[ReadRule]) -> None:
        topics = [rule for rule in rules if isinstance(rule.kind, ToneTopic)]
        for rule in topics[1:]:
            message = "a text is about one topic and nothing else, and here is another"
            self.say("PS705", rule.span, topics[0].span, message, help="write both in one `topic`")

    def say(
        self,
        code: str,
        span: Span,
        other_span: Span,
        message: str,
        *,
        other: str = "the other rule is here",
        help: str = "",
    ) -> None:
        """Report that what stands at *span* and at *other_span* is contrary, once, however many texts it is about."""
        if (code, span, other_span) not in self._said:
            self._said.add((code, span, other_span))
            labels = [Label(span=other_span, message=other)] if other_span != span else []
            self.desk.add(code, span, message, labels=labels, help=help or "take one of them out")
