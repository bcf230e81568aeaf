"""A feature as written to a feature as checked."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar, cast

from promptspec.check.budgets import derived_reply_tokens, largest_json, prompt_bounds, smallest_json
from promptspec.check.cases import Cases
from promptspec.check.desk import Desk
from promptspec.check.expressions import Expressions
from promptspec.check.later import later_parts
from promptspec.check.limits import Declared, check_limits
from promptspec.check.models import Models
from promptspec.check.names import Names
from promptspec.check.prompts import FENCE_NOTE, Prompts, default_prompt, expressions_of, fields_read, has_fences
from promptspec.check.scalars import report_no_hosts
from promptspec.check.scope import Scope, pascal
from promptspec.check.shapes import Facts, Typed, shape, value_of
from promptspec.check.types import MOST_DEPTH, MOST_FIELDS, Types
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import (
    CallerLevel,
    Case,
    Example,
    Feature,
    Fixed,
    History,
    Limits,
    Message,
    Model,
    Module,
    OpenAIModel,
    Rule,
    Source,
)
from promptspec.contract.walking import types_in
from promptspec.diagnostics import Label, did_you_mean
from promptspec.safety.callers import LEVELS
from promptspec.schema.profiles import misfits
from promptspec.schema.wire import encode_schema, output_schema
from promptspec.syntax import tree
from promptspec.text import Span
from promptspec.values.units import BYTES_A_TOKEN

C = TypeVar("C", bound=tree.Clause)

#: Clauses that may stand in a feature more than once.
_REPEATABLE = (tree.RequireClause, tree.EnsureClause, tree.CaseClause, tree.ExamplesFrom)
_NAMES: dict[type[tree.Clause], str] = {
    tree.ModelClause: "model",
    tree.InputClause: "input",
    tree.OutputClause: "output",
    tree.PromptClause: "prompt",
    tree.FenceClause: "fence",
    tree.LimitsClause: "limits",
    tree.CallerClause: "caller",
    tree.LimitationsClause: "limitations",
}


@dataclass(frozen=True, slots=True)
class _Declarations:
    """The facts of one file, as the checks ask for them."""

    scope: Scope
    types: Types

    def record(self, group: t.Group) -> t.Record:
        return self.record_named(group.name, group.file)

    def record_named(self, name: str, file: str) -> t.Record:
        return self.types.record(t.Group(name=name, file=file))

    def source(self, name: str) -> Source:
        return self.scope.sources[name]

    def members(self, choice: t.Choice) -> tuple[str, ...]:
        return tuple(member.name for member in self.scope.enums[choice.name].members)


class FeatureCheck:
    """Checks one feature. Each step goes on after the problems of the one before."""

    def __init__(
        self, desk: Desk, scope: Scope, types: Types, models: Models, declared: tree.FeatureDeclaration
    ) -> None:
        self._desk = desk
        self._scope = scope
        self._types = types
        self._models = models
        self._declared = declared
        self._facts: Facts = _Declarations(scope, types)
        self._class = pascal(declared.name.text)
        self._before = len(desk.report.errors)
        self._torn = any(d.code < "PS2" and d.span.within(declared.span) for d in desk.report.errors)
        self._lost_defaults = False
        self._inputs: tuple[t.Field, ...] | None = None
        self._clauses = self._gathered()

    # Clauses

    def _gathered(self) -> tuple[tree.Clause, ...]:
        """Return the feature's clauses, after those that it takes from `defaults` and does not replace."""
        own = self._declared.clauses
        mine = {type(clause) for clause in own if not isinstance(clause, _REPEATABLE)}
        shared: list[tree.Clause] = []
        for name in self._declared.defaults:
            declaration = self._scope.declarations.get(name.text)
            if not isinstance(declaration, tree.DefaultsDeclaration):
                self._lost_defaults = True
                if name.text in self._scope.lost:
                    continue
                known = [n for n in self._scope.declarations if self._scope.kind(n) == "defaults"]
                self._desk.add(
                    "PS202", name.span, f"there are no defaults `{name.text}`", help=did_you_mean(name.text, known)
                )
                continue
            shared += [clause for clause in declaration.clauses if type(clause) not in mine]
        clauses = (*shared, *own)
        self._refuse_twice(clauses)
        for clause in clauses:
            for span, what in later_parts(clause):
                self._desk.later(span, what)
        return clauses

    def _refuse_twice(self, clauses: tuple[tree.Clause, ...]) -> None:
        seen: dict[type[tree.Clause], tree.Clause] = {}
        for clause in clauses:
            kind = type(clause)
            if kind in _NAMES and kind in seen:
                self._desk.add(
                    "PS206",
                    clause.span,
                    f"`{_NAMES[kind]}` stands twice in this feature",
                    labels=[Label(span=seen[kind].span, message="it stands here first")],
                    help="join them, or drop one",
                )
            seen.setdefault(kind, clause)

    def _all(self, kind: type[C]) -> list[C]:
        return [clause for clause in self._clauses if isinstance(clause, kind)]

    def _one(self, kind: type[C]) -> C | None:
        found = self._all(kind)
        return found[0] if found else None

    def _require_clause(self, kind: type[C], example: str) -> C | None:
        found = self._one(kind)
        if found is None and not self._lost_defaults and not self._is_torn(kind):
            self._desk.add(
                "PS207",
                self._declared.name.span,
                f"feature `{self._declared.name.text}` has no `{_NAMES[kind]}`",
                help=f"add `{example}`",
            )
        return found

    def _is_torn(self, kind: type[tree.Clause]) -> bool:
        """Say whether a clause of *kind* stands in the feature and could not be read, which has been said."""
        if kind is tree.OutputClause and self._one(tree.ReservedOutput):
            return True
        span = self._declared.span
        written = self._desk.text.content[span.start : span.end]
        return self._torn and re.search(rf"(?:^|\{{)[ \t]*{_NAMES[kind]}\b(?!\s*:)", written, re.MULTILINE) is not None

    # The whole

    def check(self, module: Callable[[tuple[Feature, ...]], Module]) -> Feature | None:
        """Return the checked feature; None where something kept it from being checked as a whole.

        *module* makes the module that the feature stands in, for what is asked of both.
        """
        desk = self._desk
        caller = self._caller()
        inputs = self._require_clause(tree.InputClause, "input { message: text(..2_000) }")
        outputs = self._require_clause(tree.OutputClause, "output text(..280)")
        model = self._require_clause(tree.ModelClause, 'model "gpt-5.6-luna"')
        limits = check_limits(desk, self._one(tree.LimitsClause))
        fence = self._fence()
        if inputs is None or outputs is None:
            return None
        input = self._input(inputs, caller)
        output = self._output(outputs)
        if input is None or output is None or self._torn or self._one(tree.FindClause):
            return None  # what else could be said here would only follow from what has been said
        bare = not isinstance(outputs.type, tree.RecordType)
        self._bounded(input, output)
        self._choices(output, outputs)
        messages, used = self._prompt(input)
        requires = self._requires(input, used)
        ensures = self._ensures(input, output, bare, used)
        cases = Cases(desk=desk, scope=self._scope, types=self._types, input=input, output=output, bare=bare)
        examples = self._examples(cases, self._asks_today(input, output, (*requires, *ensures), messages))
        others = tuple(
            case
            for clause in self._all(tree.CaseClause)
            if clause.kind != "example" and (case := cases.case(clause)) is not None
        )
        if model is None or len(desk.report.errors) > self._before:
            if model is not None:
                self._models.of(model, fits_strict=True)
            return None
        self._unused(inputs, input, output, used)
        return self._whole(
            module, model, caller, input, output, bare, messages, fence, requires, ensures, limits, examples, others
        )

    def _whole(
        self,
        module: Callable[[tuple[Feature, ...]], Module],
        model: tree.ModelClause,
        caller: CallerLevel,
        input: t.Record,
        output: t.Record,
        bare: bool,
        messages: tuple[Message | History, ...],
        fence: str,
        requires: tuple[Rule, ...],
        ensures: tuple[Rule, ...],
        limits: Declared,
        examples: tuple[Example, ...],
        others: tuple[Case, ...],
    ) -> Feature | None:
        limitations = self._one(tree.LimitationsClause)
        draft = Feature(
            name=self._declared.name.text,
            class_name=self._class,
            doc=self._declared.doc.text if self._declared.doc else "",
            models=(),
            input=input,
            output=output,
            bare=bare,
            messages=self._with_notes(messages, limitations),
            fence="json" if fence == "json" else "tags",
            requires=requires,
            ensures=ensures,
            limits=Limits(reply_tokens=1, reply_derived=True),
            caller=caller,
            limitations=limitations.text.value if limitations else "",
            examples=examples,
            cases=others,
            largest_prompt=0,
            smallest_prompt=0,
            origin=self._desk.origin(self._declared.span),
        )
        schema = cast("dict[str, object]", output_schema(module((draft,)), draft))
        models = self._modelled(model, schema)
        budget = self._budget(draft, schema, limits)
        if models is None or budget is None:
            return None
        self._room_to_think(models, limits)
        return replace(budget, models=models)

    # Parts

    def _caller(self) -> CallerLevel:
        clause = self._one(tree.CallerClause)
        if clause is None:
            return "session"
        level = clause.level.text
        if level not in LEVELS:
            self._desk.add(
                "PS202",
                clause.level.span,
                f"there is no caller `{level}`",
                help=did_you_mean(level, LEVELS) or "callers are `anyone`, `session`, `signed_in`, `verified`",
            )
            return "session"
        return cast("CallerLevel", level)

    def _fence(self) -> str:
        clause = self._one(tree.FenceClause)
        if clause is None:
            return "tags"
        mode = clause.mode.text
        if mode not in ("tags", "json", "datamark"):
            self._desk.add(
                "PS202",
                clause.mode.span,
                f"there is no fence `{mode}`",
                help=did_you_mean(mode, ("tags", "json")) or "fences are `tags` and `json`",
            )
        return mode

    def _input(self, clause: tree.InputClause, caller: CallerLevel) -> t.Record | None:
        types = self._types
        self._inputs = None
        types.seen, types.lists, types.where = [], {}, self._where(caller)
        types.unknown = frozenset(clause.name.text for clause in self._all(tree.FindClause))
        fields = types.fields(clause.fields, "input", self._class)
        if not clause.fields:
            if not self._torn:
                self._desk.add("PS207", clause.span, "the input has no fields", help="add what the feature takes in")
            return None
        if len(fields) != len(clause.fields):
            types.unknown |= {field.name.text for field in clause.fields}
            return None
        for each in fields:
            listed = each.type
            if (
                isinstance(listed, t.ListOf)
                and isinstance(listed.item, t.Group)
                and not each.optional
                and self._facts.record(listed.item).key is not None
            ):
                types.lists[each.name] = listed
        self._inputs = fields
        return t.Record(name=f"{self._class}Input", fields=fields, origin=self._desk.origin(clause.span))

    def _output(self, clause: tree.OutputClause) -> t.Record | None:
        origin = self._desk.origin(clause.span)
        name = f"{self._class}Output"
        if isinstance(clause.type, tree.RecordType):
            if clause.optional:
                self._desk.add("PS312", clause.span, "a whole record is not optional", help="make its fields optional")
                return None
            fields = self._types.fields(clause.type.fields, "output", name)
            if len(fields) != len(clause.type.fields) or not fields:
                return None
        else:
            type = self._types.type(clause.type, "output", f"{name}Answer")
            if type is None:
                return None
            fields = (t.Field(name="answer", type=type, optional=clause.optional, origin=origin),)
        output = t.Record(name=name, fields=fields, origin=origin)
        return output if self._can_be_replied(output, clause) else None

    def _can_be_replied(self, output: t.Record, clause: tree.OutputClause) -> bool:
        """Report defaults and addresses without hosts, in the records of the output too."""
        sound = True
        work: list[tuple[t.Field, tuple[str, ...]]] = [(field, (field.name,)) for field in output.fields]
        while work:
            field, path = work.pop()
            place = self._place_of(path, clause) or clause.span
            if field.has_default:
                self._desk.add("PS312", place, "an output has no defaults", help="a reply says every field; use `?`")
                sound = False
            type = field.type
            while isinstance(type, t.ListOf):
                type = type.item
            if isinstance(type, t.Group):
                work += [(inner, (*path, inner.name)) for inner in self._facts.record(type).fields]
            elif isinstance(type, t.Url) and not type.hosts:
                report_no_hosts(self._desk, place)
                sound = False
        return sound

    def _where(self, caller: CallerLevel) -> Callable[[tree.Expr, t.OneOfSource | t.OneOfItems], e.Expression | None]:
        def check(written: tree.Expr, chosen: t.OneOfSource | t.OneOfItems) -> e.Expression | None:
            columns = (
                self._facts.source(chosen.source).columns
                if isinstance(chosen, t.OneOfSource)
                else self._facts.record_named(chosen.record, chosen.file).fields
            )
            row = {
                c.name: value_of(c, self._facts, e.Reference(root="row", steps=(c.name,)), f"row.{c.name}")
                for c in columns
            }
            given = len(self._types.seen) if self._inputs is None else len(self._inputs)
            inputs = self._references(tuple(self._types.seen[:given]), "input")
            outputs = self._references(tuple(self._types.seen[given:]), "output")
            roots: dict[str, dict[str, Typed]] = {"input": inputs, "output": outputs}
            above = {**inputs, **outputs}
            if caller != "anyone":
                id = Typed(
                    expression=e.Reference(root="caller", steps=("id",)),
                    kind="text",
                    trust=t.Trust.OPEN,
                    path="caller.id",
                )
                roots["caller"] = {"id": id}
            names = Names(bare={**above, **row}, roots=roots)
            found = Expressions(desk=self._desk, facts=self._facts).condition(written, names)
            return None if found is None else found.expression

        return check

    def _references(self, fields: tuple[t.Field, ...], root: str) -> dict[str, Typed]:
        prefix = "" if root == "input" else f"{root}."
        place = e.Reference(root="input" if root == "input" else "output")
        return {
            each.name: value_of(each, self._facts, replace(place, steps=(each.name,)), f"{prefix}{each.name}")
            for each in fields
        }

    def _bounded(self, input: t.Record, output: t.Record) -> None:
        """Expanded fields and depth stay within what rule 4 allows."""
        count, depth = 0, 0
        work: list[tuple[t.Type, int]] = [(f.type, 1) for f in (*input.fields, *output.fields)]
        while work and count <= MOST_FIELDS:
            type, level = work.pop()
            count += 1
            depth = max(depth, level)
            if isinstance(type, t.ListOf):
                work.append((type.item, level))
            elif isinstance(type, t.Group):
                work += [(f.type, level + 1) for f in self._facts.record(type).fields]
        if count > MOST_FIELDS or depth > MOST_DEPTH:
            self._desk.add(
                "PS309",
                self._declared.name.span,
                f"`{self._declared.name.text}` has more than {MOST_FIELDS:,} fields, counted with those of records"
                if count > MOST_FIELDS
                else f"records of `{self._declared.name.text}` stand more than {MOST_DEPTH} deep in each other",
                help="split the feature, or make its records flatter",
            )

    def _choices(self, output: t.Record, clause: tree.OutputClause) -> None:
        """A reply chooses from a whole source only where the source is small, closed and pinned (rule 10)."""
        for type in types_in(output.fields, self._facts.record_named):
            if not isinstance(type, t.OneOfSource):
                continue
            source = self._facts.source(type.source)
            if source.small_keys is None:
                why, help = (
                    f"has {source.size:,} rows",
                    "let it choose from a list of the input whose record has a `key`",
                )
            elif not source.trusted:
                why, help = "is open", "write `trust curated` in the source, if its file is as well kept as the spec"
            elif not source.keys_are_closed:
                why, help = "has keys that are open", "make keys of letters, digits, `.`, `_`, `:` and `-`"
            else:
                continue
            self._desk.add(
                "PS504",
                clause.span,
                f"a reply cannot choose from `{type.source}`, which {why}",
                help=help,
            )

    def _prompt(self, input: t.Record) -> tuple[tuple[Message | History, ...], set[str]]:
        bare = self._references(input.fields, "input")
        names = Names(bare=bare, roots={"input": bare})
        clause = self._one(tree.PromptClause)
        if clause is None:
            doc = self._declared.doc.text if self._declared.doc else ""
            origin = self._desk.origin(self._declared.span)
            messages = default_prompt(
                self._declared.name.text, doc, input, self._facts, names, origin, frozenset(self._types.lists)
            )
            return messages, {f.name for f in input.fields}
        prompts = Prompts(desk=self._desk, facts=self._facts, names=names, input=input)
        messages = prompts.check(clause)
        return messages, prompts.used

    def _with_notes(
        self, messages: tuple[Message | History, ...], limitations: tree.LimitationsClause | None
    ) -> tuple[Message | History, ...]:
        """Put what the compiler adds before the author's system text: it is static, so prompt caches hit."""
        notes = FENCE_NOTE if has_fences(messages) else ""
        if limitations is not None:
            notes += f"Known limitations: {limitations.text.value.strip()}\n"
        if not notes:
            return messages
        first = messages[0] if messages else None
        if isinstance(first, Message) and first.role == "system":
            return (replace(first, parts=(Fixed(text=notes), *first.parts)), *messages[1:])
        origin = self._desk.origin(self._declared.span)
        return (Message(role="system", parts=(Fixed(text=notes),), origin=origin), *messages)

    def _requires(self, input: t.Record, used: set[str]) -> tuple[Rule, ...]:
        bare = self._references(input.fields, "input")
        names = Names(bare=bare, roots={"input": bare})
        rules: list[Rule] = []
        for number, clause in enumerate(self._all(tree.RequireClause), 1):
            rule = self._rule(clause, names, f"require_{number}", "input", used)
            if rule is not None:
                rules.append(rule)
        return tuple(rules)

    def _ensures(self, input: t.Record, output: t.Record, bare: bool, used: set[str]) -> tuple[Rule, ...]:
        inputs = self._references(input.fields, "input")
        outputs = {} if bare else self._references(output.fields, "output")
        whole: dict[str, Typed] = {}
        if bare:
            answer = output.fields[0]
            whole["output"] = shape(
                answer.type, self._facts, e.Reference(root="answer"), "output", optional=answer.optional
            )
        both = set(inputs) & set(outputs)
        names = Names(
            bare={name: value for name, value in {**inputs, **outputs}.items() if name not in both},
            roots={"input": inputs} if bare else {"input": inputs, "output": outputs},
            whole=whole,
            clashes={name: f"write `input.{name}` or `output.{name}`" for name in both},
        )
        rules: list[Rule] = []
        for number, clause in enumerate(self._all(tree.EnsureClause), 1):
            if clause.drop:  # reported with the other clauses of later versions
                continue
            rule = self._rule(clause, names, f"ensure_{number}", "output", used)
            if rule is not None:
                rules.append(rule)
        return tuple(rules)

    def _rule(
        self, clause: tree.RequireClause | tree.EnsureClause, names: Names, id: str, path: str, used: set[str]
    ) -> Rule | None:
        expressions = Expressions(desk=self._desk, facts=self._facts)
        when = None if clause.when is None else expressions.condition(clause.when, names)
        if clause.when is not None:
            names = names.knowing(expressions.proves(clause.when, names, True))
        condition = expressions.condition(clause.condition, names)
        if condition is None or (clause.when is not None and when is None):
            return None
        used |= fields_read(condition.expression) | (fields_read(when.expression) if when else set())
        return Rule(
            id=id,
            condition=condition.expression,
            when=when.expression if when else None,
            message=clause.message.value,
            path=_blamed(condition.expression, path),
            origin=self._desk.origin(clause.span),
        )

    def _asks_today(
        self, input: t.Record, output: t.Record, rules: tuple[Rule, ...], messages: tuple[Message | History, ...]
    ) -> bool:
        """Say whether a call of the feature depends on the date."""
        asked = [part for rule in rules for part in (rule.condition, rule.when) if part is not None]
        asked += [
            part for message in messages if isinstance(message, Message) for part in expressions_of(message.parts)
        ]
        if any(isinstance(each, e.Reference) and each.root == "today" for part in asked for each in e.walk(part)):
            return True
        types = types_in((*input.fields, *output.fields), self._facts.record_named)
        return any("today" in (type.least, type.most) for type in types if isinstance(type, t.Date))

    def _examples(self, cases: Cases, asks_today: bool) -> tuple[Example, ...]:
        written = [
            example
            for clause in self._all(tree.CaseClause)
            if clause.kind == "example" and (example := cases.example(clause, asks_today=asks_today)) is not None
        ]
        for clause in self._all(tree.ExamplesFrom):
            written += cases.from_file(clause)
        return tuple(written)

    def _unused(self, clause: tree.InputClause, input: t.Record, output: t.Record, used: set[str]) -> None:
        for type in types_in((*input.fields, *output.fields), self._facts.record_named):
            if isinstance(type, t.OneOfItems):
                used |= {type.field}
            if isinstance(type, t.OneOfItems | t.OneOfSource):
                used |= fields_read(type.where)
        for written in clause.fields:
            name = written.name.text
            if name not in used:
                self._desk.add(
                    "PS402",
                    written.name.span,
                    f"the prompt does not use `{name}`",
                    help="print it with `{{ " + name + " }}`, or take it out",
                )

    def _modelled(self, clause: tree.ModelClause, schema: dict[str, object]) -> tuple[Model, ...] | None:
        found = misfits(schema)
        self._models.strict_at = None
        models = self._models.of(clause, fits_strict=not found)
        strict_at = self._models.strict_at
        if models is None and found and strict_at is not None:
            output = self._one(tree.OutputClause)
            for misfit in found:
                self._desk.add(
                    "PS501",
                    self._place_of(misfit.path, output) or clause.span,
                    misfit.message,
                    labels=[Label(span=strict_at, message="a strict schema is asked for here")],
                    help="change the type, or write `structured auto` in the model",
                )
        return models

    def _room_to_think(self, models: tuple[Model, ...], limits: Declared) -> None:
        """A server counts what a model thinks against the cap of the reply."""
        thinks = any(isinstance(m, OpenAIModel) and m.effort not in (None, "none") for m in models)
        if thinks and not limits.thinking:
            clause = self._one(tree.LimitsClause)
            self._desk.add(
                "PS512",
                clause.span if clause else self._declared.name.span,
                "the model has an `effort`, and no limit leaves it tokens to think",
                note="thoughts count against the cap of the reply",
                help="write `limits { thinking 1_000 tokens }`, or `effort none` in the model",
            )

    def _place_of(self, path: tuple[str | int, ...], clause: tree.OutputClause | None) -> Span | None:
        """Return the field of the output that *path* of the schema leads to, as deep as the spec writes it out."""
        if clause is None:
            return None
        type, place = clause.type, clause.span
        for step in path:
            inner: tree.Type = type
            while isinstance(inner, tree.ListType):
                inner = inner.item
            fields: tuple[tree.Field, ...] = ()
            if isinstance(inner, tree.RecordType):
                fields = inner.fields
            elif isinstance(inner, tree.NamedType):
                declaration = self._scope.declarations.get(inner.name)
                fields = declaration.fields if isinstance(declaration, tree.RecordDeclaration) else ()
            field = next((f for f in fields if f.name.text == step), None)
            if field is not None:
                type, place = field.type, field.span
        return place

    def _budget(self, draft: Feature, schema: dict[str, object], declared: Declared) -> Feature | None:
        desk = self._desk
        least_reply, most_reply = smallest_json(schema), largest_json(schema)
        reply = declared.reply if declared.reply is not None else derived_reply_tokens(most_reply)
        place = declared.reply_at or self._declared.name.span
        sound = True
        if declared.reply is not None and least_reply > BYTES_A_TOKEN * reply:
            desk.add(
                "PS510",
                place,
                f"the smallest reply has {least_reply:,} bytes, too many for {reply:,} tokens",
                help="raise `reply`, or lower what the output holds at least",
            )
            sound = False
        elif declared.reply is not None and most_reply // 3 > reply:
            desk.add(
                "PS511",
                place,
                f"the largest reply has {most_reply:,} bytes and may not fit {reply:,} tokens",
                help=f"write `reply {derived_reply_tokens(most_reply):_} tokens`, or lower the caps of the output",
            )
        extra = len(encode_schema(schema))
        least, most = prompt_bounds(draft.messages, self._facts, draft.input, extra=extra)
        for example in draft.examples:
            size = sum(len(str(value).encode()) for _, value in example.given.entries) + len(str(example.returns)) + 64
            least, most = least + size // 4, most + size * 2
        if declared.prompt is not None and least > BYTES_A_TOKEN * declared.prompt:
            desk.add(
                "PS410",
                declared.prompt_at or self._declared.name.span,
                f"even the smallest prompt has {least:,} bytes, too many for {declared.prompt:,} tokens",
                help="raise `prompt`, or shorten the text of the prompt",
            )
            sound = False
        if not sound:
            return None
        return replace(
            draft,
            limits=Limits(
                prompt_tokens=declared.prompt,
                reply_tokens=reply,
                reply_derived=declared.reply is None,
                thinking_tokens=declared.thinking,
                time_ms=declared.time_ms,
                retries=declared.retries,
            ),
            largest_prompt=most,
            smallest_prompt=least,
        )


def _blamed(condition: e.Expression, root: str) -> str:
    """Return the path that a broken rule points at: the first field of *root* that it reads."""
    fields = e.fields_of(condition, "output" if root == "output" else "input")
    return f"{root}.{fields[0]}" if fields else root
