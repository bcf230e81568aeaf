"""Search in a large source: by indexes, never by looking through all rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias

from promptspec.sources.layout import Stored

#: Asks the database of a snapshot.
Ask: TypeAlias = Callable[[str, Any], list[tuple[Stored, ...]]]

#: Rows that hold all groups of three characters of a text, and are looked at for the text itself.
_MOST_LOOKED_AT: Final = 2_000
_LAST: Final = "\U0010ffff"


class LargeSearch:
    """Finds rows by what their labels begin with or hold, and by what their keys begin with.

    The same ranks as `search.rank`, except that parts of words have three characters or more, beginnings of words
    two or more, and keys are found by their beginnings. Labels that begin with the text stand in their own order,
    the others in that of the source.
    """

    def __init__(self, ask: Ask, *, key: int, label: int) -> None:
        """Take what asks the database, and which of the columns are the key and the label."""
        self._ask = ask
        shown = f"position, c{key}, c{label}"
        # Only numbers of columns go into these texts, no names and no data.
        self._exact_key = f"SELECT {shown} FROM entries WHERE c{key} = ?"  # noqa: S608  names of columns and marks of ours alone
        self._labels = (
            f"SELECT {shown} FROM entries WHERE folded >= ? AND folded < ?"  # noqa: S608  names of columns and marks of ours alone
            " ORDER BY folded, position LIMIT ?"
        )
        self._keys = (
            f"SELECT {shown} FROM entries WHERE c{key} >= ? AND c{key} < ?"  # noqa: S608  names of columns and marks of ours alone
            f" ORDER BY c{key} LIMIT ?"
        )
        self._parts = (
            f"SELECT {shown} FROM entries WHERE position IN"  # noqa: S608  names of columns and marks of ours alone
            " (SELECT rowid FROM trigrams WHERE trigrams MATCH ? LIMIT ?)"
            " AND instr(folded, ?) ORDER BY position LIMIT ?"
        )

    def find(self, query: str, typed: str, most: int) -> list[tuple[Stored, ...]]:
        """Return the position, the key and the label of up to *most* rows, best first.

        They fit the folded *query*, which was *typed* so.
        """
        found: dict[Stored, tuple[Stored, ...]] = {}
        for rows in self._steps(query, typed, most):
            for row in rows:
                found.setdefault(row[0], row)
            if len(found) >= most:
                break
        return list(found.values())[:most]

    def _steps(self, query: str, typed: str, most: int) -> Iterator[list[tuple[Stored, ...]]]:
        yield self._ask(self._exact_key, (typed,))
        yield self._ask(self._labels, (query, query + _LAST, most))
        yield self._holding(f" {query}", most)
        for start in dict.fromkeys((typed, typed.lower(), typed.upper())):
            yield self._ask(self._keys, (start, start + _LAST, most))
        # Rows that were found already may stand among these, so there is room for them.
        yield self._holding(query, 2 * most)

    def _holding(self, text: str, most: int) -> list[tuple[Stored, ...]]:
        groups = dict.fromkeys(text[at : at + 3] for at in range(len(text) - 2))
        if not groups:
            return []
        match = " AND ".join('"' + group.replace('"', '""') + '"' for group in groups)
        return self._ask(self._parts, (match, _MOST_LOOKED_AT, text, most))
