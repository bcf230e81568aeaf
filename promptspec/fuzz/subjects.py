"""A feature under test: its contract, its function, and the world in which it is called."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.contract.feature import Example, Feature, Fixed, For, If, Message, Module, Part, Print
from promptspec.contract.models import Environment, OpenAIModel
from promptspec.contract.moderation import Moderation, ServerModerator, WordModerator
from promptspec.contract.types import (
    Choice,
    Constant,
    Enumeration,
    Field,
    Group,
    ListOf,
    ObjectConstant,
    OneOfSource,
    Record,
)
from promptspec.contract.unasked import unasked
from promptspec.contract.walking import types_in
from promptspec.contract.wire_value import wire_value, with_shortlists
from promptspec.fuzz.echoes import windows
from promptspec.fuzz.reference import Finds, Rows
from promptspec.fuzz.reference_expressions import Names
from promptspec.fuzz.reference_prompt import Said, expected_messages
from promptspec.fuzz.reference_shortlists import shortlists_of
from promptspec.fuzz.reference_texts import OutOfFragment
from promptspec.fuzz.settling import own_shortlists, settle
from promptspec.ledger.opening import SEAL_KEY
from promptspec.live.wires import some_url
from promptspec.runtime.plan import ByFunction, ByServer, OpenAI
from promptspec.safety.callers import EXAMPLE_ID, ID_KEY
from promptspec.schema.wire import encode_schema, input_schema, output_schema
from promptspec.trials.plain import written
from promptspec.values.json_schema import SchemaJudge

if TYPE_CHECKING:
    import httpx2

    from promptspec.contract.tone import ToneRule
    from promptspec.fuzz.cases import Json
    from promptspec.models.port import Model
    from promptspec.ports import World
    from promptspec.runtime.feature import Feature as Running
    from promptspec.runtime.sources import Source

#: The day on which everything happens.
TODAY: Final = date(2026, 1, 31)
#: What must appear nowhere: the key of the hash of callers, and the keys of models.
SEAL_SECRET: Final = "fuzz-secret-of-the-ledger-and-its-texts-5e0b77"  # noqa: S105  it opens nothing
ID_SECRET: Final = "fuzz-secret-of-callers-7c41d09be2"  # noqa: S105  it opens nothing
MODEL_SECRET: Final = "sk-fuzz-secret-of-models-19f3a8c6d4"  # noqa: S105  it opens nothing
#: Sources of up to so many rows are read into memory; of larger ones rows are looked up.
_MOST_ROWS: Final = 200_000
#: So many keys of a source are drawn from.
MOST_KEYS: Final = 1_000
#: Inputs whose shortlists are remembered.
_MOST_REMEMBERED: Final = 2_000
#: Who calls where nothing depends on it.
READER: Final = "reader-1"
#: Rows of a source whose words inputs are made of, so that some of them are near to something.
_MOST_WORDED: Final = 12


def _is_openai(model: OpenAIModel) -> bool:
    return model.server == "openai" and model.base_url is None


@dataclass(frozen=True, slots=True)
class Spec:
    """Where the spec of a feature stands: its project's root, and its own path."""

    root: Path
    path: Path


