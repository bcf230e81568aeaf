"""Files of words and phrases: one a line."""

from __future__ import annotations

from typing import Final

from promptspec.check.desk import Desk
from promptspec.syntax import tree
from promptspec.tone.phrases import BadPhrase, check_phrase

#: The most characters of a phrase.
MOST_PHRASE: Final = 200


def read_words(desk: Desk, path: tree.StringLiteral, *, most: int, most_bytes: int) -> tuple[str, ...] | None:
    """Return the entries of the file that *path* names, None after a report (PS708).

    Empty lines, and those that begin with `#`, are no entries. There are at most *most*, in *most_bytes* of UTF-8.
    """
    span = path.span
    data = desk.open(path.value, span, most=most_bytes)
    if data is None:
        return None
    try:
        lines = [line.strip() for line in data.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError:
        desk.add("PS708", span, "the list of words is not UTF-8")
        return None
    entries = [(at, line) for at, line in enumerate(lines, 1) if line and not line.startswith("#")]
    if not entries or len(entries) > most:
        desk.add("PS708", span, f"a list of words has 1 to {most:,} entries, and this has {len(entries):,}")
        return None
    for at, line in entries:
        try:
            if len(line) > MOST_PHRASE or not line.isprintable():
                raise BadPhrase(f"an entry has at most {MOST_PHRASE} characters that can be printed")
            check_phrase(line)
        except BadPhrase as bad:
            desk.add("PS708", span, f"line {at} of the list of words cannot be looked for: {bad}")
            return None
    return tuple(line for _, line in entries)
