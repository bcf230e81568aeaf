"""The functions of the language: what they take, and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promptspec.check.desk import Desk
from promptspec.check.failing import fail
from promptspec.check.shapes import Typed
from promptspec.check.wording import in_words
from promptspec.contract.expressions import Kind
from promptspec.syntax import tree


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


def fit(desk: Desk, signature: Signature, name: str, arguments: Sequence[Typed], written: tree.CallExpr) -> None:
    """Hold the arguments against what the function takes. Raises Failed after a report."""
    for argument, kinds, place in zip(arguments, signature.kinds, written.arguments, strict=True):
        if argument.kind not in kinds:
            wanted = " or ".join(in_words(kind) for kind in kinds)
            fail(
                desk,
                place.span,
                "PS318",
                f"`{name}` takes {wanted}, and this is {in_words(argument.kind)}",
                help=f"write `{signature.example}`",
            )
        if name == "distinct" and argument.item is not None and argument.item.kind == "image":
            fail(desk, place.span, "PS318", "an image is compared with nothing")
        if signature.of_numbers and (argument.item is None or argument.item.kind != "number"):
            fail(
                desk,
                place.span,
                "PS318",
                f"`{name}` takes a list of numbers",
                help=f"write `{signature.example}`",
            )
    if signature.not_empty and arguments[0].least < 1:
        fail(
            desk,
            written.span,
            "PS318",
            f"`{name}` needs a list of at least one item",
            help="give the list a lower bound of 1: `list(1..…)`",
        )
