"""Sabotages of the emitted module: the plan, the prompt and the conditions of a feature."""

from __future__ import annotations

from typing import Final

from quality.builds import Edit
from quality.sabotage import Name, Sabotage, Way


def _emitted(
    name: str, law: str, feature: Name, rule: str, way: Way, *changes: tuple[str, str], within: str = ""
) -> Sabotage:
    section = within or feature.capitalize()
    edits = tuple(Edit(old, new, section) for old, new in changes)
    return Sabotage(name=name, law=law, feature=feature, rule=rule, way=way, edits=edits)


_FIRST: Final = 'ps.OpenAI(name="quick", server="openai", api="responses", structured="json_schema"),\n'
_SECOND: Final = 'ps.OpenAI(name="careful", server="openai", api="chat", structured="json_schema"),\n'

PLANS: Final = (
    _emitted(
        "no-limit-on-the-prompt", "prompt_fits", "talk", "Limits.prompt", "removed", ("prompt=1200", "prompt=None")
    ),
    _emitted("twice-the-prompt", "prompt_fits", "talk", "Limits.prompt", "off by one", ("prompt=1200", "prompt=2400")),
    _emitted("reply-cap-one-more", "prompt_fits", "talk", "Limits.reply", "off by one", ("reply=420", "reply=421")),
    _emitted("reply-cap-removed", "prompt_fits", "talk", "Limits.reply", "removed", ("reply=420", "reply=1_000_000")),
    _emitted(
        "thinking-one-more", "prompt_fits", "weigh", "Limits.thinking", "off by one", ("thinking=50", "thinking=51")
    ),
    _emitted("thinking-not-added", "prompt_fits", "weigh", "Limits.thinking", "removed", ("thinking=50", "thinking=0")),
    _emitted("no-deadline", "reply_is_total", "talk", "Limits.seconds", "removed", ("seconds=5.0", "seconds=5000.0")),
    _emitted("a-second-more", "reply_is_total", "talk", "Limits.seconds", "off by one", ("seconds=5.0", "seconds=6.0")),
    _emitted("one-retry-more", "limits_hold", "own", "Limits.retries", "off by one", ("retries=0", "retries=1")),
    _emitted("retries-unlimited", "limits_hold", "talk", "Limits.retries", "removed", ("retries=1", "retries=99")),
    _emitted("one-repair-more", "limits_hold", "own", "Limits.repairs", "off by one", ("repairs=1", "repairs=2")),
    _emitted("repairs-unlimited", "limits_hold", "own", "Limits.repairs", "removed", ("repairs=1", "repairs=99")),
    _emitted(
        "weaker-caller",
        "weak_callers_are_refused",
        "talk",
        "Plan.caller",
        "off by one",
        ('caller="signed_in"', 'caller="session"'),
    ),
    _emitted(
        "weaker-verified-caller",
        "weak_callers_are_refused",
        "weigh",
        "Plan.caller",
        "off by one",
        ('caller="verified"', 'caller="signed_in"'),
    ),
    _emitted(
        "any-caller",
        "weak_callers_are_refused",
        "everything",
        "Plan.caller",
        "removed",
        ('caller="session"', 'caller="anyone"'),
    ),
    _emitted(
        "models-swapped",
        "fallback_keeps_laws",
        "everything",
        "Plan.models",
        "off by one",
        (_FIRST, "@@"),
        (_SECOND, _FIRST),
        ("@@", _SECOND),
    ),
    _emitted("second-model-removed", "fallback_keeps_laws", "everything", "Plan.models", "removed", (_SECOND, "")),
    _emitted(
        "another-model",
        "fallback_keeps_laws",
        "talk",
        "OpenAI.name",
        "off by one",
        ('ps.OpenAI(name="quick"', 'ps.OpenAI(name="quicker"'),
    ),
    _emitted(
        "another-api", "fallback_keeps_laws", "talk", "OpenAI.api", "off by one", ('api="responses"', 'api="chat"')
    ),
    _emitted(
        "another-server",
        "fallback_keeps_laws",
        "talk",
        "OpenAI.server",
        "off by one",
        ('server="openai"', 'server="other"'),
    ),
    _emitted(
        "schema-not-enforced",
        "fallback_keeps_laws",
        "talk",
        "OpenAI.structured",
        "removed",
        ('structured="json_schema"', 'structured="json_object"'),
    ),
    _emitted(
        "another-base-url",
        "fallback_keeps_laws",
        "weigh",
        "OpenAI.base_url",
        "removed",
        ('base_url=ps.Env("NEAR_URL"),', ""),
    ),
    _emitted("key-not-sent", "fallback_keeps_laws", "weigh", "OpenAI.key", "removed", ('key=ps.Env("NEAR_KEY"),', "")),
    _emitted(
        "temperature-not-sent",
        "fallback_keeps_laws",
        "weigh",
        "OpenAI.temperature",
        "removed",
        ('temperature=Decimal("0.2"),', ""),
    ),
    _emitted(
        "another-temperature",
        "fallback_keeps_laws",
        "weigh",
        "OpenAI.temperature",
        "off by one",
        ('Decimal("0.2")', 'Decimal("0.3")'),
    ),
    _emitted("effort-not-sent", "fallback_keeps_laws", "weigh", "OpenAI.effort", "removed", ('effort="low",', "")),
    _emitted(
        "another-effort",
        "fallback_keeps_laws",
        "weigh",
        "OpenAI.effort",
        "off by one",
        ('effort="low"', 'effort="medium"'),
    ),
    _emitted("no-lists", "judges_agree", "everything", "Plan.lists", "removed", ('lists=("lines",)', "lists=()")),
    _emitted(
        "no-conditional-paths",
        "errors_say_nothing",
        "everything",
        "Plan.conditional",
        "removed",
        ('conditional=("input.order",)', "conditional=()"),
    ),
    _emitted(
        "one-conditional-path-less",
        "errors_say_nothing",
        "own",
        "Plan.conditional",
        "off by one",
        ('conditional=("input.mine", "input.others[]")', 'conditional=("input.mine",)'),
    ),
    _emitted("fences-as-tags", "fences_hold", "talk", "Plan.fence", "removed", ('fence="json"', 'fence="tags"')),
    _emitted(
        "fences-as-json", "fences_hold", "everything", "Plan.fence", "off by one", ('fence="tags"', 'fence="json"')
    ),
    _emitted(
        "schema-one-more",
        "system_is_closed",
        "talk",
        "Plan.schema",
        "off by one",
        ('"maxLength":200\'', '"maxLength":201\''),
    ),
    _emitted(
        "schema-of-anything",
        "system_is_closed",
        "talk",
        "Plan.schema",
        "removed",
        ('{"type":"string","minLength":1,"maxLength":200\'', "{'"),
    ),
    _emitted(
        "no-examples",
        "roles_hold",
        "weigh",
        "Plan.examples",
        "removed",
        ("            ),\n        ),\n        limitations", "            ),\n        )[:0],\n        limitations"),
    ),
    _emitted(
        "example-with-another-reply",
        "fences_hold",
        "weigh",
        "Example.reply",
        "off by one",
        ('"left":3,"why"', '"left":4,"why"'),
    ),
    _emitted(
        "example-with-another-input",
        "fences_hold",
        "weigh",
        "Example.given",
        "off by one",
        ('"name": "lid"', '"name": "top"'),
    ),
)

