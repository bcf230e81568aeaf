"""Rules of tone as written to rules as read: their arguments, ranges, words and languages, before any feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias, cast

from promptspec.check.desk import Desk
from promptspec.check.word_lists import MOST_PHRASE, read_words
from promptspec.contract.tone import Fuzzy, ToneAvoid, ToneJudge, ToneMeasure, ToneTopic, ToneVoice
from promptspec.contract.types import Pattern
from promptspec.diagnostics import did_you_mean
from promptspec.syntax import tree
from promptspec.text import Span
from promptspec.tone.extras import missing_for
from promptspec.tone.languages import LANGUAGES
from promptspec.tone.measures import MEASURES, Measure, MeasureName
from promptspec.tone.person import Person
from promptspec.tone.phrases import BadPhrase, check_phrase
from promptspec.values.patterns import BadPattern, check_pattern

#: The largest list of words, in bytes, and the most entries.
MOST_LIST_BYTES: Final = 256 * 1024
MOST_ENTRIES: Final = 10_000
#: The most characters of what a model judges.
MOST_STATEMENT: Final = 1_000

_PERSONS: Final = ("first", "second", "third")
#: What only a model can judge, with an example of each.
_FUZZY: Final = {
    "voice": 'voice "warm, plain"',
    "topic": 'topic "our film catalogue"',
    "judge": 'judge "polite to an upset reader" 0.8',
}
_NAMES: Final = (*MEASURES, "voice", "language", "person", "avoid", "mention", "profanity", "topic", "judge")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLanguage:
    """`language "en"`, or with *chosen* `language to`."""

    languages: tuple[str, ...] = ()
    chosen: tree.NameExpr | tree.MemberExpr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPerson:
    """`person not first`."""

    person: Person
    negated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMention:
    """`mention "refund policy"`, or with *value* `mention film.title`."""

    phrase: str = ""
    value: tree.NameExpr | tree.MemberExpr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadProfanity:
    """`profanity none`."""


ReadKind: TypeAlias = ToneMeasure | ToneAvoid | Fuzzy | ReadLanguage | ReadPerson | ReadMention | ReadProfanity


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRule:
    """A rule that is sound by itself. `mention "a", "b"` is two of them."""

    name: str
    kind: ReadKind
    span: Span


def read_rules(desk: Desk, rules: tuple[tree.ToneRule, ...]) -> tuple[ReadRule, ...]:
    """Return the sound ones of *rules*; problems go to the report."""
    return tuple(read for rule in rules for read in _Reader(desk, rule).read())


class _Reader:
    def __init__(self, desk: Desk, rule: tree.ToneRule) -> None:
        self._desk = desk
        self._rule = rule
        self._name = rule.name.text

    def read(self) -> list[ReadRule]:
        name = self._name
        if name not in _NAMES:
            self._shape(f"there is no tone rule `{name}`", did_you_mean(name, _NAMES), self._rule.name.span)
            return []
        if self._rule.negated and name != "person":
            self._shape(f"`{name}` takes no `not`", "only `person` does")
            return []
        package = missing_for(name)
        if package is not None:
            self._desk.add(
                "PS709",
                self._rule.span,
                f"the tone rule `{name}` needs {package}, which is not installed",
                help="install `promptspec[tone]`",
            )
            return []
        if name in MEASURES:
            kinds: list[ReadKind | None] = [self._measure(cast("MeasureName", name))]
        elif name in _FUZZY:
            kinds = [self._fuzzy(name)]
        elif name == "language":
            kinds = [self._language()]
        elif name == "person":
            kinds = [self._person()]
        elif name == "avoid":
            kinds = [self._avoid()]
        elif name == "profanity":
            kinds = [self._profanity()]
        else:
            kinds = [*self._mentions()]
        return [ReadRule(name=name, kind=kind, span=self._rule.span) for kind in kinds if kind is not None]

    def _shape(self, message: str, help: str | Sequence[str], span: Span | None = None) -> None:
        self._desk.add("PS701", span or self._rule.span, message, help=help)

    # Numbers

    def _measure(self, name: MeasureName) -> ToneMeasure | None:
        measure = MEASURES[name]
        example = f"`{name} ..10%`" if measure.percent else f"`{name} ..1`" if measure.counted else f"`{name} 0..1`"
        arguments = self._rule.arguments
        if len(arguments) == 1 and isinstance(arguments[0], tree.NoneLiteral) and measure.counted:
            return ToneMeasure(name=name, least=None, most=Decimal(0))
        if len(arguments) != 1 or not isinstance(arguments[0], tree.Range):
            none = f" or `{name} none`" if measure.counted else ""
            self._shape(f"`{name}` takes a range", f"write a range, as in {example}{none}")
            return None
        written = arguments[0]
        bounds: list[Decimal | None] = []
        for bound in (written.low, written.high):
            if bound is None:
                bounds.append(None)
            elif isinstance(bound, tree.PercentLiteral if measure.percent else tree.NumberLiteral):
                bounds.append(cast("tree.NumberLiteral", bound).value)
            else:
                wanted = "percentages" if measure.percent else "numbers without `%`"
                self._shape(f"the bounds of `{name}` are {wanted}", f"write a range, as in {example}", bound.span)
                return None
        least, most = bounds
        if not self._fits(measure, written, least, most):
            return None
        return ToneMeasure(name=name, least=least, most=most)

    def _fits(self, measure: Measure, written: tree.Range, least: Decimal | None, most: Decimal | None) -> bool:
        sign = "%" if measure.percent else ""
        for bound in (least, most):
            if bound is not None and (not measure.least <= bound <= measure.most or bound % measure.step):
                whole = "whole numbers " if measure.step == 1 else ""
                self._desk.add(
                    "PS702",
                    written.span,
                    f"the bounds of `{self._name}` are {whole}from {measure.least}{sign} to {measure.most:,}{sign}"
                    + ("" if measure.step == 1 else f", in steps of {measure.step}{sign}"),
                )
                return False
        if least is not None and most is not None and least > most:
            self._desk.add("PS702", written.span, "the lower bound is above the upper one", help="swap them")
            return False
        return True

    # Words

    def _fuzzy(self, name: str) -> Fuzzy | None:
        """Return what a model judges: a string, and how likely it has to find that it holds."""
        least: tree.NumberLiteral | None = None
        match self._rule.arguments:
            case (tree.StringLiteral(value=text),) if _is_statement(text) and name != "judge":
                pass
            case (tree.StringLiteral(value=text), tree.NumberLiteral() as least) if _is_statement(text):
                pass
            case _:
                number = " and a number" if name == "judge" else ""
                self._shape(
                    f"`{name}` takes one string of 1 to {MOST_STATEMENT:,} characters{number}",
                    f"write `{_FUZZY[name]}`",
                )
                return None
        if least is not None and not 0 < least.value <= 1:
            self._desk.add(
                "PS702", least.span, f"the number of `{name}` is above 0 and at most 1", help=f"write `{_FUZZY[name]}`"
            )
            return None
        text = " ".join(text.split())
        if name == "judge":
            assert least is not None
            return ToneJudge(text=text, threshold=least.value)
        kind = ToneVoice if name == "voice" else ToneTopic
        return kind(text=text, threshold=None if least is None else least.value)

    def _avoid(self) -> ToneAvoid | None:
        phrases: list[str] = []
        patterns: list[Pattern] = []
        sound = True
        for argument in self._rule.arguments:
            match argument:
                case tree.StringLiteral():
                    sound = self._phrase(argument) and sound
                    phrases.append(argument.value)
                case tree.RegexLiteral():
                    sound = self._pattern(argument) and sound
                    patterns.append(Pattern(source=argument.source, ignore_case=argument.ignore_case))
                case tree.WordList():
                    listed = read_words(self._desk, argument.path, most=MOST_ENTRIES, most_bytes=MOST_LIST_BYTES)
                    sound = listed is not None and sound
                    phrases += listed or ()
                case _:
                    self._shape(
                        "`avoid` takes words, phrases, patterns and lists of words",
                        'write `avoid "synergy", /as an AI/i` or `avoid words("lists/blocked.txt")`',
                        argument.span,
                    )
                    sound = False
        return ToneAvoid(phrases=tuple(dict.fromkeys(phrases)), patterns=tuple(patterns)) if sound else None

    def _profanity(self) -> ReadProfanity | None:
        match self._rule.arguments:
            case (tree.NoneLiteral(),):
                return ReadProfanity()
            case _:
                self._shape("`profanity` takes `none`", "write `profanity none`, and list other words with `avoid`")
                return None

    def _mentions(self) -> list[ReadMention]:
        found: list[ReadMention] = []
        for argument in self._rule.arguments:
            match argument:
                case tree.StringLiteral():
                    if self._phrase(argument):
                        found.append(ReadMention(phrase=argument.value))
                case tree.NameExpr() | tree.MemberExpr():
                    found.append(ReadMention(value=argument))
                case _:
                    self._shape(
                        "`mention` takes words, phrases and texts of the input",
                        'write `mention "refund policy"` or `mention film.title`',
                        argument.span,
                    )
        return found

    def _phrase(self, written: tree.StringLiteral) -> bool:
        try:
            if len(written.value) > MOST_PHRASE:
                raise BadPhrase(f"a phrase has at most {MOST_PHRASE} characters")
            check_phrase(written.value)
        except BadPhrase as bad:
            self._shape(str(bad), "write a word, a phrase, or the beginning of a word with a `*` behind", written.span)
            return False
        return True

    def _pattern(self, written: tree.RegexLiteral) -> bool:
        try:
            check_pattern(written.source, written.ignore_case)
        except BadPattern as bad:
            start = min(written.span.start + 1 + (bad.position or 0), written.span.end - 1)
            self._desk.add("PS303", Span(written.span.file, start, written.span.end), bad.message)
            return False
        return True

    # Language and person

    def _language(self) -> ReadLanguage | None:
        arguments = self._rule.arguments
        match arguments:
            case (tree.NameExpr() | tree.MemberExpr() as chosen,):
                return ReadLanguage(chosen=chosen)
            case _ if arguments and all(isinstance(each, tree.StringLiteral) for each in arguments):
                written = cast("tuple[tree.StringLiteral, ...]", arguments)
            case _:
                self._shape(
                    "`language` takes codes of languages, or one field of the input",
                    'write `language "en"` or `language to`',
                )
                return None
        known = [self._is_known(each) for each in written]
        if not all(known):
            return None
        return ReadLanguage(languages=tuple(dict.fromkeys(each.value for each in written)))

    def _is_known(self, written: tree.StringLiteral) -> bool:
        if written.value in LANGUAGES:
            return True
        codes = {name.casefold(): code for code, name in LANGUAGES.items()}
        code = codes.get(written.value.casefold()) or written.value.casefold().split("-")[0]
        self._desk.add(
            "PS704",
            written.span,
            f"`{written.value[:40]}` is no language that can be told from others",
            help=f'write `"{code}"`' if code in LANGUAGES else 'languages have codes of two letters, as in `"en"`',
        )
        return False

    def _person(self) -> ReadPerson | None:
        match self._rule.arguments:
            case (tree.NameExpr(name=name),) if name in _PERSONS:
                return ReadPerson(person=name, negated=self._rule.negated)
            case _:
                self._shape("`person` is `first`, `second` or `third`", "write `person third` or `person not first`")
                return None


def _is_statement(text: str) -> bool:
    return (
        bool(text.strip()) and len(text) <= MOST_STATEMENT and all(each.isprintable() for each in text if each != "\n")
    )
