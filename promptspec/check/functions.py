"""The functions of the language: what they take, and what they give."""

from __future__ import annotations

from dataclasses import dataclass

from promptspec.contract.expressions import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A function: the kinds that each argument may have, and the kind of the result."""

    kinds: tuple[tuple[Kind, ...], ...]
    result: Kind
    example: str
    of_numbers: bool = False
    not_empty: bool = False

    @property
    def arguments(self) -> int:
        """How many arguments it takes."""
        return len(self.kinds)


FUNCTIONS: dict[str, Signature] = {
    "len": Signature(kinds=(("text", "list"),), result="number", example="len(note)"),
    "words": Signature(kinds=(("text",),), result="number", example="words(note)"),
    "lower": Signature(kinds=(("text",),), result="text", example="lower(note)"),
    "distinct": Signature(kinds=(("list",),), result="bool", example="distinct(picks)"),
    "sum": Signature(kinds=(("list",),), result="number", example="sum(lines.amount)", of_numbers=True),
    "min": Signature(kinds=(("list",),), result="number", example="min(lines.amount)", of_numbers=True, not_empty=True),
    "max": Signature(kinds=(("list",),), result="number", example="max(lines.amount)", of_numbers=True, not_empty=True),
    "abs": Signature(kinds=(("number",),), result="number", example="abs(a - b)"),
    "contains": Signature(kinds=(("text", "list"), ("text",)), result="bool", example='contains(note, "refund")'),
    "starts_with": Signature(kinds=(("text",), ("text",)), result="bool", example='starts_with(code, "A")'),
    "ends_with": Signature(kinds=(("text",), ("text",)), result="bool", example='ends_with(code, "Z")'),
}
