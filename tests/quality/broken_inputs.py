"""Sabotages of the emitted module: types of inputs, with one rule removed, or off by one."""

from __future__ import annotations

from typing import Final

from quality.builds import Edit
from quality.sabotage import Name, Sabotage, Way


def _input(
    name: str, rule: str, way: Way, old: str, new: str, *, feature: Name = "everything", within: str = "", law: str = ""
) -> Sabotage:
    section = within or f"{feature.capitalize()}Input"
    return Sabotage(
        name=name,
        law=law or "refuses_invalid",
        feature=feature,
        rule=rule,
        way=way,
        edits=(Edit(old, new, section),),
    )


_SKU: Final = 'sku: Annotated[str, ps.text(3, 8, kind="line", pattern="[A-Z]{2}-\\\\d+")]'
_PICKED: Final = 'ps.text(3, 8, kind="line", pattern="[A-Z]{2}-\\\\d+")'
_DUE: Final = "ps.day(least=dt.date(2026, 1, 1), most=dt.date(2026, 12, 31))"
_MESSAGE: Final = "message: Annotated[str, ps.text(1, 1500)]"
_HISTORY: Final = "ps.turn(ps.text(1, 40))], ...], ps.items(0, 3)]"
_FORM: Final = '"maxLength":10'

TEXTS: Final = (
    _input("no-cap-on-characters", "text.most", "removed", "ps.text(1, 1500)", "ps.text(1, 9_000)", feature="talk"),
    _input("a-character-too-many", "text.most", "off by one", "ps.text(1, 1500)", "ps.text(1, 1501)", feature="talk"),
    _input(
        "a-character-too-few",
        "text.most",
        "off by one",
        "ps.text(1, 1500)",
        "ps.text(1, 1499)",
        feature="talk",
        law="accepts_valid",
    ),
    _input("no-least-characters", "text.least", "removed", "ps.text(1, 1500)", "ps.text(0, 1500)", feature="talk"),
    _input("least-characters-off", "text.least", "off by one", "ps.text(2, 60)", "ps.text(1, 60)"),
    _input(
        "least-characters-strict",
        "text.least",
        "off by one",
        "ps.text(1, 1500)",
        "ps.text(2, 1500)",
        feature="talk",
        law="accepts_valid",
    ),
    _input("no-cap-on-words", "text.most", "removed", 'ps.text(0, 4, unit="words"', 'ps.text(0, 400, unit="words"'),
    _input("a-word-too-many", "text.most", "off by one", 'ps.text(0, 4, unit="words"', 'ps.text(0, 5, unit="words"'),
    _input("no-cap-on-bytes", "text.most", "removed", 'ps.text(0, 40, unit="bytes")', 'ps.text(0, 999, unit="bytes")'),
    _input(
        "a-byte-too-many", "text.most", "off by one", 'ps.text(0, 40, unit="bytes")', 'ps.text(0, 41, unit="bytes")'
    ),
    _input(
        "no-cap-on-tokens",
        "text.most",
        "removed",
        'ps.text(0, 12, unit="tokens")',
        'ps.text(0, 99, unit="tokens")',
        feature="weigh",
    ),
    _input(
        "a-token-too-many",
        "text.most",
        "off by one",
        'ps.text(0, 12, unit="tokens")',
        'ps.text(0, 13, unit="tokens")',
        feature="weigh",
    ),
    _input("bytes-as-characters", "text.unit", "removed", 'ps.text(0, 40, unit="bytes")', "ps.text(0, 40)"),
    _input(
        "words-as-tokens",
        "text.unit",
        "off by one",
        'ps.text(0, 4, unit="words"',
        'ps.text(0, 4, unit="tokens"',
        law="accepts_valid",
    ),
    _input("line-as-text", "text.kind", "removed", 'ps.text(1, 12, kind="line")', "ps.text(1, 12)", feature="weigh"),
    _input(
        "text-as-line",
        "text.kind",
        "off by one",
        "ps.text(1, 1500)",
        'ps.text(1, 1500, kind="line")',
        feature="talk",
        law="accepts_valid",
    ),
    _input("no-pattern", "text.pattern", "removed", _PICKED, 'ps.text(3, 8, kind="line")', within="Line"),
    _input("pattern-a-letter-shorter", "text.pattern", "off by one", "[A-Z]{2}-", "[A-Z]{1,2}-", within="Line"),
    _input("pattern-without-case", "text.ignore_case", "off by one", 'd+")]', 'd+", ignore_case=True)]', within="Line"),
    _input(
        "default-of-another-value",
        "default",
        "off by one",
        '= "parcel"',
        '= "packet"',
        feature="weigh",
        law="fences_hold",
    ),
    _input("no-default", "default", "removed", ' = "parcel"', "", feature="weigh", law="accepts_valid"),
    _input("another-default-of-a-word", "default", "off by one", '= "small"', '= "tiny"', law="accepts_valid"),
    _input(
        "optional-made-required",
        "optional",
        "removed",
        "shelf: Annotated[ShelvesRow, ps.one_of(SHELVES)] | None = None",
        "shelf: Annotated[ShelvesRow, ps.one_of(SHELVES)]",
        law="accepts_valid",
    ),
    _input(
        "required-made-optional",
        "optional",
        "off by one",
        "plan: Annotated[PlansRow, ps.one_of(PLANS)]",
        "plan: Annotated[PlansRow, ps.one_of(PLANS)] | None = None",
        feature="talk",
    ),
)

