"""The tone of a feature: its rules as data, each with what judges it."""

from __future__ import annotations

from promptspec.codegen.code import Code, Writer, code, data, name_of_file
from promptspec.codegen.expressions import Expressions
from promptspec.codegen.names import Names
from promptspec.contract.expressions import Expression
from promptspec.contract.feature import Feature
from promptspec.contract.tone import (
    ToneAvoid,
    ToneJudge,
    ToneLanguage,
    ToneMeasure,
    ToneMention,
    TonePerson,
    ToneProfanity,
    ToneRule,
    ToneTopic,
    ToneVoice,
)


class ToneWriter:
    """Writes the rules of one feature that are judged; what is only told stands in the prompt."""

    def __init__(self, writer: Writer, feature: Feature, names: Names) -> None:
        self._writer = writer
        self._feature = feature
        self._names = names
        self._expressions = Expressions(names)

    def write(self) -> None:
        """Write `tone = (…)` and `judged = (…)`, where there are rules."""
        self._counted([rule for rule in self._feature.tone if not rule.is_told_only and not rule.is_judged])
        self._by_a_model([rule for rule in self._feature.tone if rule.is_judged])

    def _by_a_model(self, rules: list[ToneRule]) -> None:
        if not rules:
            return
        writer = self._writer
        all_texts = tuple(dict.fromkeys(path for rule in rules for path in rule.texts))
        writer.line(code("judged = ("))
        writer.indent()
        for rule in rules:
            writer.line(code("# $ line $", name_of_file(rule.origin.file), data(rule.origin.line)))
            writer.line(code("ps.Judged("))
            writer.indent()
            writer.line(code("rule=$,", data(rule.id)))
            writer.line(code("message=$,", data(rule.message)))
            writer.line(code("texts=$,", data(tuple(map(self._attributes, rule.texts)))))
            if set(rule.texts) != set(all_texts):
                writer.line(code("about=$,", data(tuple(".".join(path).replace(".[]", "[]") for path in rule.texts))))
            statement, threshold = _stated(rule)
            writer.string(code("statement=("), statement, "),")
            writer.line(code("threshold=$,", data(threshold)))
            writer.dedent()
            writer.line(code("),"))
        writer.dedent()
        writer.line(code(")"))

    def _counted(self, rules: list[ToneRule]) -> None:
        if not rules:
            return
        writer = self._writer
        writer.line(code("tone = ("))
        writer.indent()
        for rule in rules:
            writer.line(code("# $ line $", name_of_file(rule.origin.file), data(rule.origin.line)))
            writer.line(code("ps.Tone("))
            writer.indent()
            writer.line(code("rule=$,", data(rule.id)))
            writer.line(code("message=$,", data(rule.message)))
            writer.line(code("texts=$,", data(tuple(map(self._attributes, rule.texts)))))
            writer.call(*self._judge(rule), tail=",")
            given = _value(rule)
            if given is not None:
                writer.line(code("given=lambda x: $,", self._expressions.emit(given)))
            if isinstance(rule.kind, ToneMention):
                writer.line(code("once=True,"))
            writer.dedent()
            writer.line(code("),"))
        writer.dedent()
        writer.line(code(")"))

    def _attributes(self, path: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(step if step == "[]" else self._names.field(step) for step in path)

    def _judge(self, rule: ToneRule) -> tuple[Code, list[Code]]:
        match rule.kind:
            case ToneMeasure(name=measure, least=least, most=most):
                return code("judge=ps.measured"), [
                    data(measure),
                    code("least=$", data(None if least is None else str(least))),
                    code("most=$", data(None if most is None else str(most))),
                ]
            case ToneLanguage(languages=languages, chosen=None):
                return code("judge=ps.in_language"), [data(each) for each in languages]
            case ToneLanguage():
                return code("judge=ps.in_given_language"), []
            case TonePerson(person=person, negated=negated, languages=languages):
                arguments = [data(person), *map(data, languages), code("negated=$", data(negated))]
                return code("judge=ps.in_person"), arguments
            case ToneAvoid(phrases=phrases, patterns=patterns):
                found = tuple((each.source, each.ignore_case) for each in patterns)
                return code("judge=ps.avoids"), [data(phrases), data(found)]
            case ToneProfanity(languages=languages):
                return code("judge=ps.without_profanity"), [data(each) for each in languages]
            case ToneMention(phrase=phrase, value=None):
                return code("judge=ps.mentions"), [data(phrase)]
            case ToneMention():
                return code("judge=ps.mentions_given"), []
            case _:
                raise AssertionError(f"{rule.id} is only told")


def _stated(rule: ToneRule) -> tuple[str, str]:
    """Return what a model is asked about a text, and how likely it has to be."""
    match rule.kind:
        case ToneVoice(text=text, threshold=threshold):
            return f"it is written in this voice: {text}", str(threshold)
        case ToneTopic(text=text, threshold=threshold):
            return f"it is about this and nothing else: {text}", str(threshold)
        case ToneJudge(text=text, threshold=threshold):
            return text, str(threshold)
        case _:
            raise AssertionError(f"{rule.id} is counted")


def _value(rule: ToneRule) -> Expression | None:
    match rule.kind:
        case ToneLanguage(chosen=value) | ToneMention(value=value):
            return value
        case _:
            return None
