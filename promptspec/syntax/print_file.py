"""Declarations and clauses as canonical text."""

from __future__ import annotations

from collections.abc import Sequence

from promptspec.syntax import tree
from promptspec.syntax.print_words import (
    INDENT,
    WIDTH,
    print_expression,
    print_literal,
    print_range,
    print_regex,
    print_string,
)
from promptspec.syntax.printer import Printer


def print_file(spec: tree.SpecFile) -> str:
    """Return *spec* as canonical text that parses to an equal tree; it ends in one line break."""
    printer = Printer(spec.comments)
    version = f"{spec.header.major}.{spec.header.minor}" if spec.header.minor else str(spec.header.major)
    printer.leaf(spec.header, f"promptspec {version}")
    first = spec.declarations[0] if spec.declarations else None
    if first is not None:
        doc = getattr(first, "doc", None)
        printer.trailing_comments(first.span.start if doc is None else doc.span.start)
        printer.lines.append("")
    printer.separated(spec.declarations, lambda node: _declaration(printer, node), _belong_together)
    end = max((comment.span.end for comment in spec.comments), default=0) + 1
    printer.trailing_comments(end)
    at = len(printer.lines)
    printer.comments_before(end)
    if len(printer.lines) > at:
        printer.lines.insert(at, "")
    return "\n".join(printer.lines) + "\n"


def print_clause(clause: tree.Clause) -> str:
    """Return *clause* alone, as it is printed in a feature at the left edge."""
    printer = Printer(())
    _clause(printer, clause)
    return "\n".join(printer.lines)


def _belong_together(before: tree.Declaration, after: tree.Declaration) -> bool:
    return type(before) is type(after) and isinstance(after, tree.Use | tree.ModelDeclaration | tree.SourceDeclaration)


def _names(names: Sequence[tree.Name]) -> str:
    return ", ".join(name.text for name in names)


def _declaration(p: Printer, node: tree.Declaration) -> None:
    if not isinstance(node, tree.Use):
        p.doc(node.doc)
    match node:
        case tree.Use():
            p.leaf(node, f"use {_names(node.names)} from {print_string(node.path)}")
        case tree.EnumDeclaration():
            p.members(node)
        case tree.RecordDeclaration():
            p.fields(node, f"record {node.name.text}", node.fields)
        case tree.SourceDeclaration():
            _source(p, node)
        case tree.ModelDeclaration() if node.members:
            p.leaf(node, f"model {node.name.text} = first {_names(node.members)}")
        case tree.ModelDeclaration():
            head = f"model {node.name.text} = {node.kind.text}({', '.join(map(print_literal, node.arguments))})"
            _maybe_braces(p, node, head, node.settings)
        case tree.ToneDeclaration():
            p.braces(node, f"tone {node.name.text}", node.rules, lambda rule: _tone_rule(p, rule))
        case tree.DefaultsDeclaration():
            _clauses(p, node, f"defaults {node.name.text}", node.clauses)
        case tree.PolicyDeclaration():
            p.braces(node, f"policy {node.name.text}", node.rules, lambda rule: p.leaf(rule, _policy_rule(rule)))
        case tree.FeatureDeclaration():
            shared = f" with {_names(node.defaults)}" if node.defaults else ""
            _clauses(p, node, f"feature {node.name.text}{shared}", node.clauses)


def _clauses(p: Printer, node: tree.Node, head: str, clauses: Sequence[tree.Clause]) -> None:
    """Print a feature or defaults: a blank line stands beside each clause of several lines."""
    p.open_braces(node, head)
    p.separated(clauses, lambda clause: _clause(p, clause), lambda before, after: before is not after)
    p.close_braces(node)


def _source(p: Printer, node: tree.SourceDeclaration) -> None:
    head = f"source {node.name.text} = {node.kind.text}"
    if node.rows:
        texts = [
            print_string(row.key) + ("" if row.label is None else f" {print_string(row.label)}") for row in node.rows
        ]
        inline = f"{head} {{ {', '.join(texts)} }}"
        if len(inline) <= WIDTH and not p.has_comment_in(node):
            p.leaf(node, inline)
        else:
            printed = dict(zip(map(id, node.rows), texts, strict=True))
            p.braces(node, head, node.rows, lambda row: p.leaf(row, f"{printed[id(row)]},"))
        return
    _maybe_braces(p, node, f"{head}({', '.join(map(print_literal, node.arguments))})", node.settings)


