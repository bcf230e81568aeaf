"""The types of generated models: each annotation judges one kind of value and raises the rule that it breaks.

All of them are pydantic annotations. A violation carries the rule's id and a sentence, never the value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Context as Arithmetic
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, NoReturn, cast

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from promptspec.runtime.context import Context, context_of
from promptspec.values.cleaning import Unclean, clean
from promptspec.values.reading import exact_integer
from promptspec.values.sinks import find_sinks, without_links
from promptspec.values.units import measure, raw_bound

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationInfo

    from promptspec.values.patterns import CompiledPattern

#: More digits than any bound of a spec has.
_EXACT = Arithmetic(prec=1_000)
PLAIN: Final = "must be plain text without links, markup or code"
_UNITS = {"chars": "characters", "words": "words", "bytes": "bytes", "tokens": "tokens"}


def break_rule(rule: str, message: str) -> NoReturn:
    """Refuse the value that is being validated, for *rule*."""
    # Braces would be read as a template, so the sentence goes in as data.
    raise PydanticCustomError(_literal(rule), "{sentence}", {"sentence": message})


def _literal(rule: str) -> Any:
    """pydantic types the rule as a LiteralString; ours come from tables, never from a value."""
    return rule


def json_form(_annotation: object, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
    """Describe a value as it travels in JSON, the same in both directions; a decimal goes out as text."""
    form: Any = cast("Any", schema)["json_schema_input_schema"]
    if handler.mode == "serialization" and form["type"] == "float":
        form = core_schema.str_schema()
    return handler(form)


def given(value: object) -> Any:
    """Return *value*, a default as a caller would give it: it is judged as theirs is, and becomes what they get."""
    return value


@dataclass(frozen=True)
class text:
    """Text of *least* to *most* *unit*; `kind="line"` refuses line breaks; *pattern* must match all of it.

    A reply may link to the hosts of *links*, and with a query to those of *queries*;
    *markdown* opens it to Markdown, and *code* makes it code of a language.
    """

    least: int
    most: int
    unit: Literal["chars", "words", "bytes", "tokens"] = "chars"
    kind: Literal["text", "line"] = "text"
    pattern: str | None = None
    ignore_case: bool = False
    links: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    markdown: bool = False
    code: str = ""

    @cached_property
    def _pattern(self) -> CompiledPattern | None:
        if self.pattern is None:
            return None
        from promptspec.values.patterns import compile_pattern

        return compile_pattern(self.pattern, self.ignore_case)

    @cached_property
    def _raw_bound(self) -> int:
        return raw_bound(self.most, self.unit)

    def judge(self, value: object, info: ValidationInfo) -> str:
        """Return the cleaned text. Raises PydanticCustomError for the rule that *value* breaks."""
        return self.judge_text(value, context_of(info))

    def judge_text(self, value: object, context: Context) -> str:
        """As `judge`, in a call's own context."""
        if not isinstance(value, str):
            break_rule("type", "must be text")
        cleaned = cleaned_text(value, self.kind, self._raw_bound, context)
        rule = measure(cleaned, least=self.least, most=self.most, unit=self.unit)
        if rule is not None:
            break_rule(rule, self._too(rule))
        pattern = self._pattern
        if pattern is not None and not pattern.fullmatch(cleaned):
            break_rule("pattern", "does not match the pattern")
        if context.direction == "output":
            self._refuse_sinks(cleaned)
            refuse_echo(cleaned, context)
        return cleaned

    def _refuse_sinks(self, cleaned: str) -> None:
        """Refuse what the type does not open."""
        if self.code:
            self._refuse_no_code(cleaned)
            return
        if self.markdown:
            from promptspec.values.markdown import find_markdown_sinks

            sinks = find_markdown_sinks(cleaned, self.links, self.queries)
        elif self.links:
            sinks = find_sinks(without_links(cleaned, self.links, self.queries))
        else:
            sinks = find_sinks(cleaned)
        if sinks:
            break_rule("plain", self._kept_out())

    def _refuse_no_code(self, cleaned: str) -> None:
        from promptspec.values.code import LANGUAGES, code_problem

        match code_problem(cleaned, self.code):
            case None:
                return
            case "plain":
                break_rule("plain", "must be code without fences, terminal escapes and characters that show nothing")
            case rule:
                break_rule(rule, f"must be {LANGUAGES[self.code]} that parses, and nothing around it")

    def _kept_out(self) -> str:
        what = "Markdown without HTML, images" if self.markdown else "plain text without markup, code"
        but = f", and links but those to {', '.join(self.links)}" if self.links else " and links"
        return f"must be {what}{but}" if self.markdown or self.links else PLAIN

    def _too(self, rule: str) -> str:
        if rule == "too_long":
            return f"must have at most {self.most:,} {_UNITS[self.unit]}"
        if rule == "too_short":
            return f"must have at least {self.least:,} {_UNITS[self.unit]}"
        return "must not be blank"

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge,
            json_schema_input_schema=core_schema.str_schema(min_length=self.least or None, max_length=self._raw_bound),
            serialization=core_schema.to_string_ser_schema(),
        )


