"""Contracts written by hand, for tests of what reads them."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from promptspec.contract.expressions import Compare, Constant, Contains, KeyOf, Not, Reference
from promptspec.contract.feature import Example, Feature, Fixed, Limits, Message, Module, Print, Rule, Source, SourceRow
from promptspec.contract.models import RehearsalModel
from promptspec.contract.types import (
    Boolean,
    Cap,
    Choice,
    Date,
    DateTime,
    Email,
    Enumeration,
    Field,
    Group,
    Integer,
    ListOf,
    Member,
    Number,
    ObjectConstant,
    OneOfItems,
    OneOfSource,
    Origin,
    Pattern,
    Record,
    Text,
    Trust,
    Turns,
    Type,
    Url,
    Words,
)

FILE = "films.spec"
ORIGIN = Origin(file=FILE, line=1)


def text(least: int, most: int, unit: Any = "chars", **more: Any) -> Text:
    return Text(kind=more.pop("kind", "text"), cap=Cap(least=least, most=most, unit=unit), **more)


def field(name: str, type: Type, **more: Any) -> Field:
    return Field(name=name, type=type, origin=ORIGIN, **more)


def record(name: str, *fields: Field, **more: Any) -> Record:
    return Record(name=name, fields=fields, origin=ORIGIN, **more)


def feature(
    inputs: tuple[Field, ...] = (), outputs: tuple[Field, ...] = (), *, bare: bool = False, **more: Any
) -> Feature:
    """Return a feature; *outputs* of a bare one are one field that is called `answer`."""
    more = {"requires": (), "ensures": (), "examples": (), **more}
    return Feature(
        name="suggest",
        class_name="Suggest",
        doc=more.pop("doc", ""),
        models=(RehearsalModel(origin=ORIGIN),),
        input=record("SuggestInput", *inputs),
        output=record("SuggestOutput", *outputs),
        bare=bare,
        messages=(Message(role="user", parts=(Fixed(text="Go."),), origin=ORIGIN),),
        fence="tags",
        limits=Limits(reply_tokens=300, reply_derived=False),
        caller="session",
        limitations="",
        cases=(),
        evaluation=more.pop("evaluation", None),
        largest_prompt=0,
        smallest_prompt=0,
        no_stream=None,
        origin=ORIGIN,
        **more,
    )


MOOD = Enumeration(
    name="Mood",
    members=(Member(name="funny"), Member(name="sad", label="Sad or bittersweet"), Member(name="tense")),
    origin=ORIGIN,
)
PASSAGE = record("Passage", field("id", text(1, 20, kind="line"), key=True), field("body", text(1, 100)))
LINE = record(
    "Line",
    field("amount", Integer(least=1, most=99)),
    field("price", PRICE := Number(least=Decimal(0), most=Decimal("99.99"), places=2)),
)
PLANS = Source(
    name="plans",
    kind="rows",
    key="key",
    label="label",
    columns=(field("key", text(1, 64, kind="line")), field("label", text(1, 64, kind="line"))),
    row_class="Plan",
    trusted=True,
    rows=(SourceRow(key="free", label="Free"), SourceRow(key="pro", label="Professional")),
    size=2,
    small_keys=("free", "pro"),
    origin=ORIGIN,
)
ROWS = {"plans": {row.key: {"key": row.key, "label": row.label} for row in PLANS.rows}}
ONE_PASSAGE = OneOfItems(field="passages", record="Passage", file=FILE, most=5)


def module(*features: Feature, **more: Any) -> Module:
    facts: dict[str, Any] = {
        "file": FILE,
        "version": "1",
        "enums": (MOOD,),
        "records": (PASSAGE, LINE),
        "sources": (PLANS,),
        "features": features,
        "imports": (),
        "hosts": ("api.openai.com",),
        "environment": (),
        "read": ((FILE, "sha256:00"),),
    }
    return Module(**{**facts, **more})


def output(*steps: str, through: tuple[int, ...] = ()) -> Reference:
    return Reference(root="output", steps=steps, through=through)


def given(*steps: str, through: tuple[int, ...] = ()) -> Reference:
    return Reference(root="input", steps=steps, through=through)


def rule(id: str, condition: Any, **more: Any) -> Rule:
    return Rule(id=id, condition=condition, when=None, message="no", path="output", origin=ORIGIN, **more)


EVERYTHING = feature(
    (
        field("mood", Choice(name="Mood", file=FILE), default="funny", has_default=True),
        field("plan", OneOfSource(source="plans", file=FILE)),
        field("note", text(0, 200), optional=True, doc="Anything else."),
        field("passages", ListOf(item=Group(name="Passage", file=FILE), least=0, most=5)),
        field("history", Turns(item=text(1, 50), least=0, most=4)),
        field("born", Date(least=date(1900, 1, 1), most="today"), optional=True),
    ),
    (
        field("pick", ONE_PASSAGE, optional=True),
        field("others", ListOf(item=ONE_PASSAGE, least=0, most=3, unique=True)),
        field("mood", Choice(name="Mood", file=FILE), optional=True),
        field("tag", Words(words=("a", "b"))),
        field("code", text(1, 12, kind="line", pattern=Pattern(source=r"[A-Z]{3}-\d+"))),
        field("why", text(20, 60, "words"), doc="Why these."),
        field("size", text(1, 100, "bytes")),
        field("plan", OneOfSource(source="plans", file=FILE)),
        field("lines", ListOf(item=Group(name="Line", file=FILE), least=1, most=3)),
        field("sure", Boolean()),
        field("when", Date(least=date(2020, 1, 1), most="today"), optional=True),
        field("at", DateTime()),
        field("mail", Email()),
        field("link", Url(hosts=("example.org",))),
    ),
    doc="Suggests.",
    ensures=(
        rule(
            "ensure-1",
            Not(
                operand=Contains(
                    item=KeyOf(row=output("pick"), path=("id",)),
                    container=KeyOf(row=output("others"), path=("id",), many=True),
                    negated=False,
                )
            ),
        ),
        rule("ensure-2", Compare(op=">", left=Constant(value=Decimal("0.50")), right=Constant(value=0))),
    ),
    examples=(
        Example(
            title="one",
            given=ObjectConstant(entries=(("plan", "free"), ("passages", ()))),
            returns=ObjectConstant(entries=(("tag", "a"), ("others", ("x",)))),
            today=date(2026, 1, 31),
            origin=ORIGIN,
        ),
    ),
)
PRINTED = Print(value=given("note"), trust=Trust.OPEN, type=None, kind="text", path="note")
