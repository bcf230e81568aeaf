"""The rules of tone whose value is a number: what each measures, in which unit and range, in which languages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from promptspec.tone.counts import (
    count_emoji,
    count_exclamations,
    count_links,
    count_numbers,
    count_questions,
    share_of_capitals,
)
from promptspec.tone.grade import reading_grade
from promptspec.tone.sentences import longest_sentence
from promptspec.tone.sentiment import sentiment

MeasureName = Literal[
    "reading_grade",
    "sentence_words",
    "sentiment",
    "emoji",
    "exclamations",
    "capitals",
    "links",
    "numbers",
    "questions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One such rule. *one* and *many* name its unit; a range lies within *least* and *most*, in steps of *step*.

    *only* are the languages in which it is valid, None for all; *never* those in which it is not. A *counted* rule
    takes `none` for `..0`; a *percent* rule writes its bounds with `%`.
    """

    measure: Callable[[str], float]
    one: str
    many: str
    least: Decimal
    most: Decimal
    step: Decimal
    only: frozenset[str] | None = None
    never: frozenset[str] = frozenset()
    counted: bool = True
    percent: bool = False

    def is_valid_in(self, language: str) -> bool:
        """Say whether the rule means anything in *language*."""
        return language not in self.never and (self.only is None or language in self.only)


_ENGLISH: Final = frozenset({"en"})
#: Languages that write no blank between words.
_UNSPACED: Final = frozenset({"ja", "km", "lo", "my", "th", "zh"})


def _count(measure: Callable[[str], float], one: str, many: str, never: frozenset[str] = frozenset()) -> Measure:
    return Measure(
        measure=measure, one=one, many=many, least=Decimal(0), most=Decimal(10_000), step=Decimal(1), never=never
    )


MEASURES: Final[Mapping[MeasureName, Measure]] = {
    "reading_grade": Measure(
        measure=reading_grade,
        one="grade",
        many="grades",
        least=Decimal(0),
        most=Decimal(30),
        step=Decimal("0.01"),
        only=_ENGLISH,
        counted=False,
    ),
    "sentence_words": Measure(
        measure=longest_sentence,
        one="word",
        many="words",
        least=Decimal(1),
        most=Decimal(1_000),
        step=Decimal(1),
        never=_UNSPACED,
        counted=False,
    ),
    "sentiment": Measure(
        measure=sentiment,
        one="point",
        many="points",
        least=Decimal(-1),
        most=Decimal(1),
        step=Decimal("0.0001"),
        only=_ENGLISH,
        counted=False,
    ),
    "emoji": _count(count_emoji, "emoji", "emoji"),
    "exclamations": _count(count_exclamations, "exclamation mark", "exclamation marks"),
    "capitals": Measure(
        measure=share_of_capitals,
        one="percent of capital letters",
        many="percent of capital letters",
        least=Decimal(0),
        most=Decimal(100),
        step=Decimal("0.01"),
        percent=True,
    ),
    "links": _count(count_links, "link", "links"),
    "numbers": _count(count_numbers, "number", "numbers"),
    # Greek asks with a mark that is a semicolon once text is normalised.
    "questions": _count(count_questions, "question mark", "question marks", frozenset({"el"})),
}
