"""The plan of a feature: what the runtime has to know of it before a call."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from promptspec.codegen.code import WIDTH, Code, Writer, code, data, joined, name, name_of_file
from promptspec.codegen.limits import LimitWriter
from promptspec.codegen.names import Names
from promptspec.codegen.records import constant, vectors_name
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module
from promptspec.contract.keeping import KEPT_MS, is_kept
from promptspec.contract.models import Environment, OpenAIModel, RehearsalModel
from promptspec.contract.moderation import Moderator, PythonModerator, ServerModerator, WordModerator
from promptspec.contract.unasked import unasked
from promptspec.contract.walking import foreign_texts, types_in
from promptspec.contract.wire_value import wire_value
from promptspec.schema.wire import encode_schema, output_schema


class PlanWriter:
    """Writes the plan of one feature."""

    def __init__(self, writer: Writer, feature: Feature, names: Names, *, seed: str, largest_reply: int) -> None:
        self._writer = writer
        self._feature = feature
        self._names = names
        self._seed = seed
        self._largest_reply = largest_reply

    def write(self) -> None:
        """Write `plan = …`."""
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
        self._judges()
        self._moderations()
        writer.call(
            code("limits=ps.Limits"),
            [
                code("prompt=$", data(limits.prompt_tokens)),
                code("reply=$", data(limits.reply_tokens)),
                code("thinking=$", data(limits.thinking_tokens)),
                code("seconds=$", Code(repr(limits.time_ms / 1000))),
                code("retries=$", data(limits.retries)),
                code("repairs=$", data(limits.repairs)),
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
        if asks_caller(feature, self._names.module):
            writer.line(code("asks_caller=True,"))
        conditional = tuple(
            path
            for field in feature.input.fields
            for path in _conditional(field.type, f"input.{field.name}", self._names.module)
        )
        if conditional:
            writer.line(code("conditional=$,", data(conditional)))
        if feature.shortlists:
            writer.line(code("finds=True,"))
        self._embeddings()
        nothing = unasked(feature, self._names.module)
        if nothing is not None:
            writer.line(code("unasked=$,", data(nothing)))
        self._keeping()
        LimitWriter(writer, feature).write()
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

    def _judges(self) -> None:
        if not self._feature.judges:
            return
        writer = self._writer
        writer.line(code("judges=("))
        writer.indent()
        for judge in self._feature.judges:
            head, arguments = self._model(judge.model)
            writer.line(code("ps.Judge("))
            writer.indent()
            writer.call(code("model=$", head), arguments, tail=",")
            writer.line(code("decisions=$,", data(judge.decisions)))
            writer.dedent()
            writer.line(code("),"))
        writer.dedent()
        writer.line(code("),"))

    def _keeping(self) -> None:
        feature, writer = self._feature, self._writer
        if not is_kept(feature):
            return
        writer.line(code("keeping=ps.Keeping("))
        writer.indent()
        writer.line(code("seconds=$,", Code(repr((feature.keep_ms or KEPT_MS) / 1000))))
        review = feature.review
        if review is not None:
            arguments: list[Code] = []
            if review.show:
                arguments.append(code("show=$", data(review.show)))
            if review.within_ms is not None:
                arguments.append(code("within=$", Code(repr(review.within_ms / 1000))))
            if review.by:
                arguments.append(code("by=$", data(review.by)))
            if review.otherwise == "release":
                arguments.append(code("releases=True"))
            if review.callback:
                arguments.append(code("callback=$", data(review.callback)))
                arguments.append(code("hosts=$", data(review.hosts)))
            writer.call(code("review=ps.Review"), arguments, tail=",")
        if feature.sample is not None:
            writer.line(code("sample=$,", data(feature.sample.share)))
        report = feature.report
        if report is not None:
            arguments = [code("target=$", data(report.target)), code("hosts=$", data(report.hosts))]
            if report.shows_reply:
                arguments.append(code("shows_reply=True"))
            writer.call(code("report=ps.ReportTo"), arguments, tail=",")
        if feature.secrets:
            writer.line(code("seals=True,"))
        writer.dedent()
        writer.line(code("),"))

    def _embeddings(self) -> None:
        writer = self._writer
        found = [(each, each.embedding) for each in self._feature.shortlists if each.embedding is not None]
        if not found:
            return
        writer.line(code("embeddings=("))
        writer.indent()
        for each, embedding in found:
            head, arguments = self._model(embedding.model)
            writer.line(code("ps.Embedding("))
            writer.indent()
            writer.line(code("shortlist=$,", data(each.name)))
            writer.call(code("model=$", head), arguments, tail=",")
            writer.line(code("vectors=$,", data(vectors_name(each.source, embedding))))
            writer.dedent()
            writer.line(code("),"))
        writer.dedent()
        writer.line(code("),"))

    def _moderations(self) -> None:
        feature, writer, module = self._feature, self._writer, self._names.module
        if not feature.moderations:
            return
        writer.line(code("moderations=("))
        writer.indent()
        for each in feature.moderations:
            writer.line(code("# $ line $", name_of_file(each.origin.file), data(each.origin.line)))
            writer.line(code("ps.Moderation("))
            writer.indent()
            self._moderator(each.by)
            writer.line(code("input=$,", data(each.input)))
            writer.line(code("output=$,", data(each.output)))
            writer.dedent()
            writer.line(code("),"))
        writer.dedent()
        writer.line(code("),"))
        for side, record in (("looked_at_in", feature.input), ("looked_at_out", feature.output)):
            paths = tuple(foreign_texts(record.fields, module.record))
            named = tuple(tuple(s if s == "[]" else self._names.field(s) for s in path) for path in paths)
            if named and any(each.input if record is feature.input else each.output for each in feature.moderations):
                writer.line(code("$=$,", name(side), data(named)))

    def _moderator(self, by: Moderator) -> None:
        writer = self._writer
        match by:
            case ServerModerator():
                head, arguments = self._model(by.model)
                writer.line(code("by=ps.ByServer("))
                writer.indent()
                writer.call(code("model=$", head), arguments, tail=",")
                if by.blocks:
                    writer.line(code("blocks=$,", data(by.blocks)))
                if by.above:
                    writer.line(code("above=$,", data(by.above)))
            case WordModerator():
                writer.line(code("by=ps.ByWords("))
                writer.indent()
                writer.line(code("phrases=("))
                writer.indent()
                for phrase in by.phrases:
                    writer.line(code("$,", data(phrase)))
                writer.dedent()
                writer.line(code("),"))
            case PythonModerator():
                writer.line(code("by=ps.ByFunction("))
                writer.indent()
                writer.line(code("module=$,", data(by.module)))
                writer.line(code("function=$,", data(by.function)))
            case _:
                assert_never(by)
        writer.dedent()
        writer.line(code("),"))

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
        found |= {shortlist.source for shortlist in self._feature.shortlists}
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
            arguments = [code("given=$", constant(example.given))]
            if not self._feature.shortlists:  # else its numbers follow from what the snapshot holds
                reply = wire_value(self._names.module, self._feature, example.returns, example.given)
                arguments.append(code("reply=$", data(reply)))
            if example.today is not None:
                arguments.append(code("today=$", data(example.today)))
            writer.call(code("ps.Example"), arguments, tail=",")
        writer.dedent()
        writer.line(code("),"))


def asks_caller(feature: Feature, module: Module) -> bool:
    """Say whether a condition on rows of the input, or of a shortlist, asks who calls."""
    types = types_in(feature.input.fields, module.record)
    conditions = [type.where for type in types if isinstance(type, t.OneOfSource | t.OneOfItems)]
    conditions += [shortlist.where for shortlist in feature.shortlists]
    return any(
        isinstance(part, e.Reference) and part.root == "caller"
        for condition in conditions
        if condition is not None
        for part in e.walk(condition)
    )


def _conditional(type: t.Type, path: str, module: Module) -> Iterator[str]:
    """Yield the paths below *path* of rows that stand under a `where`."""
    match type:
        case t.OneOfSource(where=where) if where is not None:
            yield path
        case t.ListOf(item=item):
            yield from _conditional(item, f"{path}[]", module)
        case t.Group(name=group, file=file):
            for field in module.record(group, file).fields:
                yield from _conditional(field.type, f"{path}.{field.name}", module)
        case _:
            pass
