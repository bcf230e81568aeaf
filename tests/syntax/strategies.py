"""Syntax trees at random: everything that the parser can return, and nothing that it cannot."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from promptspec.syntax import KEYWORDS, RESERVED, tree
from promptspec.syntax.words import LIMITS, PERIODS, TEXT_UNITS, UNITS
from promptspec.text import Span

SPAN = Span("tree", 0, 0)


def build(node: type, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return nodes of one class, which all stand nowhere."""
    return st.builds(node, span=st.just(SPAN), **parts)


def many(items: st.SearchStrategy[Any], least: int = 1, most: int = 3) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, min_size=least, max_size=most).map(tuple)


def maybe(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | items


declared = st.from_regex(r"[a-z_][a-z0-9_]{0,5}", fullmatch=True).filter(lambda word: word not in KEYWORDS)
words = st.one_of(declared, st.sampled_from(sorted(KEYWORDS - RESERVED)))
name = build(tree.Name, text=words)
declared_name = build(tree.Name, text=declared)
prose = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=20) | st.text(
    ' \n"\\{}%ab', max_size=12
)
string = build(tree.StringLiteral, value=prose, block=st.booleans())
line_string = build(tree.StringLiteral, value=prose)
plain_text = st.text("abc \n\"'é—", max_size=20)
regex = build(
    tree.RegexLiteral,
    source=st.from_regex(r"([a-z0-9\[\].+*# ]|\\[/d\\]){1,6}", fullmatch=True),
    ignore_case=st.booleans(),
)
digits = st.from_regex(r"[0-9]{1,3}(_[0-9]{3})?(\.[0-9]{1,2})?", fullmatch=True)


def number_of(text: str) -> tree.NumberLiteral:
    return tree.NumberLiteral(value=Decimal(text.replace("_", "")), text=text, span=SPAN)


plain_number = digits.map(number_of)
number = st.from_regex(r"-?[0-9]{1,3}(_[0-9]{3})?(\.[0-9]{1,2})?", fullmatch=True).map(number_of)
percent = digits.map(lambda text: tree.PercentLiteral(value=Decimal(text.replace("_", "")), text=f"{text}%", span=SPAN))
_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def duration_of(parts: tuple[int, str]) -> tree.DurationLiteral:
    return tree.DurationLiteral(milliseconds=parts[0] * _MS[parts[1]], text=f"{parts[0]}{parts[1]}", span=SPAN)


def size_of(parts: tuple[int, str]) -> tree.SizeLiteral:
    factor = {"kb": 1 << 10, "mb": 1 << 20}[parts[1]]
    return tree.SizeLiteral(bytes=parts[0] * factor, text=f"{parts[0]}{parts[1]}", span=SPAN)


duration = st.tuples(st.integers(0, 999), st.sampled_from(sorted(_MS))).map(duration_of)
size = st.tuples(st.integers(0, 999), st.sampled_from(["kb", "mb"])).map(size_of)
day = build(tree.DateLiteral, value=st.dates(min_value=date(1000, 1, 1)))
bool_literal = build(tree.BoolLiteral, value=st.booleans())
none = build(tree.NoneLiteral)
word = build(tree.WordLiteral, name=words)
env = build(tree.EnvCall, name=line_string)

scalars = st.one_of(string, number, percent, duration, size, day, bool_literal, none, word)
key = build(tree.Name, text=words | prose)
literal = st.recursive(
    scalars,
    lambda inner: (
        build(tree.ListLiteral, items=many(inner, 0))
        | build(tree.ObjectLiteral, entries=many(build(tree.Entry, name=key, value=inner), 0))
    ),
    max_leaves=6,
)
object_literal = build(tree.ObjectLiteral, entries=many(build(tree.Entry, name=key, value=literal), 0))

# Expressions

name_expression = build(tree.NameExpr, name=words)
path = st.recursive(name_expression, lambda inner: build(tree.MemberExpr, target=inner, name=name), max_leaves=3)
atoms = name_expression | build(
    tree.LiteralExpr,
    value=st.one_of(string, plain_number, percent, duration, day, bool_literal, none),
)


