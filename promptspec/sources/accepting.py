"""Which refreshes are taken (rule 30): none that loses half of the rows, grows tenfold, or brings what lint finds."""

from __future__ import annotations

from typing import Final

from promptspec.sources.layout import Layout
from promptspec.sources.linting import lint_text
from promptspec.sources.port import Row, Snapshot

_MOST_GROWTH: Final = 10


def why_not_taken(old: Snapshot, new: Snapshot, layout: Layout, *, pin: str = "") -> str | None:
    """Return why *new* does not take the place of *old*, or None. With a *pin*, only the pinned hash is taken."""
    if pin and new.content_hash != pin:
        return "it is not the snapshot that is pinned"
    if len(new) > _MOST_GROWTH * len(old):
        return f"it has {len(new):,} rows, more than ten times the {len(old):,} of today"
    kept = 0
    for row in new.rows():
        before = old.row(str(row[layout.key]))
        kept += before is not None
        if before != row and (found := _brings(before, row, layout)):
            return found
    if 2 * (len(old) - kept) > len(old):
        return f"it drops {len(old) - kept:,} of {len(old):,} rows, more than half"
    return None


def _brings(before: Row | None, row: Row, layout: Layout) -> str | None:
    """Return what lint finds in *row* that the row *before* under the same key does not have."""
    for at, cell in enumerate(row):
        if not isinstance(cell, str):
            continue
        found = set(lint_text(cell))
        known = before[at] if before is not None else None
        if found and isinstance(known, str):
            found -= set(lint_text(known))
        if found:
            return f"a row that changed holds {', '.join(sorted(found))} in its column `{layout.names[at]}`"
    return None
