"""The tone of a feature: which rule is about which text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from promptspec.check.desk import Desk
from promptspec.check.expressions import Expressions
from promptspec.check.names import Names
from promptspec.check.prompts import prints_of
from promptspec.check.scope import Scope
from promptspec.check.shapes import Facts, Typed
from promptspec.check.tone_contradictions import Contradictions
from promptspec.check.tone_judging import judge_of
from promptspec.check.tone_room import no_room
from promptspec.check.tone_rules import ReadLanguage, ReadMention, ReadPerson, ReadProfanity, ReadRule, read_rules
from promptspec.check.tone_wording import lead_of, message_of, told
from promptspec.check.wording import short
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import Example, Fixed, Message, Part, Print
from promptspec.contract.tone import (
    Fuzzy,
    ToneAvoid,
    ToneJudge,
    ToneKind,
    ToneLanguage,
    ToneMeasure,
    ToneMention,
    TonePerson,
    ToneProfanity,
    ToneRule,
)
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree
from promptspec.text import Span
from promptspec.tone import person, profanity
from promptspec.tone.languages import LANGUAGES
from promptspec.tone.measures import MEASURES

Path = tuple[str, ...]

#: Rules that shared ones and a feature's own add up to; of the others the feature's own wins.
ADDING: Final = frozenset({"avoid", "mention", "judge"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    """A rule with the texts that it is written for; None for all."""

    rule: ReadRule
    texts: frozenset[Path] | None
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedTone:
    """The rules of a feature, and what the system message says of them: at its beginning, and at its end."""

    rules: tuple[ToneRule, ...] = ()
    first: tuple[Part, ...] = ()
    last: tuple[Part, ...] = ()
    used: frozenset[str] = frozenset()


#: How likely a model has to find that a voice or a topic is kept, where the spec names no number.
DEFAULT_THRESHOLD: Final = Decimal("0.5")


@dataclass(slots=True, kw_only=True)
class Tones:
    """Checks the tone of the feature whose name stands at *named*; *judged* says that it names who judges."""

    desk: Desk
    scope: Scope
    facts: Facts
    output: t.Record
    names: Names
    named: Span
    judged: bool
    _both: Contradictions = field(init=False)
    _spans: dict[ToneRule, Span] = field(default_factory=dict["ToneRule", Span])
    _typed: dict[Span, Typed | None] = field(default_factory=dict[Span, "Typed | None"])

    def __post_init__(self) -> None:
        self._both = Contradictions(desk=self.desk)

    def check(
        self,
        clauses: Sequence[tree.ToneUse | tree.ToneClause],
        own: Sequence[tree.Clause],
        messages: Sequence[object],
    ) -> CheckedTone:
        """Return the tone that *clauses* ask for, those of them that are the feature's *own* before shared ones."""
        placed = [each for clause in clauses for each in self._placed(clause, clause in own)]
        types = dict(_texts(self.output, self.facts))
        texts = tuple(types)
        if placed and not texts:
            self.desk.add(
                "PS707",
                clauses[0].span,
                "the output has no text that could have a tone",
                help="take the tone out, or give the output a `text` or `line`",
            )
            return CheckedTone()
        about: dict[tuple[int, ToneKind], list[Path]] = {}
        for path in texts:
            here = self._active(placed, path)
            languages, said_at = self._languages(here)
            self._both.check([each.rule for each in here], languages)
            for each in here:
                kind = self._settled(each.rule, languages, said_at)
                if kind is not None:
                    about.setdefault((placed.index(each), kind), []).append(path)
        rules: list[ToneRule] = []
        for (at, kind), paths in sorted(about.items(), key=lambda item: item[0][0]):
            read = placed[at].rule
            rule = ToneRule(
                id=f"tone_{read.name}",
                kind=kind,
                texts=tuple(paths),
                message=message_of(kind),
                origin=self.desk.origin(read.span),
            )
            self._spans[rule] = read.span
            rules.append(rule)
        self._rooms(placed, types)
        last, used = self._given(rules, texts, messages)
        return CheckedTone(rules=tuple(rules), first=told(rules, texts), last=tuple(last), used=frozenset(used))

    # Which rule is about which text

    def _placed(self, clause: tree.ToneUse | tree.ToneClause, own: bool) -> Iterator[_Placed]:
        if isinstance(clause, tree.ToneUse):
            for rule in self._shared(clause):
                yield _Placed(rule=rule, texts=None, own=False)
            return
        rules = read_rules(self.desk, clause.rules)
        texts = None
        if clause.targets and rules:
            found = [self._target(target) for target in clause.targets]
            texts = frozenset(path for paths in found for path in paths)
        for rule in rules:
            yield _Placed(rule=rule, texts=texts, own=own)

    def _shared(self, clause: tree.ToneUse) -> tuple[ReadRule, ...]:
        name = clause.name.text
        if not isinstance(self.scope.declarations.get(name), tree.ToneDeclaration):
            if name not in self.scope.lost:
                known = [each for each in self.scope.declarations if self.scope.kind(each) == "tone"]
                self.desk.add("PS202", clause.name.span, f"there is no tone `{name}`", help=did_you_mean(name, known))
            return ()
        home = self.scope.files.get(self.scope.home[name])
        return home.tones.get(name, ()) if home is not None else ()

    def _target(self, written: tree.NameExpr | tree.MemberExpr) -> list[Path]:
        steps = _steps(written)
        if steps == ["output"] and self.output.field("output") is None:
            steps = []
        if steps[:1] == ["output"] and self.output.field("output") is None and len(steps) > 1:
            steps = steps[1:]
        found = [path for path, _ in _texts(self.output, self.facts) if _bare(path)[: len(steps)] == tuple(steps)]
        if not found:
            names = sorted({".".join(_bare(path)) for path, _ in _texts(self.output, self.facts)})
            self.desk.add(
                "PS707",
                written.span,
                f"`{short(written)}` is no text of the output",
                help=did_you_mean(".".join(steps), names)
                or (f"texts are {', '.join(f'`{name}`' for name in names[:5])}" if names else ()),
            )
        return found

    def _active(self, placed: list[_Placed], path: Path) -> list[_Placed]:
        here = [each for each in placed if each.texts is None or path in each.texts]
        own = {each.rule.name for each in here if each.own}
        return [each for each in here if each.own or each.rule.name in ADDING or each.rule.name not in own]

    # Languages

    def _languages(self, here: list[_Placed]) -> tuple[tuple[str, ...], Span | None]:
        """Return the languages that a text may be in, English where nothing says so, and where that is said."""
        asked: tuple[str, ...] = ("en",)
        said_at: Span | None = None
        for each in here:
            if not isinstance(each.rule.kind, ReadLanguage):
                continue
            languages = self._codes(each.rule.kind)
            if said_at is not None:
                both = tuple(code for code in asked if code in languages)
                if not both:
                    self._both.say(
                        "PS705", each.rule.span, said_at, "these languages are none of those asked for before"
                    )
                languages = both or languages
            asked, said_at = languages or ("en",), each.rule.span
        return asked, said_at

    def _codes(self, kind: ReadLanguage) -> tuple[str, ...]:
        if kind.chosen is None:
            return kind.languages
        typed = self._value(kind.chosen)
        words: tuple[str, ...] = ()
        if typed is not None and not typed.optional:
            if isinstance(typed.type, t.Words):
                words = typed.type.words
            elif isinstance(typed.type, t.Choice):
                words = self.facts.members(typed.type)
        if typed is not None and (not words or any(word not in LANGUAGES for word in words)):
            self._both.say(
                "PS704",
                kind.chosen.span,
                kind.chosen.span,
                f"`{short(kind.chosen)}` does not name languages by their codes",
                help='declare it as words that are codes, `to: "en" | "de"`, and not optional',
            )
            return ()
        return words

    def _value(self, written: tree.NameExpr | tree.MemberExpr) -> Typed | None:
        if written.span not in self._typed:
            self._typed[written.span] = Expressions(desk=self.desk, facts=self.facts).value(written, self.names)
        return self._typed[written.span]

    # Rules, settled

    def _settled(self, rule: ReadRule, languages: tuple[str, ...], said_at: Span | None) -> ToneKind | None:
        match rule.kind:
            case ReadLanguage(chosen=None, languages=codes):
                return ToneLanguage(languages=codes)
            case ReadLanguage(chosen=chosen):
                assert chosen is not None
                typed, codes = self._value(chosen), self._codes(rule.kind)
                return ToneLanguage(languages=codes, chosen=typed.expression) if typed and codes else None
            case ReadPerson(person=who, negated=negated):
                if self._valid(rule, [code for code in languages if code not in person.LANGUAGES], said_at):
                    return TonePerson(person=who, negated=negated, languages=languages)
                return None
            case ReadProfanity():
                if self._valid(rule, [code for code in languages if code not in profanity.LANGUAGES], said_at):
                    return ToneProfanity(languages=languages)
                return None
            case ReadMention(phrase=phrase, value=None):
                return ToneMention(phrase=phrase)
            case ReadMention(value=value):
                assert value is not None
                return self._mention(value)
            case ToneMeasure(name=name):
                wrong = [code for code in languages if not MEASURES[name].is_valid_in(code)]
                return rule.kind if self._valid(rule, wrong, said_at) else None
            case ToneAvoid():
                return rule.kind
            case _:
                return self._fuzzy(rule, rule.kind)

    def _fuzzy(self, rule: ReadRule, kind: Fuzzy) -> Fuzzy | None:
        """Return the rule with how likely it has to be; as it is where nobody judges and nobody is asked to."""
        if self.judged:
            return replace(kind, threshold=kind.threshold or DEFAULT_THRESHOLD)
        if kind.threshold is None:
            return kind
        self._both.say(
            "PS711",
            rule.span,
            self.named,
            f"nobody judges this `{rule.name}`",
            other="this feature does not say who judges",
            help='say who judges: `judge by "gpt-6-luna"`, or a declared model'
            + ("" if isinstance(kind, ToneJudge) else ", or take the number out"),
        )
        return None

    def _valid(self, rule: ReadRule, wrong: list[str], said_at: Span | None) -> bool:
        if wrong:
            self._both.say(
                "PS703",
                rule.span,
                said_at or rule.span,
                f"`{rule.name}` means nothing in {LANGUAGES[wrong[0]]}",
                other="the language is declared here",
                help="take one of them out, or write the rule `for` fields in another language",
            )
        return not wrong

    def _mention(self, value: tree.NameExpr | tree.MemberExpr) -> ToneMention | None:
        typed = self._value(value)
        if typed is None:
            return None
        if typed.kind != "text" or typed.optional:
            self._both.say(
                "PS701",
                value.span,
                value.span,
                f"`{short(value)}` is no text that is always there",
                help="mention a text of the input that is not optional",
            )
            return None
        return ToneMention(value=typed.expression)

    def _given(
        self, rules: list[ToneRule], texts: tuple[Path, ...], messages: Sequence[object]
    ) -> tuple[list[Part], set[str]]:
        """Return what the end of the system message says of rules about values of the input, and what they read."""
        parts: list[Part] = []
        used: set[str] = set()
        shown = {part.path for message in messages if isinstance(message, Message) for part in prints_of(message.parts)}
        for rule in rules:
            value = rule.kind.chosen if isinstance(rule.kind, ToneLanguage) else None
            verb = "write in the language with the code "
            if isinstance(rule.kind, ToneMention):
                value, verb = rule.kind.value, "mention "
            if value is None:
                continue
            typed = next(each for each in self._typed.values() if each is not None and each.expression == value)
            lead = lead_of(rule, texts)
            if typed.trust is not t.Trust.OPEN:
                used |= set(e.fields_of(value, "input"))
                printed = Print(value=value, trust=typed.trust, type=typed.type, kind="text", path=typed.path)
                parts += [Fixed(text=lead + verb), printed, Fixed(text=".\n")]
                continue
            parts.append(Fixed(text=f"{lead}{verb}the text between the marks of `{typed.path}`.\n"))
            if typed.path not in shown:
                span = self._spans[rule]
                self._both.say(
                    "PS710",
                    span,
                    span,
                    f"the prompt never shows `{typed.path}`, so that the model cannot mention it",
                    help="print it with `{{ " + typed.path + " }}` in the user message",
                )
        return ([Fixed(text="\n"), *parts] if parts else []), used

    # Rules that no text can keep

    def _rooms(self, placed: list[_Placed], types: dict[Path, t.Type]) -> None:
        """Report rules for which the types of their texts leave no room; a mention needs room in one of them."""
        for each in placed:
            about = [path for path in types if each in self._active(placed, path)]
            found = [(path, why) for path in about if (why := no_room(each.rule, types[path])) is not None]
            if not found or (isinstance(each.rule.kind, ReadMention) and len(found) < len(about)):
                continue
            (path, why), name = found[0], each.rule.name
            field = self.output.field(path[0])
            assert field is not None
            self.desk.add(
                "PS705",
                each.rule.span,
                f"no text keeps this `{name}`: `{'.'.join(_bare(path))}` {why}",
                labels=[Label(span=self._line(field.origin), message="the text is here")],
                help="take the rule out, or give it another text",
            )

    # Examples

    def judge_examples(self, tone: CheckedTone, examples: Iterable[Example]) -> None:
        """Report each example whose reply breaks a rule, with the rule. What asks for the input is judged by a call."""
        judged = [(rule, judge_of(rule.kind)) for rule in tone.rules]
        for example in examples:
            for rule, judge in judged:
                if judge is None:
                    continue
                found = [text for path in rule.texts for text in _said_at(example.returns, path)]
                holds = list(map(judge, found))
                if any(holds) if isinstance(rule.kind, ToneMention) else all(holds):
                    continue
                self.desk.add(
                    "PS706",
                    self._line(example.origin),
                    f'the example "{example.title[:40]}" {rule.message}',
                    labels=[Label(span=self._spans[rule], message="the rule is here")],
                    help="mend the example, or the rule that it breaks",
                )

    def _line(self, origin: t.Origin) -> Span:
        text = self.desk.texts[origin.file]
        content = text.line(origin.line)
        start = text.line_start(origin.line) + len(content) - len(content.lstrip())
        return Span(origin.file, start, start + len(content.strip()))