class Subject:
    """One feature under test.

    *running* is its function. What it declares is read from the contract beside its module, never from the module
    itself, so that a module that was tampered with is still measured by what the spec says. *root* is that of the
    project, where the spec itself is at hand.
    """

    def __init__(self, running: Running[Any], *, today: date = TODAY, root: Path | None = None) -> None:
        self.running = running
        self.module: Module = running.module_contract
        self.feature: Feature = running.contract
        self.today = today
        self._found: dict[tuple[str, str, date], Mapping[str, list[Mapping[str, object]]]] = {}
        self._spec = None if root is None else Spec(root, root / self.module.file)
        #: The rows of each source by name, then by key: what the reference judges by.
        self.rows: Mapping[str, Mapping[str, Mapping[str, object]]] = {
            source.name: _Rows(source, self._declared_rows(source.name)) for source in running.plan.sources
        }

    def _declared_rows(self, name: str) -> dict[str, dict[str, object]] | None:
        """Return the rows that the spec itself writes down, by their keys; None where they stand in a file."""
        source = next((source for source in self.module.sources if source.name == name), None)
        if source is None or source.kind != "rows":
            return None
        return {row.key: {source.key: row.key, source.label: row.label} for row in source.rows}

    @property
    def name(self) -> str:
        """The name of the feature."""
        return self.feature.name

    def take_spec(self) -> Spec | None:
        """Return where the spec stands, the first time and where it is known: it is compiled again but once."""
        spec, self._spec = self._spec, None
        return spec

    def __repr__(self) -> str:
        return f"Subject({self.module.file}:{self.name})"

    def record(self, name: str, file: str) -> Record:
        """Return the record that a Group names."""
        return self.module.record(name, file)

    def enum(self, type: Choice) -> Enumeration:
        """Return the enum that a Choice names."""
        return self.module.enum(type)

    def keys(self, type: OneOfSource) -> tuple[str, ...]:
        """Return up to MOST_KEYS keys of the source that *type* names; a `where` is not looked at."""
        rows = cast("_Rows", self.rows[type.source])
        return rows.first_keys

    @property
    def environment(self) -> dict[str, str]:
        """The environment of every call: secrets that must not leak, and what the models name."""
        found = {ID_KEY: f"k1:{ID_SECRET}"}
        if self.feature.secrets:
            found[SEAL_KEY] = SEAL_SECRET
        moderators = [each.by.model for each in self.feature.moderations if isinstance(each.by, ServerModerator)]
        for model in (*self.feature.models, *(judge.model for judge in self.feature.judges), *moderators):
            if isinstance(model, OpenAIModel):
                found[model.key.name if model.key else "OPENAI_API_KEY"] = MODEL_SECRET
                if isinstance(model.base_url, Environment):
                    found[model.base_url.name] = some_url(self.module.hosts)
        return found

    @cached_property
    def judged_rules(self) -> tuple[ToneRule, ...]:
        """The rules that a model judges, in order: `s1` in a request is the first of them."""
        return tuple(rule for rule in self.feature.tone if rule.is_judged)

    @cached_property
    def thresholds(self) -> Mapping[str, Decimal]:
        """How likely each statement has to be, by its name in a request."""
        found = {f"s{at}": getattr(rule.kind, "threshold", None) for at, rule in enumerate(self.judged_rules, 1)}
        return {name: least for name, least in found.items() if least is not None}

    def connect_judges(self, transports: Callable[[int], httpx2.AsyncBaseTransport], world: World) -> tuple[Model, ...]:
        """Return who judges the feature's replies, the one in place *n* speaking over `transports(n)`."""
        judges = self.running.plan.judges
        return tuple(judge.connect(world, transports(place)) for place, judge in enumerate(judges))

    def connect_moderators(
        self, transports: Callable[[int], httpx2.AsyncBaseTransport], functions: Callable[[int], Model], world: World
    ) -> tuple[Model, ...]:
        """Return who moderates: the server in place *n* over `transports(n)`, the function there as `functions(n)`."""
        found: list[Model] = []
        for place, each in enumerate(self.running.plan.moderations):
            if isinstance(each.by, ByServer):
                found.append(each.by.connect(world, transports(place)))
            elif isinstance(each.by, ByFunction):
                found.append(functions(place))
        return tuple(found)

    def is_inline(self, moderation: Moderation) -> bool:
        """Say whether *moderation* comes beside the answers of the feature's models: all of them are OpenAI's own."""
        servers = [each.by for each in self.feature.moderations if isinstance(each.by, ServerModerator)]
        beside = [by.model.name for by in servers if _is_openai(by.model)]
        models = [model for model in self.feature.models if isinstance(model, OpenAIModel)]
        by = moderation.by
        return isinstance(by, ServerModerator) and by.model.name in beside[:1] and all(map(_is_openai, models))

    def connect(self, transports: Callable[[int], httpx2.AsyncBaseTransport], world: World) -> tuple[Model, ...]:
        """Return the feature's own models, the one in place *n* speaking over `transports(n)`.

        A feature that names only `rehearsal()` gets one model of OpenAI's, so that its checks are tried as well.
        """
        plans = [plan for plan in self.running.plan.models if isinstance(plan, OpenAI)] or [_STAND_IN]
        return tuple(plan.connect(world, transports(place)) for place, plan in enumerate(plans))

    @cached_property
    def input_judge(self) -> SchemaJudge:
        """The JSON Schema of the input, as a judge of its own."""
        return SchemaJudge(encode_schema(input_schema(self.module, self.feature)).decode(), as_written=True)

    @cached_property
    def output_judge(self) -> SchemaJudge:
        """The JSON Schema of the reply as it travels, as a judge of its own."""
        return SchemaJudge(self.wire_schema, as_written=True)

    @cached_property
    def wire_schema(self) -> str:
        """The JSON Schema of the reply as it travels, encoded."""
        return encode_schema(output_schema(self.module, self.feature)).decode()

    @cached_property
    def sent_schemas(self) -> tuple[bytes, bytes]:
        """The schema of the reply as a request may hold it: as JSON, or inside of a text."""
        return self.wire_schema.encode(), json.dumps(self.wire_schema, ensure_ascii=False)[1:-1].encode()

    @cached_property
    def example_messages(self) -> tuple[tuple[Said, ...], ...]:
        """The messages of each example, without its reply."""
        found: list[tuple[Said, ...]] = []
        for example in self.feature.examples:
            today = example.today or date.today()
            given = written(example.given)
            settled = settle(self, given, today)
            assert settled is not None, "an example is valid, or the spec would not compile"
            names = Names(input=settled, output={}, today=today, caller=EXAMPLE_ID)
            shortlists = self.finds(given)(self.module, self.feature, names, self.rows)
            found.append(expected_messages(self, settled, shortlists, caller=EXAMPLE_ID, today=today))
        return tuple(found)

    @cached_property
    def example_replies(self) -> tuple[str, ...]:
        """The reply of each example, as the wire has it."""
        return tuple(self._example_reply(example) for example in self.feature.examples)

    def _example_reply(self, example: Example) -> str:
        given = written(example.given)
        keys = self.shortlisted_keys(given, caller=EXAMPLE_ID, today=example.today)
        return wire_value(self.module, self.feature, example.returns, with_shortlists(given, keys.items()))

    # Shortlists

    def finds(self, given: object) -> Finds:
        """Return what makes the shortlists of the input *given*: the reference, and of large sources the module."""

        def found(
            module: Module, feature: Feature, names: Names, rows: Rows
        ) -> Mapping[str, list[Mapping[str, object]]]:
            if not feature.shortlists:
                return {}
            name = (json.dumps(given, default=str, sort_keys=True), names.caller, names.today)
            known = self._found.get(name)
            if known is None:
                if len(self._found) >= _MOST_REMEMBERED:
                    self._found.clear()
                try:
                    known = shortlists_of(module, feature, names, rows)
                except OutOfFragment:
                    known = own_shortlists(self, given, caller=names.caller, today=names.today)
                self._found[name] = known
            return known

        return found

    def shortlisted_keys(
        self, given: object, *, caller: str = READER, today: date | None = None
    ) -> dict[str, list[str]]:
        """Return the keys of each shortlist of the input *given* by its name; {} where the input is refused."""
        day = today or self.today
        settled = settle(self, given, day) if self.feature.shortlists else None
        if settled is None:
            return {}
        names = Names(input=settled, output={}, today=day, caller=caller)
        found = self.finds(given)(self.module, self.feature, names, self.rows)
        keys = {each.name: self.module.source(each.source, each.file).key for each in self.feature.shortlists}
        return {name: [str(row[keys[name]]) for row in rows] for name, rows in found.items()}

    @cached_property
    def unasked(self) -> Json:
        """The value of the wire where all shortlists are empty and nobody need be asked; None for none."""
        text = unasked(self.feature, self.module)
        return None if text is None else json.loads(text)

    @cached_property
    def private_words(self) -> frozenset[str]:
        """Runs of words of the prompt's fixed text that no reply may repeat; limitations are for everybody."""
        public = self.feature.limitations.strip()
        fixed = "\0".join(_fixed(self.feature))
        return windows((fixed.replace(public, "\0") if public else fixed).split("\0"))

    @cached_property
    def conditional(self) -> frozenset[str]:
        """The paths of inputs whose rows stand under a `where`, with `[]` for an index."""
        return frozenset(_conditional(self, self.feature.input, "input"))

    @cached_property
    def own_text(self) -> str:
        """All the words of the spec in one text, the names of its models among them, to look words up in."""
        models = (*self.feature.models, *(judge.model for judge in self.feature.judges))
        return "\n".join((*self.literals, *(model.name for model in models if isinstance(model, OpenAIModel))))

    @cached_property
    def literals(self) -> tuple[str, ...]:
        """The words that the spec itself uses: names, members, fixed text, examples. Forgeries are made of them."""
        words = (*_literals(self.module, self.feature), *self._near_words())
        return tuple(dict.fromkeys(word for word in words if word.strip()))

    def _near_words(self) -> Iterator[str]:
        """Yield texts of the rows that shortlists are made of: what is said in them is near to something."""
        for each in self.feature.shortlists:
            source = self.module.source(each.source, each.file)
            for row in islice(self.rows[each.source].values(), _MOST_WORDED):
                for column in source.searched:
                    yield from str(row[column.name] or "").splitlines()[:1]


