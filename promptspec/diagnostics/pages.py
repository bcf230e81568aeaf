"""The page of a code: what it means, an example, and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from promptspec.diagnostics.catalogue import CATALOGUE

_HERE: Final = Path(__file__).resolve().parent
#: In an installed package, and in a checkout.
_FOLDERS: Final = (_HERE / "pages", _HERE.parents[1] / "docs" / "reference" / "diagnostics")


def page(code: str) -> str:
    """Return the page of *code* as Markdown; for one that is not written yet, what the catalogue says.

    Raises KeyError for a code that the catalogue does not have.
    """
    entry = CATALOGUE[code]
    for folder in _FOLDERS:
        path = folder / f"{entry.code}.md"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return f"# {entry.code}: {entry.title}\n"