def _texts(record: t.Record, facts: Facts, before: Path = ()) -> Iterator[tuple[Path, t.Type]]:
    """Yield the paths of all open text of *record*, with `[]` for the items of a list."""
    for each in record.fields:
        yield from _texts_of(each.type, facts, (*before, each.name))


def _texts_of(type: t.Type, facts: Facts, path: Path) -> Iterator[tuple[Path, t.Type]]:
    match type:
        case t.Text(code=code) if code:
            pass
        case t.Text() | t.JsonSchema():
            yield path, type
        case t.ListOf(item=item):
            yield from _texts_of(item, facts, (*path, "[]"))
        case t.Group():
            yield from _texts(facts.record(type), facts, path)
        case _:
            pass


def _bare(path: Path) -> Path:
    return tuple(step for step in path if step != "[]")


def _steps(written: tree.Expr) -> list[str]:
    if isinstance(written, tree.MemberExpr):
        return [*_steps(written.target), written.name.text]
    return [written.name] if isinstance(written, tree.NameExpr) else []


def _said_at(value: t.Constant, path: Path) -> Iterator[str]:
    """Yield the texts at *path* of what an example returns, all strings of an object by a JSON Schema."""
    if path and path[0] == "answer" and not (isinstance(value, t.ObjectConstant) and value.get("answer") is not None):
        path = path[1:]
    match value:
        case str():
            yield value
        case tuple():
            rest = path[1:] if path[:1] == ("[]",) else path
            for item in value:
                yield from _said_at(item, rest)
        case t.ObjectConstant(entries=entries):
            for name, item in entries:
                if not path or name == path[0]:
                    yield from _said_at(item, path[1:])
        case _:
            pass