NUMBERS: Final = (
    _input(
        "integer-without-most", "integer.most", "removed", "ps.integer(0, 30)", "ps.integer(0, 2**53)", feature="weigh"
    ),
    _input("integer-one-more", "integer.most", "off by one", "ps.integer(0, 30)", "ps.integer(0, 31)", feature="weigh"),
    _input(
        "integer-one-less",
        "integer.most",
        "off by one",
        "ps.integer(-3, 12)",
        "ps.integer(-3, 11)",
        law="accepts_valid",
    ),
    _input(
        "integer-without-least",
        "integer.least",
        "removed",
        "ps.integer(0, 30)",
        "ps.integer(-(2**53), 30)",
        feature="weigh",
    ),
    _input("integer-from-one-less", "integer.least", "off by one", "ps.integer(-3, 12)", "ps.integer(-4, 12)"),
    _input("decimal-without-most", "number.most", "removed", 'Decimal("99")', 'Decimal("1e9")'),
    _input("decimal-a-step-more", "number.most", "off by one", 'Decimal("99")', 'Decimal("99.01")'),
    _input("decimal-without-least", "number.least", "removed", 'Decimal("0")', 'Decimal("-1e9")'),
    _input("decimal-a-step-less", "number.least", "off by one", 'Decimal("0")', 'Decimal("-0.01")'),
    _input("decimal-without-places", "number.places", "removed", 'Decimal("99"), 2', 'Decimal("99"), 30'),
    _input("decimal-a-place-more", "number.places", "off by one", 'Decimal("99"), 2', 'Decimal("99"), 3'),
    _input("boolean-of-anything", "boolean", "removed", "Annotated[bool, ps.boolean()]", "bool", within="Line"),
    _input(
        "boolean-for-integer", "integer.most", "removed", "Annotated[int, ps.integer(0, 30)]", "int", feature="weigh"
    ),
)

FORMATS: Final = (
    _input("day-without-least", "day.least", "removed", "least=dt.date(2026, 1, 1), ", ""),
    _input("day-one-earlier", "day.least", "off by one", "dt.date(2026, 1, 1)", "dt.date(2025, 12, 31)"),
    _input("day-without-most", "day.most", "removed", ", most=dt.date(2026, 12, 31)", ""),
    _input("day-one-later", "day.most", "off by one", "dt.date(2026, 12, 31)", "dt.date(2027, 1, 1)"),
    _input("day-without-today", "day.most", "removed", 'most="today"', "", feature="weigh"),
    _input(
        "day-as-text",
        "day.most",
        "removed",
        "Annotated[dt.date, ps.day",
        "str | Annotated[dt.date, ps.day",
        feature="weigh",
    ),
    _input("moment-as-text", "moment", "removed", "Annotated[dt.datetime, ps.moment()]", "str"),
    _input("moment-without-offset", "moment", "off by one", "Annotated[dt.datetime, ps.moment()]", "dt.datetime"),
    _input("email-as-text", "email", "removed", "Annotated[str, ps.email()]", "str"),
    _input(
        "email-as-line",
        "email",
        "off by one",
        "Annotated[str, ps.email()]",
        'Annotated[str, ps.text(1, 254, kind="line")]',
    ),
    _input("url-as-text", "url.hosts", "removed", "Annotated[str, ps.url()]", "str"),
    _input("url-of-any-host", "url.hosts", "removed", 'ps.url(("example.org",))', "ps.url()", feature="weigh"),
    _input(
        "url-of-one-host-more",
        "url.hosts",
        "off by one",
        'ps.url(("example.org",))',
        'ps.url(("example.org", "evil.example"))',
        feature="weigh",
    ),
    _input(
        "object-without-schema",
        "schema_object.schema",
        "removed",
        "Annotated[Mapping[str, object], ps.schema_object('"
        '{"type":"object","properties":{"colour":{"type":"string","minLength":1,"maxLength":10},'
        '"size":{"type":"integer","minimum":0,"maximum":9}},"required":["colour"],"additionalProperties":false}'
        "')]",
        "Mapping[str, object]",
        feature="weigh",
        law="judges_agree",
    ),
    _input(
        "schema-a-character-more",
        "schema_object.schema",
        "off by one",
        _FORM,
        '"maxLength":11',
        feature="weigh",
        law="judges_agree",
    ),
)