#: For features that ask nobody.
_STAND_IN: Final = OpenAI(name="stand-in", server="openai", api="chat", structured="json_schema")


class _Rows(Mapping[str, Mapping[str, object]]):
    """The rows of one source by their keys, read once where they are few."""

    def __init__(self, source: Source[Any], declared: dict[str, dict[str, object]] | None) -> None:
        self._source = source.as_built
        self._declared = declared

    @cached_property
    def _known(self) -> dict[str, dict[str, object]] | None:
        if self._declared is not None:
            return self._declared
        if len(self._source) > _MOST_ROWS:
            return None
        return {str(cells[self._source.key]): cells for cells in map(self._cells, self._source)}

    @cached_property
    def first_keys(self) -> tuple[str, ...]:
        """Up to MOST_KEYS keys, spread over the whole source."""
        if self._known is not None:
            step = max(len(self._known) // MOST_KEYS, 1)
            return tuple(self._known)[::step][:MOST_KEYS]
        return tuple(
            str(getattr(row, self._source.key)) for _, row in zip(range(MOST_KEYS), self._source, strict=False)
        )

    def _cells(self, row: object) -> dict[str, object]:
        return {
            field.serialization_alias or name: getattr(row, name)
            for name, field in cast("Any", type(row)).model_fields.items()
        }

    def __getitem__(self, key: str) -> Mapping[str, object]:
        if self._known is not None:
            return self._known[key]
        row = self._source.find(key)
        if row is None:
            raise KeyError(key)
        return self._cells(row)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known) if self._known is not None else iter(self.first_keys)

    def __len__(self) -> int:
        return len(self._source)