PROMPTS: Final = (
    _emitted(
        "open-value-unfenced",
        "fences_hold",
        "talk",
        "Draft.fence",
        "removed",
        ('out.fence("message", x.message)', "out.value(x.message)"),
    ),
    _emitted(
        "fence-of-another-name",
        "fences_hold",
        "talk",
        "Draft.fence",
        "off by one",
        ('out.fence("message"', 'out.fence("messages"'),
    ),
    _emitted(
        "fence-of-another-value",
        "fences_hold",
        "everything",
        "Draft.fence",
        "off by one",
        ("x.note)", "x.title or x.note)"),
    ),
    _emitted(
        "fence-numbered-from-zero",
        "fences_hold",
        "everything",
        "Draft.fence",
        "off by one",
        ('"lines[" + str(line_number)', '"lines[" + str(line_number - 1)'),
    ),
    _emitted(
        "open-value-in-system",
        "system_is_closed",
        "talk",
        "Draft.value",
        "removed",
        ("out.value(x.plan.label)", "out.value(x.message)"),
    ),
    _emitted(
        "another-closed-value",
        "system_is_closed",
        "everything",
        "Draft.value",
        "off by one",
        ("out.value(x.count)", "out.value(x.count + 1)"),
    ),
    _emitted("key-for-label", "system_is_closed", "talk", "Draft.value", "off by one", ("x.plan.label", "x.plan.key")),
    _emitted(
        "fixed-text-left-out",
        "system_is_closed",
        "everything",
        "Draft.text",
        "removed",
        ('out.text("Title: ")', "pass"),
    ),
    _emitted(
        "fixed-text-changed",
        "system_is_closed",
        "everything",
        "Draft.text",
        "off by one",
        ('out.text("Title: ")', 'out.text("Title:")'),
    ),
    _emitted(
        "system-as-user",
        "roles_hold",
        "everything",
        "Draft.begin",
        "off by one",
        ('out.begin("system")', 'out.begin("user")'),
    ),
    _emitted("messages-run-together", "roles_hold", "talk", "Draft.begin", "removed", ('out.begin("user")', "pass")),
    _emitted(
        "user-as-system",
        "roles_hold",
        "everything",
        "Draft.begin",
        "off by one",
        ('out.begin("user")', 'out.begin("system")'),
    ),
    _emitted(
        "history-left-out",
        "roles_hold",
        "talk",
        "Draft.history",
        "removed",
        ('out.history("history", x.history)', "pass"),
    ),
    _emitted(
        "first-turn-left-out", "roles_hold", "talk", "Draft.history", "off by one", ("x.history)", "x.history[1:])")
    ),
    _emitted("if-turned-round", "fences_hold", "everything", "if", "off by one", ("if x.title:", "if not x.title:")),
    _emitted("if-always", "fences_hold", "everything", "if", "removed", ("if x.title:", "if True:")),
    _emitted(
        "loop-over-fewer",
        "fences_hold",
        "everything",
        "for",
        "off by one",
        ("enumerate(x.lines, 1)", "enumerate(x.lines[:2], 1)"),
    ),
    _emitted(
        "loop-left-out",
        "fences_hold",
        "everything",
        "for",
        "removed",
        ("enumerate(x.lines, 1)", "enumerate(x.lines[:0], 1)"),
    ),
)


