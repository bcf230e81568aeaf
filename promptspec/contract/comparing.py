"""What a condition on rows says that their columns equal: where rows that meet it can be looked for."""

from __future__ import annotations

from collections.abc import Iterator

from promptspec.contract.expressions import Compare, Expression, Logic, Reference, walk
from promptspec.contract.feature import Source
from promptspec.contract.types import Text


def equalities(condition: Expression | None, source: Source) -> Iterator[tuple[str, Expression]]:
    """Yield each column of texts of *source* that *condition* compares with what says nothing of the row, and that.

    Rows for which *condition* holds have just that there; what else it asks is not told.
    """
    match condition:
        case Logic(op="and", items=items):
            for item in items:
                yield from equalities(item, source)
        case Compare(op="==", left=left, right=right):
            for one, other in ((left, right), (right, left)):
                if isinstance(one, Reference) and one.root == "row" and len(one.steps) == 1 and not _of_row(other):
                    column = source.column(one.steps[0])
                    if column is not None and isinstance(column.type, Text):
                        yield column.name, other
        case _:
            pass


def _of_row(value: Expression) -> bool:
    return any(isinstance(part, Reference) and part.root == "row" for part in walk(value))
