"""The class of a feature: its rules, its prompt, and the keywords of its call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from promptspec.codegen.code import WIDTH, Code, Writer, code, data, joined, name, name_of_file
from promptspec.codegen.expressions import Expressions, rounds
from promptspec.codegen.names import Names
from promptspec.codegen.plans import PlanWriter, asks_caller
from promptspec.codegen.prompts import Prompt
from promptspec.codegen.records import default_of
from promptspec.codegen.row_conditions import RowConditions
from promptspec.codegen.tones import ToneWriter
from promptspec.codegen.types import Annotations
from promptspec.contract.comparing import equalities
from promptspec.contract.expressions import Expression, Quantified, Reference
from promptspec.contract.feature import Feature, Rule, Shortlist
from promptspec.contract.types import Text

_CALLERS = {"anyone": "Anyone", "session": "Session", "signed_in": "SignedIn", "verified": "Verified"}


class FeatureWriter:
    """Writes one feature."""

    def __init__(self, writer: Writer, feature: Feature, names: Names, *, seed: str, largest_reply: int) -> None:
        self._writer = writer
        self._feature = feature
        self._names = names
        self._annotations = Annotations(names)
        self._expressions = Expressions(names)
        self._seed = seed
        self._largest_reply = largest_reply

    def write(self) -> None:
        """Write the class and the function."""
        writer, feature = self._writer, self._feature
        base = code("ps.Gated") if self._is_gated else code("ps.Feature")
        writer.line(code("class $($[$]):", name(feature.class_name), base, self._value()))
        writer.indent()
        said = [feature.doc or feature.name.replace("_", " ").capitalize() + "."]
        if feature.limitations:
            said.append("Limitations: " + feature.limitations.strip())
        writer.docstring("\n\n".join(said))
        writer.blank()
        PlanWriter(writer, feature, self._names, seed=self._seed, largest_reply=self._largest_reply).write()
        ToneWriter(writer, feature, self._names).write()
        value = code("$ | ps.Held[$]", self._value(), self._value()) if self._is_gated else self._value()
        self._call("__call__", "call", Code(""), value, ".value")
        self._call("aio", "acall", Code("async "), value, ".value")
        reply = code("ps.Reply[$]", self._value())
        if self._is_gated:
            reply = code("$ | ps.Held[$]", reply, self._value())
        self._call("call", "_gated" if self._is_gated else "_call", Code(""), reply, "")
        self._call("acall", "_agated" if self._is_gated else "_acall", Code("async "), reply, "")
        if feature.no_stream is None:
            self._call("stream", "_stream", Code(""), code("ps.Stream[$, $]", self._piece(), self._value()), "")
            self._call("astream", "_astream", Code(""), code("ps.AsyncStream[$, $]", self._piece(), self._value()), "")
        self._render_call()
        self._prompt()
        self._rules(
            "broken_requires",
            code("x: $, caller: $, today: dt.date", name(feature.input.name), self._caller()),
            self._requires(),
        )
        self._shortlists()
        given = code("x: $, y: $, today: dt.date", name(feature.input.name), name(feature.output.name))
        self._rules("broken_rows", given, self._rows())
        self._drops([rule for rule in feature.ensures if rule.drop is not None])
        self._rules("broken_ensures", given, self._by_id([rule for rule in feature.ensures if rule.drop is None]))
        self._review(given)
        writer.dedent()
        writer.blank(2)
        writer.line(code("$ = $()", name(self._names.function(feature.name)), name(feature.class_name)))

    # What it is

    def _value(self) -> Code:
        output = self._feature.output
        if not self._feature.bare:
            return name(output.name)
        answer = output.fields[0]
        return self._annotations.returned(answer.type, optional=answer.optional)

    @property
    def _is_gated(self) -> bool:
        """Whether a person may have to decide before a reply is delivered."""
        return self._feature.review is not None

    def _piece(self) -> Code:
        """Return what a stream yields: the sentences of one text, else fields and items."""
        one_text = self._feature.bare and isinstance(self._feature.output.fields[0].type, Text)
        return code("str") if one_text else code("ps.Piece")

    def _caller(self) -> Code:
        return code("ps.$", name(_CALLERS[self._feature.caller]))

    # What is called

    def _keywords(self, *, caller: bool) -> list[Code]:
        found: list[Code] = []
        for field in self._feature.input.fields:
            annotation = self._annotations.keyword(field.type, optional=field.optional)
            keyword = name(self._names.field(field.name))
            if field.optional:
                found.append(code("$: $ = None", keyword, annotation))
            elif field.has_default:
                found.append(code("$: $ = $", keyword, annotation, default_of(field, self._names, keyword=True)))
            else:
                found.append(code("$: $", keyword, annotation))
        if caller and self._feature.caller == "anyone":
            found.append(code("caller: $ | None = None", self._caller()))
        elif caller:
            found.append(code("caller: $", self._caller()))
        return found

    def _fields(self) -> Code:
        pairs = (
            code("$: $", data(field.name), name(self._names.field(field.name))) for field in self._feature.input.fields
        )
        return code("{$}", joined(", ", pairs))

    def _call(self, method: str, target: str, prefix: Code, result: Code, tail: str) -> None:
        writer = self._writer
        writer.blank()
        keywords = self._keywords(caller=True)
        keyed = method in ("call", "acall")
        if keyed:
            keywords.append(code("idempotency_key: str | None = None"))
        _signature(writer, code("$def $", prefix, name(method)), keywords, result)
        writer.indent()
        waits = code("await ") if prefix.text else code("")
        if tail:
            same = joined(
                ", ",
                (
                    code("$=$", k, k)
                    for k in (
                        *map(name, (self._names.field(f.name) for f in self._feature.input.fields)),
                        name("caller"),
                    )
                ),
            )
            called = code("$self.$($)", waits, name(target), same)
            if self._is_gated:
                writer.line(code("return ps.value_of($)", called))
            elif prefix.text:
                writer.line(code("return ($).value", called))
            else:
                writer.line(code("return $.value", called))
        elif keyed:
            writer.line(code("return $self.$($, caller, idempotency_key)", waits, name(target), self._fields()))
        else:
            writer.line(code("return $self.$($, caller)", waits, name(target), self._fields()))
        writer.dedent()

    def _render_call(self) -> None:
        writer = self._writer
        writer.blank()
        keywords = self._keywords(caller=False)
        if asks_caller(self._feature, self._names.module):
            keywords.append(code("caller: $", self._caller()))
        _signature(writer, code("def render"), keywords, code("ps.Rendered"))
        writer.indent()
        if asks_caller(self._feature, self._names.module):
            writer.line(code("return self._rendered($, caller)", self._fields()))
        else:
            writer.line(code("return self._rendered($)", self._fields()))
        writer.dedent()

    # What it asks, and what must hold

    def _prompt(self) -> None:
        writer = self._writer
        writer.blank()
        writer.line(
            code("def write_prompt(self, x: $, out: ps.Draft, today: dt.date) -> None:", name(self._feature.input.name))
        )
        writer.indent()
        for each in self._feature.shortlists:
            variable = name(self._names.variable(each.name))
            source = name(self._names.source(each.source))
            writer.line(code("$ = out.shortlist($, $)", variable, data(each.name), source))
        Prompt(writer, self._names, self._expressions).write(self._feature.messages)
        writer.dedent()

    def _shortlists(self) -> None:
        writer, shortlists = self._writer, self._feature.shortlists
        if not shortlists:
            return
        writer.blank()
        rows = sorted({self._names.module.source(each.source, each.file).row_class for each in shortlists})
        parameters = code("x: $, caller: $, today: dt.date", name(self._feature.input.name), self._caller())
        found = joined(" | ", (code("ps.Shortlist[$]", name(row)) for row in rows))
        writer.line(code("def find_shortlists(self, $) -> Iterator[$]:", parameters, found))
        writer.indent()
        for each in shortlists:
            writer.line(code("# $ line $", name_of_file(each.origin.file), data(each.origin.line)))
            writer.call(code("yield ps.Shortlist"), list(self._shortlist(each)))
        writer.dedent()

    def _shortlist(self, each: Shortlist) -> Iterator[Code]:
        names, emit = self._names, self._expressions.emit
        source = names.module.source(each.source, each.file)
        yield code("name=$", data(each.name))
        yield code("source=$", name(names.source(each.source)))
        yield code("path=$", data(f"input.{each.field}"))
        near = joined(", ", map(emit, each.near))
        yield code("near=($,)", near) if len(each.near) == 1 else code("near=($)", near)
        yield code("columns=$", data(tuple(names.field(column.name) for column in source.searched)))
        yield code("top=$", data(each.top))
        if each.above:
            yield code("above=$", Code(repr(float(each.above))))
        if each.itself is not None:
            yield code("itself=$", emit(each.itself))
        if each.where is not None:
            equal = tuple(
                code("($, $)", data(names.field(column)), emit(value))
                for column, value in equalities(each.where, source)
            )
            if equal:
                yield (
                    code("equal=($,)", joined(", ", equal))
                    if len(equal) == 1
                    else code("equal=($)", joined(", ", equal))
                )
            condition = self._exact(each.where)
            yield code("where=lambda row: $", condition)

    def _rules(self, method: str, parameters: Code, lines: Mapping[str, list[Code]]) -> None:
        if not lines:
            return
        writer = self._writer
        writer.blank()
        writer.line(code("def $(self, $) -> Iterator[ps.Violation]:", name(method), parameters))
        writer.indent()
        for block in lines.values():
            for line in block:
                writer.line(line)
        writer.dedent()

    def _requires(self) -> dict[str, list[Code]]:
        rows = RowConditions(self._names).judged(self._feature.input, "x", "input")
        return _numbered(rows) | self._by_id(self._feature.requires)

    def _rows(self) -> dict[str, list[Code]]:
        """Return the conditions on rows of the output."""
        rows = RowConditions(self._names)
        return _numbered(rows.judged(self._feature.output, "y", "output", bare=self._feature.bare))

    def _by_id(self, rules: Sequence[Rule]) -> dict[str, list[Code]]:
        return {rule.id: self._rule(rule) for rule in rules}

    def _review(self, parameters: Code) -> None:
        """Write what says whether a person is to decide."""
        review = self._feature.review
        if review is None:
            return
        writer = self._writer
        writer.blank()
        writer.line(code("def must_be_reviewed(self, $) -> bool:", parameters))
        writer.indent()
        writer.line(code("# $ line $", name_of_file(review.origin.file), data(review.origin.line)))
        if review.when is None:
            writer.line(code("return True"))
        else:
            # Where arithmetic would have to round, nobody knows: then a person decides.
            emitted = self._expressions.emit(review.when)
            exact = code("ps.holds(lambda: $, otherwise=True)", emitted)
            writer.line(code("return $", exact if rounds(review.when) else emitted))
        writer.dedent()

    def _drops(self, rules: Sequence[Rule]) -> None:
        """Write what leaves items out, rule after rule."""
        if not rules:
            return
        writer, output = self._writer, name(self._feature.output.name)
        writer.blank()
        parameters = code("x: $, y: $, out: ps.Drops, today: dt.date", name(self._feature.input.name), output)
        writer.line(code("def drop_failing(self, $) -> $:", parameters, output))
        writer.indent()
        for rule in rules:
            self._drop(rule)
        writer.line(code("return y"))
        writer.dedent()

    def _drop(self, rule: Rule) -> None:
        writer, condition = self._writer, rule.condition
        assert rule.drop is not None
        assert isinstance(condition, Quantified)
        assert isinstance(condition.over, Reference)
        root = ("answer",) if condition.over.root == "answer" else ()
        steps = (*root, *map(self._names.field, condition.over.steps))
        writer.line(code("# $ line $", name_of_file(rule.origin.file), data(rule.origin.line)))
        if rule.when is not None:
            writer.line(code("if $:", self._exact(rule.when)))
            writer.indent()
        writer.call(
            code("y = out.keep"),
            [
                code("y"),
                data(steps),
                code(
                    "[$ for $ in $]",
                    self._exact(condition.body),
                    name(self._names.variable(condition.variable)),
                    self._expressions.emit(condition.over),
                ),
                _violation(rule),
                code("least=$", data(rule.drop.least)),
            ],
        )
        if rule.when is not None:
            writer.dedent()

    def _exact(self, condition: Expression) -> Code:
        """Return *condition* so that arithmetic which would have to round makes it false."""
        emitted = self._expressions.emit(condition)
        return code("ps.holds(lambda: $)", emitted) if rounds(condition) else emitted

    def _rule(self, rule: Rule) -> list[Code]:
        condition = self._expressions.emit(rule.condition)
        when = self._expressions.emit(rule.when) if rule.when is not None else None
        exact = rounds(rule.condition) or (rule.when is not None and rounds(rule.when))
        holds = condition if when is None else code("(not $ or $)", when, condition)
        if exact:
            holds = code("ps.holds(lambda: $)", holds)
        return [
            code("# $ line $", name_of_file(rule.origin.file), data(rule.origin.line)),
            code("if not $:", holds),
            code("    yield $", _violation(rule)),
        ]


def _numbered(rows: Iterable[list[Code]]) -> dict[str, list[Code]]:
    return {f"where_{at}": block for at, block in enumerate(rows)}


def _violation(rule: Rule) -> Code:
    return code("ps.Violation(path=$, rule=$, message=$)", data(rule.path), data(rule.id), data(rule.message))


def _signature(writer: Writer, head: Code, keywords: list[Code], result: Code) -> None:
    flat = f"{head.text}(self, *, {', '.join(k.text for k in keywords)}) -> {result.text}:"
    if len(flat) <= WIDTH - 4:
        writer.line(Code(flat))
        return
    writer.line(code("$(", head))
    writer.indent()
    writer.line(code("self,"))
    writer.line(code("*,"))
    for keyword in keywords:
        writer.line(code("$,", keyword))
    writer.dedent()
    writer.line(code(") -> $:", result))