def _conditional(subject: Subject, record: Record, path: str) -> Iterator[str]:
    for field in record.fields:
        type, here = field.type, f"{path}.{field.name}"
        while isinstance(type, ListOf):
            type, here = type.item, f"{here}[]"
        if isinstance(type, OneOfSource) and type.where is not None:
            yield here
        elif isinstance(type, Group):
            yield from _conditional(subject, subject.record(type.name, type.file), here)


def _fixed(feature: Feature) -> Iterator[str]:
    for message in feature.messages:
        if isinstance(message, Message):
            yield from _fixed_parts(message.parts)


def _fixed_parts(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        match part:
            case Fixed(text=text):
                yield text
            case If():
                for branch in part.branches:
                    yield from _fixed_parts(branch.body)
                yield from _fixed_parts(part.otherwise)
            case For():
                yield from _fixed_parts(part.body)
            case Print():
                continue


def _literals(module: Module, feature: Feature) -> Iterator[str]:
    yield feature.name
    for record in (feature.input, feature.output):
        yield from _names(record.fields)
        for type in types_in(record.fields, module.record):
            if isinstance(type, Choice):
                yield from (member.name for member in module.enum(type).members)
                yield from (member.label for member in module.enum(type).members)
    for part in (part for message in feature.messages for part in getattr(message, "parts", ())):
        path, text = getattr(part, "path", ""), getattr(part, "text", "")
        if path:
            yield f"[[{path}]]"
            yield f"[[/{path}]]"
        yield from (line.strip() for line in text.splitlines())
    for moderation in feature.moderations:
        if isinstance(moderation.by, WordModerator):
            yield from moderation.by.phrases[:50]
    for example in feature.examples:
        yield from _texts(example.given)
        yield from _texts(example.returns)
    for case in feature.cases:
        yield from _texts(case.given)
        if case.wire is not None:
            yield case.wire


def _names(fields: tuple[Field, ...]) -> Iterator[str]:
    for field in fields:
        yield field.name
        yield from _texts(field.default)


def _texts(value: Constant) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, ObjectConstant):
        for name, item in value.entries:
            yield name
            yield from _texts(item)
