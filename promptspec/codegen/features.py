"""The class of a feature: its plan, its rules, its prompt, and the keywords of its call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from promptspec.codegen.code import WIDTH, Code, Writer, code, data, joined, name, name_of_file
from promptspec.codegen.expressions import Expressions, rounds
from promptspec.codegen.names import Names
from promptspec.codegen.prompts import Prompt
from promptspec.codegen.records import constant, default_of
from promptspec.codegen.types import Annotations
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import Environment, Feature, OpenAIModel, RehearsalModel, Rule
from promptspec.contract.walking import types_in
from promptspec.contract.wire_value import wire_value
from promptspec.schema.wire import encode_schema, output_schema

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
        self._rows = 0

    def write(self) -> None:
        """Write the class and the function."""
        writer, feature = self._writer, self._feature
        writer.line(code("class $(ps.Feature[$]):", name(feature.class_name), self._value()))
        writer.indent()
        said = [feature.doc or feature.name.replace("_", " ").capitalize() + "."]
        if feature.limitations:
            said.append("Limitations: " + feature.limitations.strip())
        writer.docstring("\n\n".join(said))
        writer.blank()
        self._plan()
        self._call("__call__", "call", Code(""), self._value(), ".value")
        self._call("aio", "acall", Code("async "), self._value(), ".value")
        reply = code("ps.Reply[$]", self._value())
        self._call("call", "_call", Code(""), reply, "")
        self._call("acall", "_acall", Code("async "), reply, "")
        self._render_call()
        self._prompt()
        self._rules(
            "broken_requires",
            code("x: $, caller: $, today: dt.date", name(feature.input.name), self._caller()),
            self._requires(),
        )
        self._rules(
            "broken_ensures",
            code("x: $, y: $, today: dt.date", name(feature.input.name), name(feature.output.name)),
            self._ensures(),
        )
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

    def _caller(self) -> Code:
        return code("ps.$", name(_CALLERS[self._feature.caller]))

    def _plan(self) -> None:
        feature, writer = self._feature, self._writer
        limits = feature.limits
        schema = encode_schema(output_schema(self._names.module, feature))
        writer.line(code("plan = ps.Plan("))
        writer.indent()
        for line in (
            code("name=$,", data(feature.name)),
            code("module=__name__,"),
            code("input=$,", name(feature.input.name)),
            code("output=$,", name(feature.output.name)),
            code("bare=$,", data(feature.bare)),
            code("caller=$,", data(feature.caller)),
        ):
            writer.line(line)
        writer.line(code("models=("))
        writer.indent()
        for model in feature.models:
            writer.call(*self._model(model), tail=",")
        writer.dedent()
        writer.line(code("),"))
        writer.call(
            code("limits=ps.Limits"),
            [
                code("prompt=$", data(limits.prompt_tokens)),
                code("reply=$", data(limits.reply_tokens)),
                code("thinking=$", data(limits.thinking_tokens)),
                code("seconds=$", Code(repr(limits.time_ms / 1000))),
                code("retries=$", data(limits.retries)),
            ],
            tail=",",
        )
        writer.line(code("fence=$,", data(feature.fence)))
        self._bytes(schema)
        writer.line(code("largest_reply=$,", data(self._largest_reply)))
        writer.line(code("seed=$,", data(self._seed)))
        types = types_in(feature.output.fields, self._names.module.record)
        lists = tuple(dict.fromkeys(type.field for type in types if isinstance(type, t.OneOfItems)))
        if lists:
            writer.line(code("lists=$,", data(tuple(self._names.field(each) for each in lists))))
        sources = self._sources()
        if sources:
            writer.line(code("sources=($,),", joined(", ", sources)))
        self._examples()
        if self._asks_caller():
            writer.line(code("asks_caller=True,"))
        conditional = tuple(
            path for field in feature.input.fields for path in self._conditional(field.type, f"input.{field.name}")
        )
        if conditional:
            writer.line(code("conditional=$,", data(conditional)))
        if feature.limitations:
            writer.string(code("limitations=("), feature.limitations, "),")
        writer.dedent()
        writer.line(code(")"))

    def _bytes(self, schema: bytes) -> None:
        pieces = [schema[at : at + WIDTH - 24] for at in range(0, len(schema), WIDTH - 24)]
        self._writer.line(code("schema=("))
        self._writer.indent()
        for piece in pieces:
            self._writer.line(data(piece))
        self._writer.dedent()
        self._writer.line(code("),"))

    def _model(self, model: OpenAIModel | RehearsalModel) -> tuple[Code, list[Code]]:
        if isinstance(model, RehearsalModel):
            return code("ps.Rehearsal"), []
        arguments = [
            code("name=$", data(model.name)),
            code("server=$", data(model.server)),
            code("api=$", data(model.api)),
            code("structured=$", data(model.structured)),
        ]
        if isinstance(model.base_url, Environment):
            arguments.append(code("base_url=ps.Env($)", data(model.base_url.name)))
        elif model.base_url is not None:
            arguments.append(code("base_url=$", data(model.base_url)))
        if model.key is not None:
            arguments.append(code("key=ps.Env($)", data(model.key.name)))
        if model.temperature is not None:
            arguments.append(code("temperature=$", data(model.temperature)))
        if model.effort is not None:
            arguments.append(code("effort=$", data(model.effort)))
        if model.base_url is not None and self._names.module.hosts:
            arguments.append(code("hosts=$", data(self._names.module.hosts)))
        return code("ps.OpenAI"), arguments

    def _sources(self) -> list[Code]:
        module = self._names.module
        types = types_in((*self._feature.input.fields, *self._feature.output.fields), module.record)
        found = {type.source for type in types if isinstance(type, t.OneOfSource)}
        # Only what this module has a name for: a record of another file brings its own sources.
        own = {s.name for s in module.sources if s.origin.file == module.file}
        own |= {n for each in module.imports for n in each.names}
        return [name(self._names.source(each)) for each in sorted(found & own)]

    def _examples(self) -> None:
        if not self._feature.examples:
            return
        writer = self._writer
        writer.line(code("examples=("))
        writer.indent()
        for example in self._feature.examples:
            reply = wire_value(self._names.module, self._feature, example.returns, example.given)
            arguments = [code("given=$", constant(example.given)), code("reply=$", data(reply))]
            if example.today is not None:
                arguments.append(code("today=$", data(example.today)))
            writer.call(code("ps.Example"), arguments, tail=",")
        writer.dedent()
        writer.line(code("),"))

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
        _signature(writer, code("$def $", prefix, name(method)), self._keywords(caller=True), result)
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
            if prefix.text:
                writer.line(code("return ($self.$($)).value", waits, name(target), same))
            else:
                writer.line(code("return self.$($).value", name(target), same))
        else:
            writer.line(code("return $self.$($, caller)", waits, name(target), self._fields()))
        writer.dedent()

    def _render_call(self) -> None:
        writer = self._writer
        writer.blank()
        keywords = self._keywords(caller=False)
        if self._asks_caller():
            keywords.append(code("caller: $", self._caller()))
        _signature(writer, code("def render"), keywords, code("ps.Rendered"))
        writer.indent()
        if self._asks_caller():
            writer.line(code("return self._rendered($, caller)", self._fields()))
        else:
            writer.line(code("return self._rendered($)", self._fields()))
        writer.dedent()

    def _conditional(self, type: t.Type, path: str) -> Iterator[str]:
        """Yield the paths below *path* of rows that stand under a `where`."""
        match type:
            case t.OneOfSource(where=where) if where is not None:
                yield path
            case t.ListOf(item=item):
                yield from self._conditional(item, f"{path}[]")
            case t.Group(name=group, file=file):
                for field in self._names.module.record(group, file).fields:
                    yield from self._conditional(field.type, f"{path}.{field.name}")
            case _:
                pass

    def _asks_caller(self) -> bool:
        types = types_in(self._feature.input.fields, self._names.module.record)
        return any(
            isinstance(part, e.Reference) and part.root == "caller"
            for type in types
            if isinstance(type, t.OneOfSource | t.OneOfItems) and type.where is not None
            for part in e.walk(type.where)
        )

    # What it asks, and what must hold

    def _prompt(self) -> None:
        writer = self._writer
        writer.blank()
        writer.line(
            code("def write_prompt(self, x: $, out: ps.Draft, today: dt.date) -> None:", name(self._feature.input.name))
        )
        writer.indent()
        Prompt(writer, self._names, self._expressions).write(self._feature.messages)
        writer.dedent()

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
        found = {f"where_{at}": block for at, block in enumerate(self._wheres(self._feature.input, "x", "input"))}
        found |= {rule.id: self._rule(rule) for rule in self._feature.requires}
        return found

    def _ensures(self) -> dict[str, list[Code]]:
        found = {f"where_{at}": block for at, block in enumerate(self._wheres(self._feature.output, "y", "output"))}
        found |= {rule.id: self._rule(rule) for rule in self._feature.ensures}
        return found

    def _rule(self, rule: Rule) -> list[Code]:
        condition = self._expressions.emit(rule.condition)
        when = self._expressions.emit(rule.when) if rule.when is not None else None
        exact = rounds(rule.condition) or (rule.when is not None and rounds(rule.when))
        holds = condition if when is None else code("(not $ or $)", when, condition)
        if exact:
            holds = code("ps.holds(lambda: $)", holds)
        broken = code(
            "yield ps.Violation(path=$, rule=$, message=$)", data(rule.path), data(rule.id), data(rule.message)
        )
        return [
            code("# $ line $", name_of_file(rule.origin.file), data(rule.origin.line)),
            code("if not $:", holds),
            code("    $", broken),
        ]

    def _wheres(self, record: t.Record, root: str, path: str) -> Iterator[list[Code]]:
        self._rows = 0
        for field in record.fields:
            place = code("$.$", name(root), name(self._names.field(field.name)))
            label = path if record is self._feature.output and self._feature.bare else f"{path}.{field.name}"
            yield from self._where(field.type, place, label, (), field.optional, 0)

    def _where(
        self, type: t.Type, place: Code, path: str, indexes: tuple[Code, ...], optional: bool, depth: int
    ) -> Iterator[list[Code]]:
        """Yield the lines that judge the conditions on rows in a value of *type* that stands at *place*."""
        match type:
            case t.OneOfSource(where=where) | t.OneOfItems(where=where) if where is not None:
                # Each row has a name of its own, for its class is its own.
                self._rows += 1
                row = name("row" if self._rows == 1 else f"row{self._rows}")
                condition = Expressions(self._names, row.text).emit(where)
                if rounds(where):
                    condition = code("ps.holds(lambda: $)", condition)
                check = [
                    code("$ = $", row, place),
                    code("if $ is not None and not $:", row, condition) if optional else code("if not $:", condition),
                    code(
                        '    yield ps.Violation(path=$, rule="one_of", message=ps.NOT_ON_OFFER)',
                        _indexed(path, indexes),
                    ),
                ]
                yield check
            case t.ListOf(item=item):
                index, each = name(f"at{depth}"), name(f"each{depth}")
                inner = list(self._where(item, each, f"{path}[]", (*indexes, index), False, depth + 1))
                if inner:
                    listed = code("$ or ()", place) if optional else place
                    yield [
                        code("for $, $ in enumerate($):", index, each, listed),
                        *(code("    $", line) for block in inner for line in block),
                    ]
            case t.Group(name=group, file=file):
                for field in self._names.module.record(group, file).fields:
                    inside = code("$.$", place, name(self._names.field(field.name)))
                    blocks = list(
                        self._where(field.type, inside, f"{path}.{field.name}", indexes, field.optional, depth)
                    )
                    if blocks and optional:
                        yield [
                            code("if $ is not None:", place),
                            *(code("    $", line) for block in blocks for line in block),
                        ]
                    else:
                        yield from blocks
            case _:
                pass


def _indexed(path: str, indexes: tuple[Code, ...]) -> Code:
    """Return `input.lines[3].sku` as Python writes it, with the loop's indexes in the brackets."""
    pieces = path.split("[]")
    found = data(pieces[0])
    for index, piece in zip(indexes, pieces[1:], strict=True):
        found = code("$ + $ + str($) + $", found, data("["), index, data("]" + piece))
    return found


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