def _condition(
    name: str, feature: Name, rule: str, way: Way, old: str, new: str, *, law: str = "refuses_invalid"
) -> Sabotage:
    return _emitted(name, law, feature, rule, way, (old, new))


def _require(name: str, feature: Name, rule: str, condition: str, weaker: str) -> tuple[Sabotage, ...]:
    """Return the sabotages of one condition on inputs: taken for kept, and one too weak."""
    return (
        _condition(f"{name}-not-required", feature, rule, "removed", condition, "True"),
        _condition(f"{name}-off", feature, rule, "off by one", condition, weaker),
    )


def _ensure(name: str, feature: Name, rule: str, condition: str, weaker: str) -> tuple[Sabotage, ...]:
    """Return the sabotages of one condition on replies: taken for kept, and one too weak."""
    return (
        _condition(f"{name}-not-ensured", feature, rule, "removed", condition, "True", law="reply_is_total"),
        _condition(f"{name}-off", feature, rule, "off by one", condition, weaker, law="reply_is_total"),
    )


CONDITIONS: Final = (
    *_require("where-of-the-caller", "own", "where", "row.customer == caller.id", "row.customer != caller.id"),
    *_require("where-in-a-list", "own", "where", 'row2.state == "closed"', 'row2.state != "clos"'),
    _condition("where-of-an-order", "everything", "where", "removed", '(row.state == "open")', "True"),
    _condition("where-of-a-reply", "everything", "where", "removed", "(row.count >= 2)", "True", law="reply_is_total"),
    _condition(
        "where-of-a-reply-off",
        "everything",
        "where",
        "off by one",
        "(row.count >= 2)",
        "(row.count >= 1)",
        law="reply_is_total",
    ),
    *_require("seven", "everything", "require", "(x.count != 7)", "(x.count != 8)"),
    *_require("all-lines", "everything", "all", "(line.count <= (x.count + 8))", "(line.count <= (x.count + 9))"),
    *_require(
        "distinct-parts",
        "weigh",
        "distinct",
        "ps.distinct([item.name for item in x.parts])",
        "ps.distinct([item.name for item in x.parts[1:]])",
    ),
    *_require(
        "total-of-parts",
        "weigh",
        "total",
        "(ps.total([item.weight for item in x.parts]) <= x.most)",
        "(ps.total([item.weight for item in x.parts]) <= x.most + 1)",
    ),
    *_require(
        "heaviest-part",
        "weigh",
        "max",
        "(max([item.weight for item in x.parts]) <= 8)",
        "(max([item.weight for item in x.parts]) < 9)",
    ),
    *_require(
        "lightest-part",
        "weigh",
        "min",
        '(min([item.weight for item in x.parts]) >= Decimal("0.5"))',
        '(min([item.weight for item in x.parts]) >= Decimal("0.4"))',
    ),
    *_require("name-starts", "weigh", "starts_with", '(not x.name.startswith("x"))', '(not x.name.startswith("xx"))'),
    *_require("name-ends", "weigh", "ends_with", '(not x.name.endswith("z"))', '(not x.name.endswith("zz"))'),
    *_require(
        "name-contains", "weigh", "contains", '(not ps.contains(x.name, "qq"))', '(not ps.contains(x.name, "qqq"))'
    ),
    *_require("name-in-lower-case", "weigh", "lower", '(ps.lower(x.name) != "void")', '(x.name != "void")'),
    *_require("name-length", "weigh", "len", "(len(x.name) <= 10)", "(len(x.name) <= 11)"),
    *_require("only-when", "weigh", "when", "not (x.most > 9)", "not (x.most > 10)"),
    *_require(
        "member-of-the-form",
        "weigh",
        "member",
        '(ps.member(x.form, "colour") != "grey")',
        '(ps.member(x.form, "colour") != "gray")',
    ),
    *_ensure("reply-count", "everything", "holds", "(y.count <= (x.count + 5))", "(y.count <= (x.count + 6))"),
    *_ensure("reply-words", "everything", "ensure", "(ps.words(y.why) <= 12)", "(ps.words(y.why) <= 13)"),
    *_ensure("answer-words", "talk", "words", "(ps.words(y.answer) <= 30)", "(ps.words(y.answer) <= 31)"),
    *_ensure("reply-rest", "weigh", "abs", "(abs((y.left - 8)) >= 1)", "(abs((y.left - 9)) >= 1)"),
    *_ensure(
        "reply-search", "weigh", "search", '(not ps.search(y.why, "glass|china"))', '(not ps.search(y.why, "glass"))'
    ),
    *_ensure(
        "reply-matches",
        "weigh",
        "matches",
        '(not ps.matches(y.why, "no[a-z ]*", ignore_case=True))',
        '(not ps.matches(y.why, "no[a-z ]*"))',
    ),
    *_ensure(
        "reply-any-part",
        "weigh",
        "any",
        "any((part.weight <= y.sum) for part in x.parts)",
        "any((part.weight <= y.sum + 1) for part in x.parts)",
    ),
    _condition(
        "require-of-another-path",
        "weigh",
        "Violation.path",
        "off by one",
        'path="input.form", rule="require_10"',
        'path="input.name", rule="require_10"',
    ),
    _condition(
        "require-of-another-rule", "weigh", "Violation.rule", "off by one", 'rule="require_10"', 'rule="require_11"'
    ),
    _condition(
        "key-told-in-other-words",
        "own",
        "NOT_ON_OFFER",
        "removed",
        'path="input.mine", rule="one_of", message=ps.NOT_ON_OFFER',
        'path="input.mine", rule="one_of", message="belongs to somebody else"',
        law="errors_say_nothing",
    ),
    _condition(
        "sum-of-fewer",
        "weigh",
        "exact",
        "off by one",
        "ps.total([item.weight for item in x.parts]))",
        "ps.total([item.weight for item in x.parts[1:]]))",
        law="system_is_closed",
    ),
)