LISTS: Final = (
    _input("list-without-most", "items.most", "removed", "ps.items(1, 3)", "ps.items(1, 999)", feature="weigh"),
    _input("list-one-more", "items.most", "off by one", "ps.items(1, 3)", "ps.items(1, 4)", feature="weigh"),
    _input(
        "list-one-less",
        "items.most",
        "off by one",
        "ps.items(1, 3)",
        "ps.items(1, 2)",
        feature="weigh",
        law="accepts_valid",
    ),
    _input("list-without-least", "items.least", "removed", "ps.items(1, 3)", "ps.items(0, 3)", feature="weigh"),
    _input(
        "list-from-one-more",
        "items.least",
        "off by one",
        "ps.items(1, 3)",
        "ps.items(2, 3)",
        feature="weigh",
        law="accepts_valid",
    ),
    _input("set-as-list", "items.unique", "removed", ", unique=True", "", law="fences_hold"),
    _input("turns-without-most", "items.most", "removed", "ps.items(0, 3)", "ps.items(0, 99)", feature="talk"),
    _input("turn-one-more", "items.most", "off by one", "ps.items(0, 3)", "ps.items(0, 4)", feature="talk"),
    _input("turn-without-cap", "turn.said", "removed", "ps.text(1, 40)", "ps.text(0, 4_000)", feature="talk"),
    _input("turn-a-character-more", "turn.said", "off by one", "ps.text(1, 40)", "ps.text(1, 41)", feature="talk"),
    _input(
        "undeclared-fields",
        "Input",
        "removed",
        "\n    history",
        '\n    model_config = {"extra": "ignore"}\n    history',
        feature="talk",
    ),
    _input(
        "undeclared-fields-inside",
        "Record",
        "removed",
        "\n    name",
        '\n    model_config = {"extra": "ignore"}\n    name',
        feature="weigh",
        within="Part",
    ),
)

WORDS: Final = (
    _input(
        "word-as-text",
        "word.words",
        "removed",
        'Annotated[Literal["small", "large"], ps.word(("small", "large"))]',
        "str",
    ),
    _input(
        "word-one-more",
        "word.words",
        "off by one",
        'ps.word(("small", "large"))',
        'ps.word(("small", "large", "larg"))',
    ),
    _input(
        "word-one-less",
        "word.words",
        "off by one",
        'ps.word(("small", "large"))',
        'ps.word(("small",))',
        law="accepts_valid",
    ),
    _input("enum-as-text", "Word", "removed", "mood: Mood", "mood: str"),
    _input("member-added", "Word", "off by one", 'calm = "calm"', 'calm = "calm"\n    sadd = "sadd"', within="Mood"),
    _input("member-removed", "Word", "off by one", '\n    calm = "calm"', "", within="Mood", law="accepts_valid"),
    _input(
        "key-in-another-source",
        "one_of.source",
        "off by one",
        "ps.one_of(SHELVES)",
        "ps.one_of(ORDERS)",
        law="accepts_valid",
    ),
    _input("key-as-text", "one_of.source", "removed", "Annotated[PlansRow, ps.one_of(PLANS)]", "str", feature="talk"),
)

INPUTS: Final = (*TEXTS, *NUMBERS, *FORMATS, *LISTS, *WORDS)
