"""Rules of the clauses of a feature."""

from __future__ import annotations

from typing import Any

from promptspec.syntax import tree
from promptspec.syntax.build.types import BuildTypes
from promptspec.syntax.words import LIMITS, PERIODS


class BuildClauses(BuildTypes):
    """What a feature or its defaults say."""

    def model_clause(self, c: list[Any]) -> tree.ModelClause:
        """`model "gpt-5.6-luna"` or `model small`."""
        model = c[1] if isinstance(c[1], tree.StringLiteral) else self._name(c[1])
        return tree.ModelClause(model=model, span=self._span(c))

    def judge_clause(self, c: list[Any]) -> tree.JudgeClause:
        """`judge by small`."""
        model = c[2] if isinstance(c[2], tree.StringLiteral) else self._name(c[2])
        return tree.JudgeClause(model=model, span=self._span(c))

    def input_clause(self, c: list[Any]) -> tree.InputClause:
        """`input { … }`."""
        return tree.InputClause(fields=c[2], span=self._span(c))

    def output_clause(self, c: list[Any]) -> tree.OutputClause:
        """`output T`."""
        return tree.OutputClause(type=self._shallow_type(c[1]), optional=c[2] is not None, span=self._span(c))

    def reserved_output(self, c: list[Any]) -> tree.ReservedOutput:
        """`output Answer | NotFound`."""
        return tree.ReservedOutput(names=tuple(self._name(token) for token in c[1::2]), span=self._span(c))

    def find_clause(self, c: list[Any]) -> tree.FindClause:
        """`find hits = films near film top 20`."""
        options: dict[str, Any] = {}
        for name, value, span in c[6:]:
            if name in options:
                self.place.findings.add("PS101", span, f"`{'by' if name == 'embedding' else name}` is given twice")
            options[name] = value
        return tree.FindClause(
            name=self._name(c[1]),
            source=self._name(c[3]),
            near=self._shallow(c[5]),
            embedding=options.get("embedding"),
            top=options.get("top"),
            where=options.get("where"),
            above=options.get("above"),
            span=self._span(c[:6]).to(c[-1][2] if len(c) > 6 else self._span(c[5:6])),
        )

    def find_embedding(self, c: list[Any]) -> tuple[str, Any, Any]:
        """`by embedding small`."""
        return ("embedding", self._name(c[2]), self._span(c))

    def find_top(self, c: list[Any]) -> tuple[str, Any, Any]:
        """`top 20`."""
        return ("top", c[1], self._span(c))

    def find_where(self, c: list[Any]) -> tuple[str, Any, Any]:
        """`where …`."""
        return ("where", self._shallow(c[1]), self._span(c))

    def find_above(self, c: list[Any]) -> tuple[str, Any, Any]:
        """`above 0.4`."""
        return ("above", c[1], self._span(c))

    def prompt_clause(self, c: list[Any]) -> tree.PromptClause:
        """`prompt { … }`."""
        return tree.PromptClause(messages=self._nodes(c), span=self._span(c))

    def text_message(self, c: list[Any]) -> tree.MessageTemplate:
        """`system "…"` or `user "…"`."""
        parse = self.place.parse_template
        parts = () if parse is None else parse(c[1])
        role: Any = str(c[0])
        return tree.MessageTemplate(role=role, text=c[1], parts=parts, span=self._span(c))

    def turns_message(self, c: list[Any]) -> tree.TurnsMessage:
        """`turns history`."""
        return tree.TurnsMessage(name=self._name(c[1]), span=self._span(c))

    def fence_clause(self, c: list[Any]) -> tree.FenceClause:
        """`fence tags`."""
        return tree.FenceClause(mode=self._word(c[1]), span=self._span(c))

    def tone_use(self, c: list[Any]) -> tree.ToneUse:
        """`tone house`."""
        return tree.ToneUse(name=self._name(c[1]), span=self._span(c))

    def tone_clause(self, c: list[Any]) -> tree.ToneClause:
        """`tone for why { … }`."""
        return tree.ToneClause(
            targets=tuple(self._shallow(path) for path in c[2] or ()), rules=c[4], span=self._span(c)
        )

    def tone_rules(self, c: list[Any]) -> tuple[Any, ...]:
        """The rules of a tone."""
        return tuple(c)

    def tone_rule(self, c: list[Any]) -> tree.ToneRule:
        """`person not first`."""
        negated = any(getattr(child, "type", "") == "NOT" for child in c)
        arguments = tuple(self._shallow(node) for node in self._nodes(c))
        return tree.ToneRule(name=self._name(c[0]), negated=negated, arguments=arguments, span=self._span(c))

    def word_list(self, c: list[Any]) -> tree.WordList:
        """`words("…")`."""
        self._one_of(c[0], ("words",), 'a list of words, which is written `words("…")`')
        return tree.WordList(path=c[2], span=self._span(c))

    def require_clause(self, c: list[Any]) -> tree.RequireClause:
        """`require E when C else "…"`."""
        _, condition, _, when, _, message = c
        return tree.RequireClause(
            condition=self._shallow(condition), when=self._shallow(when), message=message, span=self._span(c)
        )

    def ensure_clause(self, c: list[Any]) -> tree.EnsureClause:
        """`ensure E when C else drop "…"`."""
        _, condition, _, when, _, drop, message = c
        return tree.EnsureClause(
            condition=self._shallow(condition),
            when=self._shallow(when),
            drop=drop is not None,
            message=message,
            span=self._span(c),
        )

    def limits_clause(self, c: list[Any]) -> tree.LimitsClause:
        """`limits { … }`."""
        return tree.LimitsClause(limits=self._nodes(c), span=self._span(c))

    def limit(self, c: list[Any]) -> tree.Limit:
        """`calls 20 per minute per caller`."""
        name, amount, unit, *per, _, otherwise = c
        return tree.Limit(
            name=self._one_of(name, LIMITS, "a limit"),
            amount=amount,
            unit=unit,
            per=tuple(per),
            otherwise=self._word(otherwise) if otherwise is not None else None,
            span=self._span(c),
        )

    def period(self, c: list[Any]) -> tree.Name:
        """`per minute`."""
        return self._one_of(c[1], PERIODS, "what a limit counts by")

    def caller_clause(self, c: list[Any]) -> tree.CallerClause:
        """`caller session`."""
        return tree.CallerClause(level=self._word(c[1]), span=self._span(c))

    def moderate_clause(self, c: list[Any]) -> tree.ModerateClause:
        """`moderate input with openai { … }`."""
        by, argument = c[3] or (None, None)
        rules = self._nodes(c[4:])
        return tree.ModerateClause(targets=c[1], by=by, argument=argument, rules=rules, span=self._span(c))

    def moderator(self, c: list[Any]) -> tuple[Any, ...]:
        """`openai`, or `words("…")`."""
        return (self._word(c[0]), c[2])

    def block_rule(self, c: list[Any]) -> tree.ModerationRule:
        """`block hate`."""
        return tree.ModerationRule(kind="block", categories=c[1], span=self._span(c))

    def above_rule(self, c: list[Any]) -> tree.ModerationRule:
        """`above harassment 0.4`."""
        return tree.ModerationRule(kind="above", categories=(self._word(c[1]),), threshold=c[2], span=self._span(c))

    def categories(self, c: list[Any]) -> tuple[tree.Name, ...]:
        """`hate, violence/graphic`."""
        return tuple(self._word(token) for token in c[::2])

    def review_clause(self, c: list[Any]) -> tree.ReviewClause:
        """`review when E { … }`."""
        when = self._shallow(c[2]) if str(c[1]) == "when" else None
        items: tuple[Any, ...] = c[-2] or ()
        show: tuple[Any, ...] = tuple(name for item in items if not isinstance(item, tree.Node) for name in item[1:])
        return tree.ReviewClause(when=when, show=show, settings=self._nodes(items), span=self._span(c))

    def review_items(self, c: list[Any]) -> tuple[Any, ...]:
        """What a review shows and how it ends."""
        return tuple(c)

    def show(self, c: list[Any]) -> tuple[Any, ...]:
        """`show question, note`."""
        return (c[0], *c[1])

    def sample_clause(self, c: list[Any]) -> tree.SampleClause:
        """`sample 2%`."""
        return tree.SampleClause(share=c[1], span=self._span(c))

    def report_clause(self, c: list[Any]) -> tree.ReportClause:
        """`report to "…" { show reply }`."""
        show: tuple[Any, ...] = () if c[4] is None else c[4][1:]
        return tree.ReportClause(target=c[2], show=show, span=self._span(c))

    def limitations_clause(self, c: list[Any]) -> tree.LimitationsClause:
        """`limitations "…"`."""
        return tree.LimitationsClause(text=c[1], span=self._span(c))

    def evaluate_clause(self, c: list[Any]) -> tree.EvaluateClause:
        """`evaluate "…" { … }`."""
        return tree.EvaluateClause(path=c[1], targets=self._nodes(c[2:]), span=self._span(c))

    def target(self, c: list[Any]) -> tree.Target:
        """`intent at least 92%`."""
        return tree.Target(path=self._shallow(c[0]), share=c[3], span=self._span(c))

    def keep_clause(self, c: list[Any]) -> tree.KeepClause:
        """`keep 30d`."""
        return tree.KeepClause(duration=c[1], span=self._span(c))

    def secret_clause(self, c: list[Any]) -> tree.SecretClause:
        """`secret field, field`."""
        return tree.SecretClause(fields=c[1], span=self._span(c))

    def waive_clause(self, c: list[Any]) -> tree.WaiveClause:
        """`waive moderate input because "…"`."""
        return tree.WaiveClause(practice=self._word(c[1]), targets=c[2] or (), because=c[4], span=self._span(c))

    def otherwise_clause(self, c: list[Any]) -> tree.OtherwiseClause:
        """`otherwise returns { … }`."""
        return tree.OtherwiseClause(value=c[2], span=self._span(c))

    def case_clause(self, c: list[Any]) -> tree.CaseClause:
        """`example "…" { … }`."""
        kind: Any = str(c[0])
        return tree.CaseClause(kind=kind, title=c[1], items=c[3], span=self._span(c))

    def case_items(self, c: list[Any]) -> tuple[Any, ...]:
        """What a case says."""
        return self._nodes(c)

    def given(self, c: list[Any]) -> tree.Given:
        """`given { … } as signed_in "u1"`."""
        _, values, _, level, caller = c
        return tree.Given(
            values=values, level=None if level is None else self._word(level), caller=caller, span=self._span(c)
        )

    def returns(self, c: list[Any]) -> tree.Returns:
        """`returns value`."""
        return tree.Returns(value=c[1], span=self._span(c))

    def refuses(self, c: list[Any]) -> tree.Refuses:
        """`refuses output.picks`."""
        return tree.Refuses(path=self._shallow(c[1]), span=self._span(c))

    def refuses_alone(self, c: list[Any]) -> tree.Refuses:
        """`refuses`."""
        return tree.Refuses(path=None, span=self._span(c))

    def replies(self, c: list[Any]) -> tree.Replies:
        """`replies value`."""
        return tree.Replies(value=c[1], span=self._span(c))

    def wire(self, c: list[Any]) -> tree.Wire:
        """`wire "…"`."""
        return tree.Wire(text=c[1], span=self._span(c))

    def on(self, c: list[Any]) -> tree.On:
        """`on 2026-01-31`."""
        return tree.On(date=c[1], span=self._span(c))

    def examples_from(self, c: list[Any]) -> tree.ExamplesFrom:
        """`examples from "…"`."""
        return tree.ExamplesFrom(path=c[2], span=self._span(c))