def _maybe_braces(p: Printer, node: tree.Node, head: str, settings: Sequence[tree.Setting | tree.Columns]) -> None:
    if not settings:
        p.leaf(node, head)
    else:
        p.braces(node, head, settings, lambda setting: _setting(p, setting))


def _setting(p: Printer, setting: tree.Setting | tree.Columns) -> None:
    if isinstance(setting, tree.Columns):
        p.fields(setting, "columns", setting.fields)
    else:
        p.value(setting, f"{setting.name.text} ", setting.value)


def _policy_rule(rule: tree.PolicyRule) -> str:
    targets = f" {_names(rule.targets)}" if rule.targets else ""
    amount = "" if rule.amount is None else f" {print_literal(rule.amount)}"
    amount += "" if rule.unit is None else f" {rule.unit.text}"
    subject = rule.subject.text
    match rule.kind:
        case "must":
            return f"every feature must {subject}{targets}"
        case "no":
            return f"no {subject} over{amount}"
        case "at_most":
            return f"{subject} at most{amount}"
        case "at_least":
            return f"{subject} at least {'' if rule.level is None else rule.level.text}"
        case "may_waive":
            return f"may waive {subject}{targets}"


def _tone_rule(p: Printer, rule: tree.ToneRule) -> None:
    head = rule.name.text + (" not" if rule.negated else "")
    match rule.arguments:
        case (tree.StringLiteral() as text, tree.NumberLiteral() as least) if not rule.negated:
            p.leaf(rule, f"{head} {print_string(text)} {least.text}")
        case arguments:
            p.leaf(rule, f"{head} {', '.join(map(_tone_argument, arguments))}")


def _tone_argument(argument: tree.ToneArgument) -> str:
    match argument:
        case tree.RegexLiteral():
            return print_regex(argument)
        case tree.Range():
            return print_range(argument)
        case tree.WordList():
            return f"words({print_string(argument.path)})"
        case tree.NameExpr() | tree.MemberExpr():
            return print_expression(argument)
        case _:
            return print_literal(argument)


def _clause(p: Printer, node: tree.Clause) -> None:
    match node:
        case tree.ModelClause():
            p.leaf(node, f"model {_model(node.model)}")
        case tree.JudgeClause():
            p.leaf(node, f"judge by {_model(node.model)}")
        case tree.InputClause():
            p.fields(node, "input", node.fields)
        case tree.OutputClause():
            p.typed(node, "output ", node.type, "?" if node.optional else "")
        case tree.ReservedOutput():
            p.leaf(node, f"output {' | '.join(name.text for name in node.names)}")
        case tree.FindClause():
            _find(p, node)
        case tree.PromptClause():
            p.braces(node, "prompt", node.messages, lambda message: _message(p, message))
        case tree.FenceClause():
            p.leaf(node, f"fence {node.mode.text}")
        case tree.ToneUse():
            p.leaf(node, f"tone {node.name.text}")
        case tree.ToneClause():
            targets = f" for {', '.join(map(print_expression, node.targets))}" if node.targets else ""
            p.braces(node, f"tone{targets}", node.rules, lambda rule: _tone_rule(p, rule))
        case tree.RequireClause():
            _rule(p, node, "require", "else ")
        case tree.EnsureClause():
            _rule(p, node, "ensure", "else drop " if node.drop else "else ")
        case tree.LimitsClause():
            p.braces(node, "limits", node.limits, lambda limit: p.leaf(limit, _limit(limit)))
        case tree.CaseClause():
            head = f"{node.kind} {print_string(node.title)}"
            p.braces(node, head, node.items, lambda item: _case_item(p, item))
        case _:
            _safety_clause(p, node)


def _model(model: tree.StringLiteral | tree.Name) -> str:
    return model.text if isinstance(model, tree.Name) else print_string(model)


def _safety_clause(p: Printer, node: tree.Clause) -> None:
    match node:
        case tree.CallerClause():
            p.leaf(node, f"caller {node.level.text}")
        case tree.ModerateClause():
            _moderate(p, node)
        case tree.ReviewClause():
            _review(p, node)
        case tree.SampleClause():
            p.leaf(node, f"sample {node.share.text}")
        case tree.ReportClause():
            head = f"report to {print_string(node.target)}"
            if node.show:
                p.braces(node, head, node.show[:1], lambda name: p.leaf(name, f"show {_names(node.show)}"))
            else:
                p.leaf(node, head)
        case tree.LimitationsClause():
            p.value(node, "limitations ", node.text)
        case tree.EvaluateClause():
            head = f"evaluate {print_string(node.path)}"
            if node.targets:
                p.braces(
                    node,
                    head,
                    node.targets,
                    lambda target: p.leaf(target, f"{print_expression(target.path)} at least {target.share.text}"),
                )
            else:
                p.leaf(node, head)
        case tree.KeepClause():
            p.leaf(node, f"keep {node.duration.text}")
        case tree.SecretClause():
            p.leaf(node, f"secret {_names(node.fields)}")
        case tree.WaiveClause():
            targets = f" {_names(node.targets)}" if node.targets else ""
            p.leaf(node, f"waive {node.practice.text}{targets} because {print_string(node.because)}")
        case tree.OtherwiseClause():
            p.value(node, "otherwise returns ", node.value)
        case tree.ExamplesFrom():
            p.leaf(node, f"examples from {print_string(node.path)}")
        case _:
            raise TypeError(type(node).__name__)


