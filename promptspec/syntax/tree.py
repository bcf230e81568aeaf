"""The syntax tree: what a spec file says, before anybody asks what it means.

Every node knows its span, and equality ignores it: two trees are equal when they say the same thing.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from promptspec.text import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Anything that stands somewhere in a spec."""

    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name(Node):
    """A bare word: a name or a word of the language."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment(Node):
    """A `#` comment with its marks; *own_line* says that nothing stands before it on its line."""

    text: str
    own_line: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc(Node):
    """The text of the `##` lines above a declaration, field or member, without the marks, joined by line breaks."""

    text: str


# Literals


@dataclass(frozen=True, slots=True, kw_only=True)
class StringLiteral(Node):
    '''A string: *value* after escapes or dedenting. *block* says that it was written with `"""`.

    *pieces* maps value to file: pairs of (index in value, offset in file), each valid up to the next pair.
    '''

    value: str
    block: bool = field(default=False, compare=False)
    pieces: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)

    def span_of(self, start: int, end: int) -> Span:
        """Return where the part `start:end` of the value stands in the file."""
        return Span(
            self.span.file, self._offset(start), max(self._offset(start), self._offset(max(start, end - 1)) + 1)
        )

    def _offset(self, index: int) -> int:
        if not self.pieces:
            return self.span.start
        at = max(bisect_right(self.pieces, (index, 1 << 62)) - 1, 0)
        base, offset = self.pieces[at]
        return offset + (index - base)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegexLiteral(Node):
    """`/…/` or `/…/i`; *source* has `\\/` for a slash as written."""

    source: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberLiteral(Node):
    """A number; *text* is how the author wrote it (`1_000`)."""

    value: Decimal
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentLiteral(Node):
    """`5%`: *value* is 5."""

    value: Decimal
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DurationLiteral(Node):
    """`20s`, in milliseconds."""

    milliseconds: int
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeLiteral(Node):
    """`4mb`, in bytes (`kb` is 1,024)."""

    bytes: int
    text: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DateLiteral(Node):
    """`2026-01-31`."""

    value: date


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolLiteral(Node):
    """`true` or `false`."""

    value: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoneLiteral(Node):
    """`none`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WordLiteral(Node):
    """A bare word where a value is expected: an enum's member, `today`, or a word of a setting."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListLiteral(Node):
    """`[a, b]`."""

    items: tuple[Literal_, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Node):
    """`name: value` in an object."""

    name: Name
    value: Literal_


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLiteral(Node):
    """`{ a: 1, b: "x" }`; a key that is no name is written as a string."""

    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvCall(Node):
    """`env("NAME")`."""

    name: StringLiteral


Literal_: TypeAlias = (
    StringLiteral
    | NumberLiteral
    | PercentLiteral
    | DurationLiteral
    | SizeLiteral
    | DateLiteral
    | BoolLiteral
    | NoneLiteral
    | WordLiteral
    | ListLiteral
    | ObjectLiteral
)

# Expressions


@dataclass(frozen=True, slots=True, kw_only=True)
class NameExpr(Node):
    """A name that stands alone."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberExpr(Node):
    """`target.name`."""

    target: Expr
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class LiteralExpr(Node):
    """A literal: string, number, percent, date, duration, bool or none."""

    value: StringLiteral | NumberLiteral | PercentLiteral | DurationLiteral | DateLiteral | BoolLiteral | NoneLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class PatternExpr(Node):
    """A pattern as an argument: `contains(x, /…/)`."""

    pattern: RegexLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExpr(Node):
    """`[a, b]`."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallExpr(Node):
    """`function(arguments)`."""

    function: Name
    arguments: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NegExpr(Node):
    """`-operand`."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class ArithmeticExpr(Node):
    """`left op right`, left-associative."""

    op: Literal["+", "-", "*"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareExpr(Node):
    """`left op right`; comparisons do not chain."""

    op: Literal["==", "!=", "<", "<=", ">", ">="]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class InExpr(Node):
    """`item in container`, or `item not in container`."""

    item: Expr
    container: Expr
    negated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchesExpr(Node):
    """`target matches /…/`: a full match."""

    target: Expr
    pattern: RegexLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class NotExpr(Node):
    """`not operand`."""

    operand: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicExpr(Node):
    """`a and b and c`, or the same with `or`: two or more items, flattened."""

    op: Literal["and", "or"]
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuantifiedExpr(Node):
    """`all x in xs: body`, or `any x in xs: body`; the body reaches as far as it can."""

    quantifier: Literal["all", "any"]
    variable: Name
    over: Expr
    body: Expr


Expr: TypeAlias = (
    NameExpr
    | MemberExpr
    | LiteralExpr
    | PatternExpr
    | ListExpr
    | CallExpr
    | NegExpr
    | ArithmeticExpr
    | CompareExpr
    | InExpr
    | MatchesExpr
    | NotExpr
    | LogicExpr
    | QuantifiedExpr
)

# Types

Bound: TypeAlias = NumberLiteral | PercentLiteral | DateLiteral | SizeLiteral | WordLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Range(Node):
    """`1..5`, `..200` or `2..`; a negative number carries its sign in its value and text."""

    low: Bound | None = None
    high: Bound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchingOption(Node):
    """`matching /…/`."""

    pattern: RegexLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class LinksOption(Node):
    """`links "example.org"`, `links "example.org" query`."""

    host: StringLiteral
    query: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WordOption(Node):
    """A bare word in a type's parentheses: `markdown`, or the language of `code`."""

    word: Name


TextOption: TypeAlias = MatchingOption | LinksOption | WordOption


@dataclass(frozen=True, slots=True, kw_only=True)
class TextType(Node):
    """`text(20..500)`, `line(..60 words, matching /…/)`, `code(..4_000, python)`."""

    kind: Literal["text", "line", "code"]
    cap: Range | None = None
    unit: Name | None = None
    options: tuple[TextOption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsType(Node):
    """`"free" | "pro"`."""

    words: tuple[StringLiteral, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedType(Node):
    """The name of an enum or a record."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType(Node):
    """`{ fields }`."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OneOfType(Node):
    """`one of name`, with an optional condition on the rows."""

    name: Name
    where: Expr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberType(Node):
    """`int(1..5)`, `decimal(0..9_999, 2)`."""

    kind: Literal["int", "decimal"]
    bounds: Range | None = None
    places: NumberLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoolType(Node):
    """`bool`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DateType(Node):
    """`date`, `date(2020-01-01..today)`."""

    bounds: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DateTimeType(Node):
    """`datetime`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailType(Node):
    """`email`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlType(Node):
    """`url`, `url(hosts "example.org", "example.net")`."""

    hosts: tuple[StringLiteral, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ListType(Node):
    """`list(1..5) of T`, `set(..5) of T`."""

    kind: Literal["list", "set"]
    bounds: Range | None
    item: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnsType(Node):
    """`turns(..20) of text(..2_000)`."""

    bounds: Range | None
    item: Type


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageType(Node):
    """`image(..4mb)`."""

    bounds: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaType(Node):
    """`schema("invoice.schema.json", text ..500, items ..50)`."""

    path: StringLiteral
    text: Range | None = None
    items: Range | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedType(Node):
    """`pdf(…)`, `slots(…)`, `quote(…) of field`: kept for later versions; *arguments* is their text as written."""

    word: Literal["pdf", "slots", "quote"]
    arguments: str
    of: Name | None = None


Type: TypeAlias = (
    TextType
    | WordsType
    | NamedType
    | RecordType
    | OneOfType
    | NumberType
    | BoolType
    | DateType
    | DateTimeType
    | EmailType
    | UrlType
    | ListType
    | TurnsType
    | ImageType
    | SchemaType
    | ReservedType
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field(Node):
    """`name: type`, with what may stand around it; *header* is the `"Film Title" as` of a column."""

    name: Name
    type: Type
    optional: bool = False
    default: Literal_ | None = None
    key: bool = False
    header: StringLiteral | None = None
    doc: Doc | None = None


# Declarations


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
class Setting(Node):
    """`name value` of a source, a model, a moderation or a review: `key id`, `base_url env("LLM_URL")`."""

    name: Name
    value: Literal_ | EnvCall


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
class ToneRule(Node):
    """One rule: `reading_grade ..8`, `avoid "synergy", /as an AI/i`, `person not first`, `judge "polite" 0.8`."""

    name: Name
    negated: bool = False
    arguments: tuple[ToneArgument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordList(Node):
    """`words("lists/blocked.txt")`."""

    path: StringLiteral


ToneArgument: TypeAlias = (
    StringLiteral
    | RegexLiteral
    | NumberLiteral
    | PercentLiteral
    | Range
    | WordList
    | NameExpr
    | MemberExpr
    | NoneLiteral
)


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

# Clauses of a feature


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelClause(Node):
    """`model "gpt-5.6-luna"` or `model small`."""

    model: StringLiteral | Name


@dataclass(frozen=True, slots=True, kw_only=True)
class InputClause(Node):
    """`input { fields }`."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputClause(Node):
    """`output { fields }` or `output T`, with `?`."""

    type: Type
    optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedOutput(Node):
    """`output Answer | NotFound`: kept for later versions."""

    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindClause(Node):
    """`find hits = films near film by embedding small top 20 where … above 0.4`."""

    name: Name
    source: Name
    near: Expr
    embedding: Name | None = None
    top: NumberLiteral | None = None
    where: Expr | None = None
    above: NumberLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateText(Node):
    """Text of a template that is sent as it stands."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePrint(Node):
    """`{{ expression }}`."""

    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateBranch(Node):
    """The condition of an `if` or `elif`, and what it shows."""

    condition: Expr
    body: tuple[TemplatePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateIf(Node):
    """`{% if %} … {% elif %} … {% else %} … {% endif %}`."""

    branches: tuple[TemplateBranch, ...]
    otherwise: tuple[TemplatePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFor(Node):
    """`{% for x in xs %} … {% endfor %}`."""

    variable: Name
    over: Expr
    body: tuple[TemplatePart, ...]


TemplatePart: TypeAlias = TemplateText | TemplatePrint | TemplateIf | TemplateFor


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate(Node):
    """`system \"\"\"…\"\"\"` or `user \"\"\"…\"\"\"`; *parts* is the text, parsed."""

    role: Literal["system", "user"]
    text: StringLiteral
    parts: tuple[TemplatePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnsMessage(Node):
    """`turns history` in a prompt."""

    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptClause(Node):
    """`prompt { messages }`."""

    messages: tuple[MessageTemplate | TurnsMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceClause(Node):
    """`fence tags`, `fence datamark`, `fence json`."""

    mode: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneUse(Node):
    """`tone house` in a feature."""

    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ToneClause(Node):
    """`tone { … }`, `tone for why, picks.title { … }`: *targets* are names or paths."""

    targets: tuple[NameExpr | MemberExpr, ...]
    rules: tuple[ToneRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequireClause(Node):
    """`require E when C else "…"`."""

    condition: Expr
    when: Expr | None
    message: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class EnsureClause(Node):
    """`ensure E when C else "…"`, `ensure all a in xs: E else drop "…"`."""

    condition: Expr
    when: Expr | None
    drop: bool
    message: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit(Node):
    """`reply 300 tokens`, `time 20s`, `calls 20 per minute per caller`, `spend 2 usd per day per caller`."""

    name: Name
    amount: NumberLiteral | DurationLiteral
    unit: Name | None = None
    per: tuple[Name, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsClause(Node):
    """`limits { … }`."""

    limits: tuple[Limit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerClause(Node):
    """`caller session`."""

    level: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerationRule(Node):
    """`block hate, violence/graphic` or `above harassment 0.4`."""

    kind: Literal["block", "above"]
    categories: tuple[Name, ...]
    threshold: NumberLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModerateClause(Node):
    """`moderate input, output with openai { … }`; *by* is `openai`, or `words`/`python` with an argument."""

    targets: tuple[Name, ...]
    by: Name | None = None
    argument: StringLiteral | None = None
    rules: tuple[ModerationRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewClause(Node):
    """`review always`, `review when E { show question  within 4h  by "desk"  otherwise withhold }`."""

    when: Expr | None
    show: tuple[Name, ...] = ()
    settings: tuple[Setting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleClause(Node):
    """`sample 2%`."""

    share: PercentLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportClause(Node):
    """`report to "mailto:…"`."""

    target: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitationsClause(Node):
    """`limitations \"\"\"…\"\"\"`."""

    text: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Node):
    """`intent at least 92%` of an `evaluate` clause."""

    path: NameExpr | MemberExpr
    share: PercentLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateClause(Node):
    """`evaluate "golden.jsonl" { intent at least 92% }`."""

    path: StringLiteral
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepClause(Node):
    """`keep 30d`."""

    duration: DurationLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretClause(Node):
    """`secret field, field`."""

    fields: tuple[Name, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WaiveClause(Node):
    """`waive moderate input because "…"`."""

    practice: Name
    targets: tuple[Name, ...]
    because: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherwiseClause(Node):
    """`otherwise returns { … }`: kept for later versions."""

    value: Literal_


# What examples, tests and attacks say


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(Node):
    """`given { … } as signed_in "u1"`."""

    values: ObjectLiteral
    level: Name | None = None
    caller: StringLiteral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns(Node):
    """`returns value`."""

    value: Literal_


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuses(Node):
    """`refuses film`, `refuses output.picks`: *path* as written, or None for `refuses` alone."""

    path: NameExpr | MemberExpr | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies(Node):
    """`replies value`: what the model answers, with keys in place of positions."""

    value: Literal_


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire(Node):
    """`wire \"\"\"…\"\"\"`: the raw text of the model's answer."""

    text: StringLiteral


@dataclass(frozen=True, slots=True, kw_only=True)
class On(Node):
    """`on 2026-01-31`: what `today` is."""

    date: DateLiteral


CaseItem: TypeAlias = Given | Returns | Refuses | Replies | Wire | On


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClause(Node):
    """`example "…" { … }`, `test "…" { … }` or `attack "…" { … }`."""

    kind: Literal["example", "test", "attack"]
    title: StringLiteral
    items: tuple[CaseItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExamplesFrom(Node):
    """`examples from "data/shots.jsonl"`."""

    path: StringLiteral


Clause: TypeAlias = (
    ModelClause
    | InputClause
    | OutputClause
    | ReservedOutput
    | FindClause
    | PromptClause
    | FenceClause
    | ToneUse
    | ToneClause
    | RequireClause
    | EnsureClause
    | LimitsClause
    | CallerClause
    | ModerateClause
    | ReviewClause
    | SampleClause
    | ReportClause
    | LimitationsClause
    | EvaluateClause
    | KeepClause
    | SecretClause
    | WaiveClause
    | OtherwiseClause
    | CaseClause
    | ExamplesFrom
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
