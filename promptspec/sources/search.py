"""What an autocomplete and a "did you mean" need: folded text, ranks, and keys that are spelt alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final

#: Characters of a search text, or of a misspelt key, that are looked at.
MOST_TEXT: Final = 64
#: A source of more rows is large: its snapshot has an index of the parts of labels, and finds rows by it.
SEARCH_WINDOW: Final = 5_000
#: Keys that are compared with a misspelt one.
MOST_CANDIDATES: Final = 2_000


def fold(text: str) -> str:
    """Return *text* without case, accents and width, for comparing only: `Amélie` and `AMELIE` are one."""
    if text.isascii():
        return text.lower()
    normalize, combining = _unicode()
    folded = normalize("NFKD", normalize("NFKD", text).casefold())
    for mark in {c for c in set(folded) if c > "\x7f" and combining(c)}:
        folded = folded.replace(mark, "")
    return folded


def fold_all(texts: Sequence[str]) -> list[str]:
    """Return each of *texts* folded, as `fold` does, in a fraction of the time."""
    strange = [text for text in texts if not text.isascii()]
    # A line break is the same in all forms of Unicode, and keeps what stands before it from what follows.
    together = fold("\n".join(strange)).split("\n")
    if strange and len(together) != len(strange):  # there are line breaks in them
        return list(map(fold, texts))
    folded = iter(together)
    return [text.lower() if text.isascii() else next(folded) for text in texts]


def fold_query(text: str) -> str:
    """Return what is searched for when a person typed *text*: folded, without blanks around it, cut to MOST_TEXT."""
    return fold(text[: 4 * MOST_TEXT].strip())[:MOST_TEXT]


def fold_key(key: str) -> str:
    """Return *key* with ASCII letters lowered: what SQLite's `lower` does, so that both snapshots agree."""
    return key.lower() if key.isascii() else "".join(c.lower() if c.isascii() else c for c in key)


def rank(query: str, key: str, folded_label: str) -> int | None:
    """Return how well a row fits the folded *query*, 0 best, or None.

    0: the label or the key is it; 1: the label starts with it; 2: a word of the label does; 3: the key starts with
    it; 4: the label or the key holds it.
    """
    lowered = fold_key(key)
    if query in (folded_label, lowered):
        return 0
    at = folded_label.find(query)
    if at < 0:
        return None if query not in lowered else 3 if lowered.startswith(query) else 4
    if at == 0:
        return 1
    if f" {query}" in folded_label:
        return 2
    return 3 if lowered.startswith(query) else 4


def nearest_keys(key: str, candidates: Iterable[str], most: int) -> tuple[str, ...]:
    """Return up to *most* of *candidates* that are spelt like *key*, best first; case counts for little."""
    from difflib import get_close_matches

    wanted = key[:MOST_TEXT].casefold()
    by_fold: dict[str, list[str]] = {}
    for candidate in candidates:
        if len(candidate) <= 2 * MOST_TEXT:
            by_fold.setdefault(candidate.casefold(), []).append(candidate)
    found = get_close_matches(wanted, by_fold, n=max(most, 1), cutoff=0.6)
    return tuple(candidate for folded in found for candidate in sorted(by_fold[folded]))[:most]


@cache
def _unicode() -> tuple[Any, Any]:
    from promptspec.values.untyped import combining, normalize

    return normalize, combining
