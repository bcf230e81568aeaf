"""Declarations, and the file that they stand in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from promptspec.syntax.tree.clauses import Clause
from promptspec.syntax.tree.literals import DurationLiteral, EnvCall, NumberLiteral, Setting, SizeLiteral, StringLiteral
from promptspec.syntax.tree.nodes import Comment, Doc, Name, Node
from promptspec.syntax.tree.tones import ToneRule
from promptspec.syntax.tree.types import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Node):
    """`use Mood, house from "common.spec"`."""

    names: tuple[Name, ...]
    path: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Member(Node):
    """A member of an enum."""

    name: Name
    label: StringLiteral | None = None
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EnumDeclaration(Node):
    """`enum Mood { funny, sad "Sad or bittersweet" }`."""

    name: Name
    members: tuple[Member, ...]
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordDeclaration(Node):
    """`record Line { … }`."""

    name: Name
    fields: tuple[Field, ...]
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns(Node):
    """`columns { … }` of a source."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowLiteral(Node):
    """`"free" "Free"` of `rows`."""

    key: StringLiteral
    label: StringLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDeclaration(Node):
    """`source films = csv("data/films.csv") { … }`; `rows` has *rows* in place of arguments and settings."""

    name: Name
    kind: Name
    arguments: tuple[StringLiteral | EnvCall, ...] = ()
    settings: tuple[Setting | Columns, ...] = ()
    rows: tuple[RowLiteral, ...] = ()
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDeclaration(Node):
    """`model small = openai("…") { … }`, `model robust = first small, local`, `model dry = rehearsal()`."""

    name: Name
    kind: Name
    arguments: tuple[StringLiteral | EnvCall, ...] = ()
    members: tuple[Name, ...] = ()
    settings: tuple[Setting, ...] = ()
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneDeclaration(Node):
    """`tone house { … }` at top level."""

    name: Name
    rules: tuple[ToneRule, ...]
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultsDeclaration(Node):
    """`defaults magazine { clauses }`."""

    name: Name
    clauses: tuple[Clause, ...]
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule(Node):
    """One rule of a policy; which of the optional parts are there depends on *kind*.

    must: `every feature must moderate input, output` (*subject* `moderate`, *targets*) ·
    no: `no text over 2_000 chars` (*subject*, *amount*, *unit*) ·
    at_most: `reply at most 800 tokens` (*subject*, *amount*, *unit*) ·
    at_least: `caller at least signed_in` (*subject*, *level*) · may_waive: `may waive review` (*subject*, *targets*)
    """

    kind: Literal["must", "no", "at_most", "at_least", "may_waive"]
    subject: Name
    targets: tuple[Name, ...] = ()
    amount: NumberLiteral | DurationLiteral | SizeLiteral | None = None
    unit: Name | None = None
    level: Name | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDeclaration(Node):
    """`policy company { … }`."""

    name: Name
    rules: tuple[PolicyRule, ...]
    doc: Doc | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDeclaration(Node):
    """`feature name with shared { clauses }`."""

    name: Name
    defaults: tuple[Name, ...]
    clauses: tuple[Clause, ...]
    doc: Doc | None = None


Declaration: TypeAlias = (
    Use
    | EnumDeclaration
    | RecordDeclaration
    | SourceDeclaration
    | ModelDeclaration
    | ToneDeclaration
    | DefaultsDeclaration
    | PolicyDeclaration
    | FeatureDeclaration
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Header(Node):
    """`promptspec 1`, or `promptspec 1.2`."""

    major: int
    minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecFile(Node):
    """A whole file. *comments* stand in the order of the file and do not take part in equality."""

    header: Header
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...] = field(default=(), compare=False)
