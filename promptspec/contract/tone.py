"""What a checked rule of tone is."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, TypeAlias

from promptspec.contract.expressions import Expression
from promptspec.contract.types import Origin, Pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneMeasure:
    """`emoji ..1`, `sentiment -0.2..1.0`: what *name* measures of a text is within the bounds; None is no bound."""

    name: Literal[
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
    least: Decimal | None
    most: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneLanguage:
    """`language "en", "de"`: one of *languages*; with *chosen*, `language to`, the one that the input names."""

    languages: tuple[str, ...]
    chosen: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TonePerson:
    """`person not first`, judged by the pronouns of *languages*."""

    person: Literal["first", "second", "third"]
    negated: bool
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneAvoid:
    """`avoid "synergy", /as an AI/i`: none of them stands in a text."""

    phrases: tuple[str, ...] = ()
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneMention:
    """`mention "refund policy"`: *phrase* stands in one of the texts; with *value* the text of the input does."""

    phrase: str = ""
    value: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneProfanity:
    """`profanity none`: nothing of the lists of *languages* stands in a text."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneVoice:
    """`voice "warm, plain"`: told to the model; with a *threshold* a model judges it too, else nothing (persuasion)."""

    text: str
    threshold: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneTopic:
    """`topic "our film catalogue"`: told to the model; with a *threshold* a model judges it too, else nothing."""

    text: str
    threshold: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneJudge:
    """`judge "polite to an upset reader" 0.8`: a model finds it at least as likely as the *threshold*."""

    text: str
    threshold: Decimal


Fuzzy: TypeAlias = ToneVoice | ToneTopic | ToneJudge
ToneKind: TypeAlias = ToneMeasure | ToneLanguage | TonePerson | ToneAvoid | ToneMention | ToneProfanity | Fuzzy


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneRule:
    """A rule and the texts of the output that it is about. *id* is its name in violations, *message* what they say.

    *texts* are paths of fields, with `[]` for the items of a list; the answer of an output that is one type is
    `answer`. Each text is judged by itself, but for `mention`, which one of them meets.
    """

    id: str
    kind: ToneKind
    texts: tuple[tuple[str, ...], ...]
    message: str
    origin: Origin

    @property
    def is_told_only(self) -> bool:
        """Say whether nothing checks the rule."""
        return isinstance(self.kind, ToneVoice | ToneTopic) and self.kind.threshold is None

    @property
    def is_judged(self) -> bool:
        """Say whether a model judges the rule, after everything that can be counted."""
        return isinstance(self.kind, Fuzzy) and not self.is_told_only
