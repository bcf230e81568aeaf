"""Sabotages of the emitted module: types of replies, with one rule removed, or off by one."""

from __future__ import annotations

from typing import Final

from quality.builds import Edit
from quality.sabotage import Name, Sabotage, Way


def _output(
    name: str, rule: str, way: Way, old: str, new: str, *, feature: Name = "everything", law: str = "reply_is_total"
) -> Sabotage:
    return Sabotage(
        name=f"reply-{name}",
        law=law,
        feature=feature,
        rule=rule,
        way=way,
        edits=(Edit(old, new, f"{feature.capitalize()}Output"),),
    )


def _dropped(name: str, way: Way, old: str, new: str) -> Sabotage:
    edits = (Edit(old, new, "Tell"),)
    return Sabotage(name=f"reply-{name}", law="reply_is_total", feature="tell", rule="Drops", way=way, edits=edits)


_CODE: Final = 'ps.text(3, 8, kind="line", pattern="[A-Z]{2}-\\\\d+")'

OUTPUTS: Final = (
    _output("no-cap-on-characters", "text.most", "removed", "ps.text(1, 200)", "ps.text(1, 9_000)", feature="talk"),
    _output("a-character-too-many", "text.most", "off by one", "ps.text(1, 200)", "ps.text(1, 201)", feature="talk"),
    _output("least-characters-off", "text.least", "off by one", "ps.text(3, 60)", "ps.text(2, 60)", feature="weigh"),
    _output("no-least-characters", "text.least", "removed", "ps.text(1, 200)", "ps.text(0, 200)", feature="talk"),
    _output("line-as-text", "text.kind", "removed", 'ps.text(1, 8, kind="line")', "ps.text(1, 8)", feature="weigh"),
    _output("no-pattern", "text.pattern", "removed", _CODE, 'ps.text(3, 8, kind="line")'),
    _output("text-judged-by-nobody", "text.most", "removed", "Annotated[str, ps.text(1, 200)]", "str", feature="talk"),
    _output("integer-one-more", "integer.most", "off by one", "ps.integer(0, 9)", "ps.integer(0, 10)", feature="weigh"),
    _output(
        "integer-without-least", "integer.least", "removed", "ps.integer(0, 9)", "ps.integer(-99, 9)", feature="weigh"
    ),
    _output("decimal-a-step-more", "number.most", "off by one", 'Decimal("40")', 'Decimal("40.1")', feature="weigh"),
    _output(
        "decimal-a-place-more", "number.places", "off by one", 'Decimal("40"), 1', 'Decimal("40"), 2', feature="weigh"
    ),
    _output("boolean-of-anything", "boolean", "removed", "Annotated[bool, ps.boolean()]", "bool"),
    _output("day-without-today", "day.least", "removed", 'least="today"', "", feature="weigh"),
    _output("day-one-earlier", "day.least", "off by one", "dt.date(2026, 1, 1)", "dt.date(2025, 12, 31)"),
    _output(
        "moment-without-offset",
        "moment",
        "off by one",
        "Annotated[dt.datetime, ps.moment()]",
        "dt.datetime",
        feature="weigh",
    ),
    _output("email-as-text", "email", "removed", "Annotated[str, ps.email()]", "str", feature="weigh"),
    _output(
        "url-of-one-host-more",
        "url.hosts",
        "off by one",
        '("example.org", "example.com")',
        '("example.org", "example.com", "evilexample.org")',
        feature="weigh",
    ),
    _output("list-one-more", "items.most", "off by one", "ps.items(0, 3)", "ps.items(0, 4)", feature="weigh"),
    _output("list-without-least", "items.least", "removed", "ps.items(1, 2)", "ps.items(0, 2)"),
    _output(
        "word-one-more",
        "word.words",
        "off by one",
        'ps.word(("small", "large"))',
        'ps.word(("small", "large", "Small"))',
    ),
    _output("enum-as-text", "Word", "removed", "mood: Mood", "mood: str"),
    _output("key-as-text", "one_of.source", "removed", "Annotated[PlansRow, ps.one_of(PLANS)]", "str", feature="own"),
    _output(
        "entry-made-optional", "entry.optional", "off by one", 'ps.entry("lines")', 'ps.entry("lines", optional=True)'
    ),
    _output(
        "entry-not-optional",
        "entry.optional",
        "removed",
        'ps.entry("lines", optional=True)] = None',
        'ps.entry("lines")] = None',
        law="judges_agree",
    ),
    _output(
        "entry-as-number",
        "entry.field",
        "removed",
        'Annotated[Line | None, ps.entry("lines", optional=True)]',
        "int | None",
    ),
    _output(
        "entry-of-another-list",
        "entry.field",
        "off by one",
        'ps.entry("lines", optional=True)',
        'ps.entry("tags", optional=True)',
        law="judges_agree",
    ),
    _output(
        "undeclared-fields",
        "Record",
        "removed",
        "\n    answer",
        '\n    model_config = {"extra": "ignore"}\n    answer',
        feature="talk",
    ),
    _output(
        "field-made-optional",
        "optional",
        "off by one",
        "left: Annotated[int, ps.integer(0, 9)]",
        "left: Annotated[int, ps.integer(0, 9)] = 3",
        feature="weigh",
    ),
    _output(
        "text-with-any-words-for-code",
        "text.code",
        "removed",
        'ps.text(0, 40, code="python")',
        "ps.text(0, 40)",
        feature="tell",
        law="sinks_are_closed",
    ),
    _output(
        "host-one-more",
        "text.links",
        "off by one",
        'links=("example.org", ',
        'links=("a.example", "example.org", ',
        feature="tell",
        law="sinks_are_closed",
    ),
    _output(
        "no-links",
        "text.links",
        "removed",
        'links=("example.org", "shop.example.org"), queries=("shop.example.org",)',
        "",
        feature="tell",
        law="judges_agree",
    ),
    _output(
        "queries-for-a-host-more",
        "text.queries",
        "off by one",
        'queries=("shop.example.org",)',
        'queries=("example.org", "shop.example.org")',
        feature="tell",
        law="sinks_are_closed",
    ),
    _output(
        "no-queries",
        "text.queries",
        "removed",
        ', queries=("shop.example.org",)',
        "",
        feature="tell",
        law="judges_agree",
    ),
    _output(
        "no-markdown",
        "text.markdown",
        "removed",
        "markdown=True",
        "",
        feature="tell",
        law="judges_agree",
    ),
    _output(
        "markdown-in-a-text-more",
        "text.markdown",
        "off by one",
        'queries=("shop.example.org",)',
        'queries=("shop.example.org",), markdown=True',
        feature="tell",
        law="sinks_are_closed",
    ),
    _dropped("items-that-fail-are-kept", "removed", "[(pick <= 6) for pick in y.picks]", "[True for pick in y.picks]"),
    _dropped("an-item-less-is-enough", "off by one", "least=1", "least=0"),
)
