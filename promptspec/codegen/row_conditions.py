"""Conditions on rows (`one of … where …`) to the lines that judge them, wherever in a value the rows stand."""

from __future__ import annotations

from collections.abc import Iterator

from promptspec.codegen.code import Code, code, data, name
from promptspec.codegen.expressions import Expressions, rounds
from promptspec.codegen.names import Names
from promptspec.contract import types as t


class RowConditions:
    """Writes the conditions of one record."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._rows = 0

    def judged(self, record: t.Record, root: str, path: str, *, bare: bool = False) -> Iterator[list[Code]]:
        """Yield the lines that judge *record*, the variable *root*, which violations call *path*.

        A *bare* output is one value without the name of a field.
        """
        for field in record.fields:
            place = code("$.$", name(root), name(self._names.field(field.name)))
            label = path if bare else f"{path}.{field.name}"
            yield from self._where(field.type, place, label, (), field.optional, 0)

    def _where(
        self, type: t.Type, place: Code, path: str, indexes: tuple[Code, ...], optional: bool, depth: int
    ) -> Iterator[list[Code]]:
        """Yield the lines that judge the conditions on rows in a value of *type* that stands at *place*."""
        match type:
            case t.OneOfSource(where=where) | t.OneOfItems(where=where) if where is not None:
                # Each row has a name of its own, for its class is its own.
                self._rows += 1
                row = name("row" if self._rows == 1 else f"row{self._rows}")
                condition = Expressions(self._names, row.text).emit(where)
                if rounds(where):
                    condition = code("ps.holds(lambda: $)", condition)
                check = [
                    code("$ = $", row, place),
                    code("if $ is not None and not $:", row, condition) if optional else code("if not $:", condition),
                    code(
                        '    yield ps.Violation(path=$, rule="one_of", message=ps.NOT_ON_OFFER)',
                        _indexed(path, indexes),
                    ),
                ]
                yield check
            case t.ListOf(item=item):
                index, each = name(f"at{depth}"), name(f"each{depth}")
                inner = list(self._where(item, each, f"{path}[]", (*indexes, index), False, depth + 1))
                if inner:
                    listed = code("$ or ()", place) if optional else place
                    yield [
                        code("for $, $ in enumerate($):", index, each, listed),
                        *(code("    $", line) for block in inner for line in block),
                    ]
            case t.Group(name=group, file=file):
                for field in self._names.module.record(group, file).fields:
                    inside = code("$.$", place, name(self._names.field(field.name)))
                    blocks = list(
                        self._where(field.type, inside, f"{path}.{field.name}", indexes, field.optional, depth)
                    )
                    if blocks and optional:
                        yield [
                            code("if $ is not None:", place),
                            *(code("    $", line) for block in blocks for line in block),
                        ]
                    else:
                        yield from blocks
            case _:
                pass


def _indexed(path: str, indexes: tuple[Code, ...]) -> Code:
    """Return `input.lines[3].sku` as Python writes it, with the loop's indexes in the brackets."""
    pieces = path.split("[]")
    found = data(pieces[0])
    for index, piece in zip(indexes, pieces[1:], strict=True):
        found = code("$ + $ + str($) + $", found, data("["), index, data("]" + piece))
    return found