def _find(p: Printer, node: tree.FindClause) -> None:
    parts = [f"find {node.name.text} = {node.source.text} near {print_expression(node.near)}"]
    if node.embedding is not None:
        parts.append(f"by embedding {node.embedding.text}")
    if node.top is not None:
        parts.append(f"top {node.top.text}")
    if node.where is not None:
        parts.append(f"where {print_expression(node.where)}")
    if node.above is not None:
        parts.append(f"above {node.above.text}")
    _folded(p, node, parts)


def _folded(p: Printer, node: tree.Node, parts: Sequence[str]) -> None:
    """Print *parts* in one line, or, where they do not fit, each on its line below the first."""
    inline = " ".join(parts)
    if p.column + len(inline) <= WIDTH and "\n" not in inline:
        p.leaf(node, inline)
    else:
        p.leaf(node, f"\n{p.indent}{INDENT}".join(parts))


def _rule(p: Printer, node: tree.RequireClause | tree.EnsureClause, word: str, otherwise: str) -> None:
    parts = [f"{word} {print_expression(node.condition)}"]
    if node.when is not None:
        parts.append(f"when {print_expression(node.when)}")
    _folded(p, node, [*parts, otherwise + print_string(node.message)])


def _message(p: Printer, message: tree.MessageTemplate | tree.TurnsMessage) -> None:
    if isinstance(message, tree.TurnsMessage):
        p.leaf(message, f"turns {message.name.text}")
    else:
        p.value(message, f"{message.role} ", message.text)


def _limit(limit: tree.Limit) -> str:
    unit = "" if limit.unit is None else f" {limit.unit.text}"
    otherwise = "" if limit.otherwise is None else f" otherwise {limit.otherwise.text}"
    return f"{limit.name.text} {limit.amount.text}{unit}" + "".join(f" per {n.text}" for n in limit.per) + otherwise


def _moderate(p: Printer, node: tree.ModerateClause) -> None:
    head = f"moderate {_names(node.targets)}"
    if node.by is not None:
        head += f" with {node.by.text}" + ("" if node.argument is None else f"({print_string(node.argument)})")
    if node.rules:
        p.braces(node, head, node.rules, lambda rule: p.leaf(rule, _moderation_rule(rule)))
    else:
        p.leaf(node, head)


def _moderation_rule(rule: tree.ModerationRule) -> str:
    threshold = "" if rule.threshold is None else f" {rule.threshold.text}"
    return f"{rule.kind} {_names(rule.categories)}{threshold}"


def _review(p: Printer, node: tree.ReviewClause) -> None:
    head = "review always" if node.when is None else f"review when {print_expression(node.when)}"
    if not node.show and not node.settings:
        p.leaf(node, head)
        return
    p.comments_before(node.span.start)

    def write(setting: tree.Node) -> None:
        if isinstance(setting, tree.Setting):
            _setting(p, setting)
        else:
            p.leaf(setting, f"show {_names(node.show)}")

    show = node.show[:1]
    p.braces(node, head, (*show, *node.settings), write)


def _case_item(p: Printer, item: tree.CaseItem) -> None:
    match item:
        case tree.Given():
            tail = "" if item.level is None else f" as {item.level.text}"
            tail += "" if item.caller is None else f" {print_string(item.caller)}"
            p.value(item, "given ", item.values, tail)
        case tree.Returns():
            p.value(item, "returns ", item.value)
        case tree.Replies():
            p.value(item, "replies ", item.value)
        case tree.Wire():
            p.value(item, "wire ", item.text)
        case tree.Refuses():
            p.leaf(item, "refuses" if item.path is None else f"refuses {print_expression(item.path)}")
        case tree.On():
            p.leaf(item, f"on {print_literal(item.date)}")
