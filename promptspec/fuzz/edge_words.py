"""Members of enums and keys of sources, and what is nearly one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from promptspec.fuzz.edge import ASK, Edge
from promptspec.fuzz.known_inputs import known_inputs

if TYPE_CHECKING:
    from promptspec.contract.types import OneOfSource
    from promptspec.fuzz.subjects import Subject

#: Keys that are tried as they are, and keys whose neighbours are.
_MOST_KEYS: Final = 8
_MOST_NEAR: Final = 2
_LOOK_ALIKES: Final = str.maketrans("aceiopsxyABCEHKMOPTX", "аcеіорѕхуАВСЕНКМОРТХ")


def near_misses(word: str) -> Iterator[tuple[str, str]]:
    """Yield the (technique, text) of what is nearly *word*; some may be *word* itself, or another one."""
    for text in (word[:-1], word[1:], word + word[-1:], word[1:2] + word[:1] + word[2:], "x" + word[1:], f"{word}x"):
        yield "one-edit", text
    for text in (word.upper(), word.title(), word.swapcase(), word.capitalize()):
        yield "other-case", text
    yield "compatibility-form", "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in word)
    yield "look-alike", word.translate(_LOOK_ALIKES)
    yield "look-alike", word.replace("_", "-") if "_" in word else word.replace("-", "\u2010")
    for text in (f" {word}", f"{word} ", f"{word}\n", f"\t{word}", f"{word}\u00a0", f"{word}\u200b", f"\ufeff{word}"):
        yield "padded", text
    yield "plural", f"{word}s"
    yield "prefix", word[: max(len(word) // 2, 1)]
    yield "wrapped", f'"{word}"'
    yield "wrapped", f"{word}\x00"
    yield "empty-text", ""


def member_edges(members: tuple[tuple[str, str], ...]) -> Iterator[Edge]:
    """Yield every one of *members*, which are (name, label), and what is nearly one of them."""
    names = {name for name, _ in members}
    for name, _ in members:
        yield Edge("plain", name)
    for name, label in members:
        for technique, text in near_misses(name):
            if text not in names:
                yield Edge(technique, text, ("choice",))
        if label and label not in names:
            yield Edge("label-for-key", label, ("choice",))
    yield Edge("one-edit", ",".join(sorted(names)) + ",", ("choice",))


def key_edges(subject: Subject, type: OneOfSource) -> Iterator[Edge]:
    """Yield keys of the source of *type*, what is nearly one, labels, and keys of rows that its `where` excludes."""
    known = known_inputs(subject)
    rows = subject.rows[type.source]
    keys = subject.keys(type)
    fitting = known.fitting(subject, type, known.smallest) if known.bases else keys
    for key in keys[:_MOST_KEYS]:
        yield Edge("plain", key, () if type.where is None else ASK)
    for key in fitting[:_MOST_NEAR]:
        for technique, text in near_misses(key):
            if text not in rows:
                yield Edge(technique, text, ("one_of",))
        label = rows[key].get(subject.module.source(type.source, type.file).label)
        if isinstance(label, str) and label not in rows:
            yield Edge("label-for-key", label, ("one_of",))
    if type.where is not None:
        excluded = [key for key in keys if key not in fitting]
        for key in excluded[:_MOST_KEYS]:
            yield Edge("row-excluded", key, ASK)
    for text in ("none", "null", "*", "%", "' or '1'='1", "../" + (keys or ("a",))[0]):
        if text not in rows:
            yield Edge("one-edit", text, ("one_of",))