def bigger(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(
        build(tree.MemberExpr, target=inner, name=name),
        build(tree.ListExpr, items=many(inner, 0)),
        build(tree.CallExpr, function=name, arguments=many(inner | build(tree.PatternExpr, pattern=regex), 0)),
        build(tree.NegExpr, operand=inner),
        build(tree.ArithmeticExpr, op=st.sampled_from("+-*"), left=inner, right=inner),
        build(tree.CompareExpr, op=st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), left=inner, right=inner),
        build(tree.InExpr, item=inner, container=inner, negated=st.booleans()),
        build(tree.MatchesExpr, target=inner, pattern=regex),
        build(tree.NotExpr, operand=inner),
        build(tree.LogicExpr, op=st.sampled_from(["and", "or"]), items=many(inner, 2)),
        build(tree.QuantifiedExpr, quantifier=st.sampled_from(["all", "any"]), variable=name, over=inner, body=inner),
    )


expression = st.recursive(atoms, bigger, max_leaves=8)

# Types


def ranges(bound: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    both = build(tree.Range, low=bound, high=bound)
    return both | build(tree.Range, low=bound) | build(tree.Range, high=bound)


number_range = ranges(number)
text_option = st.one_of(
    build(tree.MatchingOption, pattern=regex),
    build(tree.LinksOption, host=line_string, query=st.booleans()),
    build(tree.WordOption, word=build(tree.Name, text=words.filter(lambda w: w not in ("matching", "links")))),
)


@st.composite
def text_type(draw: st.DrawFn) -> tree.TextType:
    cap = draw(maybe(number_range))
    unit = None if cap is None else draw(maybe(build(tree.Name, text=st.sampled_from(TEXT_UNITS))))
    kind: Any = draw(st.sampled_from(["text", "line", "code"]))
    return tree.TextType(kind=kind, cap=cap, unit=unit, options=draw(many(text_option, 0, 2)), span=SPAN)


@st.composite
def number_type(draw: st.DrawFn) -> tree.NumberType:
    bounds = draw(maybe(number_range))
    kind: Any = draw(st.sampled_from(["int", "decimal"]))
    places = draw(maybe(number)) if kind == "decimal" and bounds is not None else None
    return tree.NumberType(kind=kind, bounds=bounds, places=places, span=SPAN)


@st.composite
def reserved_type(draw: st.DrawFn) -> tree.ReservedType:
    kind: Any = draw(st.sampled_from(["pdf", "slots", "quote"]))
    of = draw(name) if kind == "quote" else None
    return tree.ReservedType(word=kind, arguments=draw(st.sampled_from(["", "..4mb", "..5, a"])), of=of, span=SPAN)


plain_types = st.one_of(
    text_type(),
    build(tree.WordsType, words=many(line_string)),
    build(tree.NamedType, name=declared),
    build(tree.OneOfType, name=name, where=maybe(expression)),
    number_type(),
    st.sampled_from([tree.BoolType(span=SPAN), tree.DateTimeType(span=SPAN), tree.EmailType(span=SPAN)]),
    build(tree.DateType, bounds=maybe(ranges(day | build(tree.WordLiteral, name=st.just("today"))))),
    build(tree.UrlType, hosts=many(line_string, 0)),
    build(tree.ImageType, bounds=maybe(ranges(size))),
    build(tree.SchemaType, path=line_string, text=maybe(number_range), items=maybe(number_range)),
    reserved_type(),
)
doc = build(
    tree.Doc,
    text=st.text("ab #é", max_size=8).map(str.rstrip)
    | st.lists(st.text("ab", max_size=5), min_size=1, max_size=3).map("\n".join),
)


def fields_of(types: st.SearchStrategy[Any], header: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return build(
        tree.Field,
        name=name,
        type=types,
        optional=st.booleans(),
        default=maybe(literal),
        key=st.booleans(),
        header=header,
        doc=maybe(doc),
    )


type_ = st.recursive(
    plain_types,
    lambda inner: st.one_of(
        build(tree.ListType, kind=st.sampled_from(["list", "set"]), bounds=maybe(number_range), item=inner),
        build(tree.TurnsType, bounds=maybe(number_range), item=inner),
        build(tree.RecordType, fields=many(fields_of(inner, st.none()), 1, 2)),
    ),
    max_leaves=4,
)
field = fields_of(type_, st.none())
column = fields_of(type_, maybe(line_string))

# Clauses

tone_argument = st.one_of(
    line_string, regex, number, percent, ranges(number | percent), path, none, build(tree.WordList, path=line_string)
)
tone_rule = build(tree.ToneRule, name=name, negated=st.booleans(), arguments=many(tone_argument))
setting = build(tree.Setting, name=name, value=literal | env)
source_setting = build(
    tree.Setting, name=build(tree.Name, text=words.filter(lambda w: w != "columns")), value=literal | env
)
limit = build(
    tree.Limit,
    name=build(tree.Name, text=st.sampled_from(LIMITS)),
    amount=number | duration,
    unit=maybe(build(tree.Name, text=st.sampled_from(UNITS))),
    per=many(build(tree.Name, text=st.sampled_from(PERIODS)), 0, 2),
    otherwise=maybe(name),
)
category = build(tree.Name, text=st.from_regex(r"[a-z]{1,4}([/-][a-z]{1,3}){0,2}", fullmatch=True))
moderation_rule = build(tree.ModerationRule, kind=st.just("block"), categories=many(category)) | build(
    tree.ModerationRule, kind=st.just("above"), categories=many(category, 1, 1), threshold=number
)


@st.composite
def moderate_clause(draw: st.DrawFn) -> tree.ModerateClause:
    by = draw(maybe(name))
    return tree.ModerateClause(
        targets=draw(many(name)),
        by=by,
        argument=None if by is None else draw(maybe(line_string)),
        rules=() if by is None else draw(many(moderation_rule, 0)),
        span=SPAN,
    )


@st.composite
def given(draw: st.DrawFn) -> tree.Given:
    level = draw(maybe(name))
    caller = None if level is None else draw(maybe(line_string))
    return tree.Given(values=draw(object_literal), level=level, caller=caller, span=SPAN)


case_item = st.one_of(
    given(),
    build(tree.Returns, value=literal),
    build(tree.Refuses, path=path),
    build(tree.Replies, value=literal),
    build(tree.Wire, text=string),
    build(tree.On, date=day),
)


@st.composite
def case_clause(draw: st.DrawFn) -> tree.CaseClause:
    items = draw(many(case_item))
    if draw(st.booleans()):
        items = (*items, tree.Refuses(path=None, span=SPAN))
    kind: Any = draw(st.sampled_from(["example", "test", "attack"]))
    return tree.CaseClause(kind=kind, title=draw(line_string), items=items, span=SPAN)


@st.composite
def message(draw: st.DrawFn) -> tree.MessageTemplate:
    text = tree.StringLiteral(value=draw(plain_text), block=draw(st.booleans()), span=SPAN)
    parts = (tree.TemplateText(text=text.value, span=SPAN),) if text.value else ()
    return tree.MessageTemplate(role=draw(st.sampled_from(["system", "user"])), text=text, parts=parts, span=SPAN)


review_setting = build(
    tree.Setting, name=build(tree.Name, text=words.filter(lambda w: w != "show")), value=literal | env
)
clause = st.one_of(
    build(tree.ModelClause, model=line_string | name),
    build(tree.JudgeClause, model=line_string | name),
    build(tree.InputClause, fields=many(field)),
    build(tree.OutputClause, type=type_, optional=st.booleans()),
    build(tree.ReservedOutput, names=many(declared_name, 2)),
    build(
        tree.FindClause,
        name=name,
        source=name,
        near=path,
        embedding=maybe(name),
        top=maybe(number),
        where=maybe(expression),
        above=maybe(number),
    ),
    build(tree.PromptClause, messages=many(message() | build(tree.TurnsMessage, name=name))),
    build(tree.FenceClause, mode=name),
    build(tree.ToneUse, name=build(tree.Name, text=words.filter(lambda w: w != "for"))),
    build(tree.ToneClause, targets=many(path, 0), rules=many(tone_rule)),
    build(tree.RequireClause, condition=expression, when=maybe(expression), message=line_string),
    build(tree.EnsureClause, condition=expression, when=maybe(expression), drop=st.booleans(), message=line_string),
    build(tree.LimitsClause, limits=many(limit)),
    build(tree.CallerClause, level=name),
    moderate_clause(),
    build(tree.ReviewClause, when=maybe(expression), show=many(name, 0), settings=many(review_setting, 0)),
    build(tree.SampleClause, share=percent),
    build(tree.ReportClause, target=line_string, show=many(name, 0)),
    build(tree.LimitationsClause, text=string),
    build(tree.EvaluateClause, path=line_string, targets=many(build(tree.Target, path=path, share=percent), 0)),
    build(tree.KeepClause, duration=duration),
    build(tree.SecretClause, fields=many(name)),
    build(
        tree.WaiveClause,
        practice=name,
        targets=many(build(tree.Name, text=words.filter(lambda w: w != "because")), 0),
        because=line_string,
    ),
    build(tree.OtherwiseClause, value=literal),
    case_clause(),
    build(tree.ExamplesFrom, path=line_string),
)

# Declarations

arguments = many(line_string | env, 0, 2)
subject = build(tree.Name, text=words.filter(lambda w: w not in ("every", "no", "may")))
targets = many(build(tree.Name, text=st.sampled_from(["input", "output"])), 0, 2)
unit = maybe(build(tree.Name, text=st.sampled_from(UNITS)))
amount = st.one_of(number, duration, size)
policy_rule = st.one_of(
    build(tree.PolicyRule, kind=st.just("must"), subject=name, targets=targets),
    build(tree.PolicyRule, kind=st.just("may_waive"), subject=name, targets=targets),
    build(tree.PolicyRule, kind=st.just("no"), subject=name, amount=amount, unit=unit),
    build(tree.PolicyRule, kind=st.just("at_most"), subject=subject, amount=amount, unit=unit),
    build(tree.PolicyRule, kind=st.just("at_least"), subject=subject, level=name),
)
other_kind = build(tree.Name, text=words.filter(lambda w: w not in ("rows", "first")))
member = build(tree.Member, name=name, label=maybe(line_string), doc=maybe(doc))


def declare(node: type, **parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Return declarations of one class, named and perhaps documented."""
    return build(node, name=declared_name, doc=maybe(doc), **parts)


declaration = st.one_of(
    build(tree.Use, names=many(name), path=line_string),
    declare(tree.EnumDeclaration, members=many(member)),
    declare(tree.RecordDeclaration, fields=many(field)),
    declare(
        tree.SourceDeclaration,
        kind=other_kind,
        arguments=arguments,
        settings=many(source_setting | build(tree.Columns, fields=many(column)), 0),
    ),
    declare(
        tree.SourceDeclaration,
        kind=build(tree.Name, text=st.just("rows")),
        rows=many(build(tree.RowLiteral, key=line_string, label=maybe(line_string))),
    ),
    declare(tree.ModelDeclaration, kind=other_kind, arguments=arguments, settings=many(setting, 0)),
    declare(tree.ModelDeclaration, kind=build(tree.Name, text=st.just("first")), members=many(name)),
    declare(tree.ToneDeclaration, rules=many(tone_rule)),
    declare(tree.PolicyDeclaration, rules=many(policy_rule)),
    declare(tree.DefaultsDeclaration, clauses=many(clause)),
    declare(tree.FeatureDeclaration, defaults=many(name, 0), clauses=many(clause, 0, 4)),
)
spec_file = build(tree.SpecFile, header=st.just(tree.Header(major=1, span=SPAN)), declarations=many(declaration, 0))