def cleaned_text(value: str, kind: Literal["text", "line"], most: int, context: Context) -> str:
    """Return *value* cleaned as rule 12 says; what was removed from an input is noted as a warning."""
    if len(value) <= most and value.isascii() and value.isprintable():
        return value  # as `clean` would: most texts are so
    try:
        cleaned = clean(value, kind=kind, direction=context.direction, most=most)
    except Unclean as unclean:
        break_rule(unclean.rule, unclean.message)
    if cleaned.removed:
        context.warnings.append("invisible_characters_removed")
    return cleaned.text


def refuse_sinks(cleaned: str, context: Context) -> None:
    """Refuse output text that holds links, markup, code, terminal escapes, or words of the prompt."""
    if find_sinks(cleaned):
        break_rule("plain", PLAIN)
    refuse_echo(cleaned, context)


def refuse_echo(cleaned: str, context: Context) -> None:
    """Refuse output text that holds the tag, or words, of the prompt."""
    if context.echo is not None:
        echo = context.echo(cleaned)
        if echo is not None:
            break_rule(echo, "repeats the instructions")


@dataclass(frozen=True)
class word:
    """One of the *words*, exactly."""

    words: tuple[str, ...]

    def judge(self, value: object, _info: ValidationInfo) -> str:
        """Return the word itself."""
        if not isinstance(value, str):
            break_rule("type", "must be one of the declared words")
        if value not in self.words:
            break_rule("choice", "must be one of the declared words")
        return str(value)

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.literal_schema(list(self.words))
        )


class Word(StrEnum):
    """The base of generated enums: a member, or its exact word, is accepted; nothing is converted."""

    @classmethod
    def judge(cls, value: object) -> Word:
        """Return the member. Raises PydanticCustomError for anything else."""
        if type(value) is cls:
            return value
        if type(value) is not str:
            break_rule("type", "must be one of the declared words")
        member = cls._value2member_map_.get(value)
        if member is None:
            break_rule("choice", "must be one of the declared words")
        return member  # pyright: ignore[reportReturnType]  # the map is typed as Enum

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.judge,
            json_schema_input_schema=core_schema.literal_schema([str(member.value) for member in cls]),
            serialization=core_schema.to_string_ser_schema(),
        )


@dataclass(frozen=True)
class integer:
    """A whole number from *least* to *most*. A JSON reply may write it as 4.0; a Python call gives an int."""

    least: int
    most: int

    def judge(self, value: object, info: ValidationInfo) -> int:
        """Return the int."""
        number = exact_integer(value)
        if number is None or isinstance(value, float):
            break_rule("type", "must be a whole number")
        if number < self.least:
            break_rule("too_small", f"must be at least {self.least:,}")
        if number > self.most:
            break_rule("too_large", f"must be at most {self.most:,}")
        return number

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.int_schema(ge=self.least, le=self.most)
        )