_PLANS_ROWS: Final = '(("free", "Free"), ("plus", "Plus"), ("plus2", "Plus for two"))'


def _source(name: str, law: str, feature: Name, rule: str, way: Way, old: str, new: str) -> Sabotage:
    return Sabotage(name=name, law=law, feature=feature, rule=rule, way=way, edits=(Edit(old, new),))


SOURCES: Final = (
    _source(
        "source-by-its-label",
        "accepts_valid",
        "talk",
        "Source.key",
        "off by one",
        'row=PlansRow,\n    key="key"',
        'row=PlansRow,\n    key="label"',
    ),
    _source(
        "columns-swapped",
        "accepts_valid",
        "talk",
        "Source.columns",
        "off by one",
        'columns=("key", "label")',
        'columns=("label", "key")',
    ),
    _source(
        "row-removed",
        "accepts_valid",
        "talk",
        "Source.rows",
        "removed",
        _PLANS_ROWS,
        '(("free", "Free"), ("plus", "Plus"))',
    ),
    _source(
        "row-added",
        "refuses_invalid",
        "talk",
        "Source.rows",
        "off by one",
        _PLANS_ROWS,
        _PLANS_ROWS[:-1] + ', ("Free", "Free"))',
    ),
)

EMITTED: Final = (*PLANS, *PROMPTS, *CONDITIONS, *SOURCES)
