"""Rules of fields and types."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from promptspec.diagnostics import did_you_mean
from promptspec.syntax import tree
from promptspec.syntax.build.place import Build
from promptspec.syntax.words import TEXT_UNITS


class BuildTypes(Build):
    """Fields, and the types that they have."""

    def fields(self, c: list[Any]) -> tuple[Any, ...]:
        """The fields of a record."""
        return self._nodes(c)

    def field(self, c: list[Any]) -> tree.Field:
        """`name: type`."""
        key, name, _, type_, optional, _, default = c
        span = self._span(c)
        return tree.Field(
            name=name,
            type=self._shallow_type(type_),
            optional=optional is not None,
            default=default,
            key=key is not None,
            doc=self._doc(span.start),
            span=span,
        )

    def field_name(self, c: list[Any]) -> tree.Name:
        """A field's name, which may be `key`."""
        return self._name(c[0])

    def column(self, c: list[Any]) -> tree.Field:
        """`"Film Title" as title: line(..80)`."""
        header, _, field = c
        if header is None:
            return field
        span = self._span(c)
        return replace(field, header=header, doc=self._doc(span.start) or field.doc, span=span)

    def text_type(self, c: list[Any]) -> tree.TextType:
        """`text(…)`, `line(…)` or `code(…)`."""
        kind: Any = str(c[0])
        cap, unit, options = c[2] or (None, None, ())
        return tree.TextType(kind=kind, cap=cap, unit=unit, options=options, span=self._span(c))

    def text_arguments(self, c: list[Any]) -> tuple[Any, ...]:
        """The cap, its unit, and the options."""
        options = self._nodes(c)
        has_cap = not isinstance(c[0], tree.Node)
        cap, unit = c[0] if has_cap else (None, None)
        return (cap, unit, options)

    def cap(self, c: list[Any]) -> list[Any]:
        """`..60 words`."""
        cap, unit = c
        return [cap, None if unit is None else self._one_of(unit, TEXT_UNITS, "a unit of text")]

    def matching_option(self, c: list[Any]) -> tree.MatchingOption:
        """`matching /…/`."""
        return tree.MatchingOption(pattern=c[1], span=self._span(c))

    def links_option(self, c: list[Any]) -> tree.LinksOption:
        """`links "example.org" query`."""
        return tree.LinksOption(host=c[1], query=c[2] is not None, span=self._span(c))

    def word_option(self, c: list[Any]) -> tree.WordOption:
        """`markdown`."""
        return tree.WordOption(word=self._word(c[0]), span=self._span(c))

    def words_type(self, c: list[Any]) -> tree.WordsType:
        """`"free" | "pro"`."""
        return tree.WordsType(words=self._nodes(c), span=self._span(c))

    def named_type(self, c: list[Any]) -> tree.NamedType:
        """An enum or a record."""
        return tree.NamedType(name=str(c[0]), span=self._span(c))

    def record_type(self, c: list[Any]) -> tree.RecordType:
        """`{ fields }`."""
        return tree.RecordType(fields=c[1], span=self._span(c))

    def one_of_type(self, c: list[Any]) -> tree.OneOfType:
        """`one of films where …`."""
        return tree.OneOfType(name=self._name(c[2]), where=self._shallow(c[4]), span=self._span(c))

    def number_type(self, c: list[Any]) -> tree.NumberType:
        """`int(…)` or `decimal(…)`."""
        span = self._span(c)
        if str(c[0]) == "int":
            return tree.NumberType(kind="int", bounds=c[2], span=span)
        return tree.NumberType(kind="decimal", bounds=c[2], places=c[4], span=span)

    def plain_type(self, c: list[Any]) -> tree.Type:
        """`bool`, `datetime` or `email`."""
        span = self._span(c)
        match str(c[0]):
            case "bool":
                return tree.BoolType(span=span)
            case "datetime":
                return tree.DateTimeType(span=span)
            case _:
                return tree.EmailType(span=span)

    def date_type(self, c: list[Any]) -> tree.DateType:
        """`date(…)`."""
        return tree.DateType(bounds=c[2], span=self._span(c))

    def url_type(self, c: list[Any]) -> tree.UrlType:
        """`url(hosts …)`."""
        return tree.UrlType(hosts=c[3] or (), span=self._span(c))

    def strings(self, c: list[Any]) -> tuple[Any, ...]:
        """`"a", "b"`."""
        return self._nodes(c)

    def list_type(self, c: list[Any]) -> tree.ListType:
        """`list(1..5) of T`."""
        kind: Any = str(c[0])
        return tree.ListType(kind=kind, bounds=c[2], item=c[5], span=self._span(c))

    def turns_type(self, c: list[Any]) -> tree.TurnsType:
        """`turns(..20) of T`."""
        return tree.TurnsType(bounds=c[2], item=c[5], span=self._span(c))

    def image_type(self, c: list[Any]) -> tree.ImageType:
        """`image(..4mb)`."""
        return tree.ImageType(bounds=c[2], span=self._span(c))

    def schema_type(self, c: list[Any]) -> tree.SchemaType:
        """`schema("…", text ..500, items ..50)`."""
        caps: dict[str, tree.Range] = {}
        for child in c:
            if type(child) is list:
                name, bounds = cast("list[Any]", child)
                if name.text in caps:
                    self.place.findings.add("PS101", name.span, f"`{name.text}` is given twice")
                caps[name.text] = bounds
        return tree.SchemaType(path=c[2], text=caps.get("text"), items=caps.get("items"), span=self._span(c))

    def schema_cap(self, c: list[Any]) -> list[Any]:
        """`text ..500`."""
        return [self._one_of(c[0], ("text", "items"), "a cap of `schema(…)`"), c[1]]

    def reserved_type(self, c: list[Any]) -> tree.ReservedType:
        """`pdf(…)`, `slots(…)` or `quote(…) of field`."""
        word: Any = str(c[0])
        of = self._name(c[5]) if word == "quote" else None
        return tree.ReservedType(word=word, arguments=c[2], of=of, span=self._span(c))

    def reserved_arguments(self, c: list[Any]) -> str:
        """Their text as written, in one line."""
        if not c:
            return ""
        text = self.place.content[c[0].start_pos : c[-1].end_pos]
        return " ".join(str(token) for token in c) if "\n" in text else text

    def number_range(self, c: list[Any]) -> tree.Range:
        """`1..5`, `..200` or `2..`."""
        low = c[0] if isinstance(c[0], tree.Node) else None
        high = c[-1] if isinstance(c[-1], tree.Node) else None
        return tree.Range(low=low, high=high, span=self._span(c))  # pyright: ignore[reportArgumentType]: grammar says

    date_range = number_range
    size_range = number_range
    tone_range = number_range

    def _one_of(self, token: Any, known: Sequence[str], what: str) -> tree.Name:
        name = self._word(token)
        if name.text not in known:
            self.place.findings.add(
                "PS117",
                name.span,
                f"`{name.text}` is not {what}",
                help=did_you_mean(name.text, known) or _listed(known),
            )
        return name


def _listed(known: Sequence[str]) -> str:
    return "there are " + ", ".join(f"`{word}`" for word in known)