@dataclass(frozen=True)
class number:
    """A decimal number from *least* to *most* with at most *places* digits after the point; floats are refused."""

    least: Decimal
    most: Decimal
    places: int

    def judge(self, value: object, _info: ValidationInfo) -> Decimal:
        """Return the Decimal, with exactly *places* digits after the point."""
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            break_rule("type", "must be a decimal number")
        exact = Decimal(value)
        if not exact.is_finite():
            break_rule("type", "must be a decimal number")
        if exact < self.least:
            break_rule("too_small", f"must be at least {self.least:,f}")
        if exact > self.most:
            break_rule("too_large", f"must be at most {self.most:,f}")
        if exact:
            _, digits, exponent = exact.as_tuple()
            places = -int(exponent)
            trailing = 0
            while trailing < len(digits) and digits[-1 - trailing] == 0:
                trailing += 1
            if places - trailing > self.places:
                break_rule("places", f"must have at most {self.places} digits after the point")
        # Within bounds and places, so quantize only moves the point; -0 becomes 0. The application's own decimal
        # context must not round here.
        step = Decimal(1).scaleb(-self.places, _EXACT)
        return exact.quantize(step, context=_EXACT) if exact else Decimal(0).scaleb(-self.places, _EXACT)

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge,
            json_schema_input_schema=core_schema.float_schema(ge=float(self.least), le=float(self.most)),
        )


@dataclass(frozen=True)
class boolean:
    """True or false, and nothing that only looks like it."""

    def judge(self, value: object, _info: ValidationInfo) -> bool:
        """Return the bool."""
        if value is True or value is False:
            return value
        break_rule("type", "must be true or false")

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.bool_schema()
        )


@dataclass(frozen=True)
class day:
    """A date; "today" as a bound is the UTC date at the start of the call."""

    least: date | Literal["today"] | None = None
    most: date | Literal["today"] | None = None

    def judge(self, value: object, info: ValidationInfo) -> date:
        """Return the date."""
        if isinstance(value, str):
            from promptspec.values.formats import BadFormat, parse_date

            try:
                value = parse_date(value)
            except BadFormat as bad:
                break_rule(bad.rule, bad.message)
        if not isinstance(value, date) or isinstance(value, datetime):
            break_rule("type", "must be a date")
        today = context_of(info).today
        least = today if self.least == "today" else self.least
        most = today if self.most == "today" else self.most
        if least is not None and value < least:
            break_rule("too_early", "is too early")
        if most is not None and value > most:
            break_rule("too_late", "is too late")
        return value

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.date_schema()
        )


@dataclass(frozen=True)
class moment:
    """A date and time with its offset."""

    def judge(self, value: object, _info: ValidationInfo) -> datetime:
        """Return the aware datetime."""
        if isinstance(value, str):
            from promptspec.values.formats import BadFormat, parse_datetime

            try:
                value = parse_datetime(value)
            except BadFormat as bad:
                break_rule(bad.rule, bad.message)
        if not isinstance(value, datetime):
            break_rule("type", "must be a date and time")
        if value.utcoffset() is None:
            break_rule("offset", "must say its offset from UTC")
        return value

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.datetime_schema()
        )


@dataclass(frozen=True)
class email:
    """An e-mail address as in the WHATWG HTML pattern."""

    def judge(self, value: object, info: ValidationInfo) -> str:
        """Return the address as it was given."""
        from promptspec.values.formats import BadFormat, parse_email

        if not isinstance(value, str):
            break_rule("type", "must be an e-mail address")
        try:
            address = parse_email(value)
        except BadFormat as bad:
            break_rule(bad.rule, bad.message)
        refuse_echo(address, context_of(info))
        return address

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.str_schema(max_length=254)
        )


@dataclass(frozen=True)
class url:
    """An address; *hosts* are the only ones allowed, and must be given for output."""

    hosts: tuple[str, ...] = ()

    def judge(self, value: object, info: ValidationInfo) -> str:
        """Return the address, normalised as the WHATWG URL standard says."""
        from promptspec.values.formats import BadFormat, parse_url

        if not isinstance(value, str):
            break_rule("type", "must be an address")
        context = context_of(info)
        outward = context.direction == "output"
        try:
            address = parse_url(value, self.hosts if self.hosts or outward else None)
        except BadFormat as bad:
            break_rule(bad.rule, bad.message)
        refuse_echo(address, context)
        return address

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge, json_schema_input_schema=core_schema.str_schema(max_length=2048)
        )
