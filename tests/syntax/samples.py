"""Specs that parse: the code blocks of the language reference, and one that uses everything."""

from __future__ import annotations

import re
from pathlib import Path

SAMPLES: dict[str, str] = {
    path.stem: path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parent / "samples").glob("*.spec"))
}


def words_of(content: str) -> list[str]:
    """Return the pieces that a mutation of *content* cuts between."""
    return re.findall(r"\s+|\w+|[^\w\s]", content)
