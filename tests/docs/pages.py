"""The pages of the documentation, and the fenced blocks that stand in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: One page a code, which has its own tests; here only its links are followed.
CODES = ROOT / "docs" / "reference" / "diagnostics"

_FENCE = re.compile(r"^( *)(`{3,})([^\n`]*)\n(.*?)^\1\2[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: the words after the fence, its text, and where it stands."""

    page: Path
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def language(self) -> str:
        return self.words[0] if self.words else ""

    @property
    def name(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> tuple[Path, ...]:
    """Return every page that has blocks to run."""
    found = sorted(page for page in (ROOT / "docs").rglob("*.md") if CODES not in page.parents)
    return (*found, *(p for n in ("README.md", "CONTRIBUTING.md", "SECURITY.md") if (p := ROOT / n).exists()))


def blocks(page: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of *page*, in their order."""
    text = page.read_text(encoding="utf-8")
    return tuple(
        Block(
            page,
            text.count("\n", 0, found.start()) + 1,
            tuple(found[3].split()),
            "".join(line.removeprefix(found[1]) for line in found[4].splitlines(keepends=True)),
        )
        for found in _FENCE.finditer(text)
    )


def prose(page: Path) -> str:
    """Return *page* without its fenced blocks and code."""
    return _CODE.sub("", _FENCE.sub("", page.read_text(encoding="utf-8")))


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files, with anchors, that *page* links to inside this project."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    for found in _LINK.finditer(text):
        target, _, anchor = found[1].partition("#")
        if "://" not in found[1]:
            yield (page.parent / target).resolve() if target else page, anchor


def anchors(page: Path) -> set[str]:
    """Return what `#…` may name in *page*."""
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    headings = (found[1].replace("`", "").lower() for found in _HEADING.finditer(text))
    return {re.sub(r"[^\w\- ]", "", heading).replace(" ", "-") for heading in headings}
