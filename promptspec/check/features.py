"""A feature as written to a feature as checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from promptspec.check.across import check_across
from promptspec.check.cases import Cases
from promptspec.check.clauses import Clauses
from promptspec.check.desk import Desk
from promptspec.check.evaluations import Evaluations
from promptspec.check.holding import Held, hold_to
from promptspec.check.images import holds_image
from promptspec.check.judges import judges_of
from promptspec.check.limits import Declared, check_limits, fit_limits
from promptspec.check.models import Models, NeedsStrict
from promptspec.check.moderations import Moderations
from promptspec.check.names import Names, references
from promptspec.check.offers import check_shown
from promptspec.check.outputs import can_be_replied, check_choices, place_of
from promptspec.check.policies import Applied
from promptspec.check.prompts import Prompts, default_prompt, expressions_of, fields_read, with_notes
from promptspec.check.reports import check_report
from promptspec.check.reviews import Reviews
from promptspec.check.rules import Rules, check_where
from promptspec.check.scope import Scope, pascal
from promptspec.check.shapes import Facts
from promptspec.check.shortlists import Shortlists, choice_of, entries_of
from promptspec.check.spending import check_spending
from promptspec.check.streaming import why_no_stream
from promptspec.check.tones import CheckedTone, Tones
from promptspec.check.types import MOST_DEPTH, MOST_FIELDS, Around, Types, Where
from promptspec.check.waivers import check_waivers
from promptspec.contract import expressions as e
from promptspec.contract import types as t
from promptspec.contract.feature import (
    FENCES,
    CallerLevel,
    Example,
    Feature,
    FenceMode,
    History,
    Limits,
    Message,
    Module,
    Rule,
    Shortlist,
    Source,
)
from promptspec.contract.models import Model, OpenAIModel
from promptspec.contract.walking import types_in
from promptspec.diagnostics import Label, did_you_mean
from promptspec.safety.callers import LEVELS
from promptspec.schema.profiles import misfits
from promptspec.schema.wire import output_schema
from promptspec.syntax import tree


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

    def kind(self, name: str) -> str | None:
        return self.scope.kind(name)


class FeatureCheck:
    """Checks one feature. Each step goes on after the problems of the one before."""

    def __init__(
        self,
        desk: Desk,
        scope: Scope,
        types: Types,
        models: Models,
        declared: tree.FeatureDeclaration,
        applied: Applied | None = None,
    ) -> None:
        self._desk = desk
        self._scope = scope
        self._types = types
        self._models = models
        self._declared = declared
        self._applied = applied
        self._facts: Facts = _Declarations(scope, types)
        self._class = pascal(declared.name.text)
        self._before = len(desk.report.errors)
        self._clauses = Clauses(desk, scope, declared)

    # The whole

    def check(self, module: Callable[[tuple[Feature, ...]], Module]) -> Feature | None:
        """Return the checked feature; None where something kept it from being checked as a whole.

        *module* makes the module that the feature stands in, for what is asked of both.
        """
        desk = self._desk
        caller = self._caller()
        inputs = self._clauses.required(tree.InputClause, "input { message: text(..2_000) }")
        outputs = self._clauses.required(tree.OutputClause, "output text(..280)")
        model = self._clauses.required(tree.ModelClause, 'model "gpt-5.6-luna"')
        limits = check_limits(desk, self._clauses.one(tree.LimitsClause))
        across = check_across(desk, self._clauses.one(tree.LimitsClause), caller)
        fence = self._fence()
        if inputs is None or outputs is None:
            return None
        input, around = self._input(inputs, caller)
        shortlists, around = self._shortlists(input, around, caller)
        output = self._output(outputs, around)
        if input is None or output is None or shortlists is None or self._clauses.torn:
            return None  # what else could be said here would only follow from what has been said
        bare = not isinstance(outputs.type, tree.RecordType)
        self._bounded(input, output)
        check_choices(desk, self._facts, output, outputs)
        messages, used = self._prompt(input, frozenset(around.lists), shortlists)
        check_shown(self._desk, self._facts, shortlists, self._clauses.all(tree.FindClause), messages, output)
        rules = Rules(desk=desk, facts=self._facts)
        requires = rules.requires(self._clauses.all(tree.RequireClause), input)
        ensures = rules.ensures(self._clauses.all(tree.EnsureClause), input, output, bare=bare)
        cases = Cases(desk=desk, scope=self._scope, types=self._types, input=input, output=output, bare=bare)
        asks_today = self._asks_today(input, output, (*requires, *ensures), messages)
        examples = self._examples(cases, asks_today)
        evaluations = Evaluations(desk=desk, cases=cases, output=output, bare=bare)
        evaluation = evaluations.check(self._clauses.one(tree.EvaluateClause), asks_today=asks_today)
        tone = self._tone(input, output, messages, examples)
        others = tuple(
            case
            for clause in self._clauses.all(tree.CaseClause)
            if clause.kind != "example" and (case := cases.case(clause)) is not None
        )
        sides = {"input": input, "output": output}
        moderations = Moderations(desk, self._models, self._facts).check(
            self._clauses.all(tree.ModerateClause), own=self._declared.clauses, sides=sides
        )
        kept = Reviews(desk, rules, input, output, bare=bare).check(
            self._clauses.one(tree.ReviewClause),
            self._clauses.one(tree.SampleClause),
            self._clauses.one(tree.KeepClause),
            self._clauses.one(tree.SecretClause),
        )
        report = check_report(desk, self._declared, self._clauses.one(tree.ReportClause))
        waivers = check_waivers(desk, self._clauses)
        judge = self._clauses.one(tree.JudgeClause)
        own = judge in self._declared.clauses
        # Where a rule was refused, that nothing is to be judged only follows from it.
        own = own and len(desk.report.errors) == self._before
        judges = judges_of(desk, self._models, judge, tone.rules, own=own) if judge is not None else ()
        if model is None or len(desk.report.errors) > self._before:
            if model is not None:
                self._models.of(model, fits_strict=True)
            return None
        found = {name for each in shortlists for part in (*each.near, each.where) for name in fields_read(part)}
        self._unused(inputs, input, output, used | rules.used | tone.used | found)
        clause = self._clauses.one(tree.LimitationsClause)
        limitations = clause.text.value if clause else ""
        origin = desk.origin(self._declared.span)
        draft = Feature(
            name=self._declared.name.text,
            class_name=self._class,
            doc=self._declared.doc.text if self._declared.doc else "",
            models=(),
            input=input,
            output=output,
            bare=bare,
            messages=with_notes(messages, limitations, origin, tone.first, tone.last, marked=fence == "datamark"),
            fence=fence,
            shortlists=shortlists,
            requires=requires,
            ensures=ensures,
            tone=tone.rules,
            judges=judges,
            moderations=moderations,
            limits=Limits(reply_tokens=1, reply_derived=True),
            across=across,
            caller=caller,
            review=kept.review,
            sample=kept.sample,
            report=report,
            keep_ms=kept.keep_ms,
            secrets=kept.secrets,
            limitations=limitations,
            waivers=waivers,
            examples=examples,
            cases=others,
            evaluation=evaluation,
            largest_prompt=0,
            smallest_prompt=0,
            origin=origin,
        )
        return self._settled(draft, module((draft,)), model, outputs, limits)

    def _settled(
        self, draft: Feature, module: Module, model: tree.ModelClause, outputs: tree.OutputClause, limits: Declared
    ) -> Feature | None:
        """Return *draft* with its models, limits and sizes, or None after a report; *module* holds it."""
        schema = cast("dict[str, object]", output_schema(module, draft))
        models = self._modelled(model, outputs, schema)
        budget = fit_limits(self._desk, self._facts, draft, schema, limits, self._declared.name.span)
        if models is None or budget is None:
            return None
        self._room_to_think((*models, *(judge.model for judge in draft.judges)), limits)
        settled = replace(budget, models=models, no_stream=why_no_stream(draft, module))
        feature = check_spending(self._desk, settled, module, schema, self._clauses.one(tree.LimitsClause))
        if feature is not None and self._applied is not None:
            hold_to(self._desk, self._applied, Held(self._declared, self._clauses, feature, self._facts))
        return feature

    # Parts

    def _caller(self) -> CallerLevel:
        clause = self._clauses.one(tree.CallerClause)
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

    def _fence(self) -> FenceMode:
        clause = self._clauses.one(tree.FenceClause)
        if clause is None:
            return "tags"
        mode = clause.mode.text
        if mode not in FENCES:
            self._desk.add(
                "PS202",
                clause.mode.span,
                f"there is no fence `{mode}`",
                help=did_you_mean(mode, FENCES) or "fences are `tags`, `datamark` and `json`",
            )
            return "tags"
        return mode

    def _input(self, clause: tree.InputClause, caller: CallerLevel) -> tuple[t.Record | None, Around]:
        """Return the input, or None after a report; and what the fields of the output may refer to."""
        shortlists = frozenset(clause.name.text for clause in self._clauses.all(tree.FindClause))
        around = Around(where=self._where(caller), unknown=shortlists)
        fields = self._types.fields(clause.fields, "input", self._class, around)
        around = replace(around, where=self._where(caller, fields), above=fields)
        if not clause.fields:
            if not self._clauses.torn:
                self._desk.add("PS207", clause.span, "the input has no fields", help="add what the feature takes in")
            return None, around
        if len(fields) != len(clause.fields):
            return None, replace(around, unknown=shortlists | {field.name.text for field in clause.fields})
        lists = {each.name: each.type for each in fields if isinstance(each.type, t.ListOf) and self._is_offered(each)}
        input = t.Record(name=f"{self._class}Input", fields=fields, origin=self._desk.origin(clause.span))
        return input, replace(around, lists=lists)

    def _shortlists(
        self, input: t.Record | None, around: Around, caller: CallerLevel
    ) -> tuple[tuple[Shortlist, ...] | None, Around]:
        """Return the shortlists, or None where one did not check; and what the fields of the output may refer to."""
        clauses = self._clauses.all(tree.FindClause)
        if input is None:
            return None, around
        checks = Shortlists(
            desk=self._desk,
            scope=self._scope,
            facts=self._facts,
            input=input,
            caller=caller,
            models=self._models,
        )
        found = checks.check(clauses)
        around = replace(around, shortlists={each.name: choice_of(each) for each in found})
        return (found if len(found) == len(clauses) else None), around

    def _is_offered(self, field: t.Field) -> bool:
        """Say whether replies may choose from *field*: it is always there, and its records have a key."""
        item = field.type.item if isinstance(field.type, t.ListOf) else None
        return isinstance(item, t.Group) and not field.optional and self._facts.record(item).key is not None

    def _output(self, clause: tree.OutputClause, around: Around) -> t.Record | None:
        origin = self._desk.origin(clause.span)
        name = f"{self._class}Output"
        if isinstance(clause.type, tree.RecordType):
            if clause.optional:
                self._desk.add("PS312", clause.span, "a whole record is not optional", help="make its fields optional")
                return None
            fields = self._types.fields(clause.type.fields, "output", name, around)
            if len(fields) != len(clause.type.fields) or not fields:
                return None
        else:
            type = self._types.type(clause.type, "output", f"{name}Answer", around)
            if type is None:
                return None
            fields = (t.Field(name="answer", type=type, optional=clause.optional, origin=origin),)
        output = t.Record(name=name, fields=fields, origin=origin)
        return output if can_be_replied(self._desk, self._scope, self._facts, output, clause) else None

    def _where(self, caller: CallerLevel, inputs: tuple[t.Field, ...] | None = None) -> Where:
        """Return what checks conditions on rows: in the output once *inputs* are known, in the input before."""

        def check(
            written: tree.Expr, chosen: t.OneOfSource | t.OneOfItems, above: tuple[t.Field, ...]
        ) -> e.Expression | None:
            given = len(above if inputs is None else inputs)
            return check_where(
                self._desk,
                self._facts,
                written,
                chosen,
                inputs=above[:given],
                outputs=above[given:],
                caller=caller,
            )

        return check

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

    def _prompt(
        self, input: t.Record, lists: frozenset[str], shortlists: tuple[Shortlist, ...]
    ) -> tuple[tuple[Message | History, ...], set[str]]:
        fields = references(input.fields, "input", self._facts)
        entries = entries_of(shortlists, self._facts)
        names = Names(bare={**fields, **entries}, roots={"input": fields})
        clause = self._clauses.one(tree.PromptClause)
        if clause is None:
            doc = self._declared.doc.text if self._declared.doc else ""
            origin = self._desk.origin(self._declared.span)
            self._images_alone(input)
            messages = default_prompt(self._declared.name.text, doc, input, self._facts, names, origin, lists, entries)
            return messages, {f.name for f in input.fields}
        prompts = Prompts(desk=self._desk, facts=self._facts, names=names, input=input)
        messages = prompts.check(clause)
        return messages, prompts.used

    def _images_alone(self, input: t.Record) -> None:
        """Report images in records, which a prompt that the compiler writes would print whole."""
        for field in input.fields:
            item = field.type.item if isinstance(field.type, t.ListOf) else field.type
            if not isinstance(item, t.Image) and holds_image(field.type, self._facts):
                self._desk.add(
                    "PS405",
                    self._declared.name.span,
                    f"an image stands in `{field.name}`, and nothing says where it is shown",
                    help="write a `prompt { … }` that prints it by itself",
                )

    def _tone(
        self,
        input: t.Record,
        output: t.Record,
        messages: tuple[Message | History, ...],
        examples: tuple[Example, ...],
    ) -> CheckedTone:
        clauses = (*self._clauses.all(tree.ToneUse), *self._clauses.all(tree.ToneClause))
        if not clauses:
            return CheckedTone()
        bare = references(input.fields, "input", self._facts)
        names = Names(bare=bare, roots={"input": bare})
        tones = Tones(
            desk=self._desk,
            scope=self._scope,
            facts=self._facts,
            output=output,
            names=names,
            named=self._declared.name.span,
            judged=self._clauses.one(tree.JudgeClause) is not None,
        )
        tone = tones.check(clauses, self._declared.clauses, messages)
        tones.judge_examples(tone, examples)
        return tone

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
            for clause in self._clauses.all(tree.CaseClause)
            if clause.kind == "example" and (example := cases.example(clause, asks_today=asks_today)) is not None
        ]
        for clause in self._clauses.all(tree.ExamplesFrom):
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

    def _modelled(
        self, clause: tree.ModelClause, outputs: tree.OutputClause, schema: dict[str, object]
    ) -> tuple[Model, ...] | None:
        found = misfits(schema)
        models = self._models.of(clause, fits_strict=not found)
        if not isinstance(models, NeedsStrict):
            return models
        for misfit in found:
            self._desk.add(
                "PS501",
                place_of(self._scope, misfit.path, outputs),
                misfit.message,
                labels=[Label(span=models.span, message="a strict schema is asked for here")],
                help="change the type, or write `structured auto` in the model",
            )
        return None

    def _room_to_think(self, models: tuple[Model, ...], limits: Declared) -> None:
        """A server counts what a model thinks against the cap of the reply."""
        thinks = any(isinstance(m, OpenAIModel) and m.effort not in (None, "none") for m in models)
        if thinks and not limits.thinking:
            clause = self._clauses.one(tree.LimitsClause)
            self._desk.add(
                "PS512",
                clause.span if clause else self._declared.name.span,
                "the model has an `effort`, and no limit leaves it tokens to think",
                note="thoughts count against the cap of the reply",
                help="write `limits { thinking 1_000 tokens }`, or `effort none` in the model",
            )
