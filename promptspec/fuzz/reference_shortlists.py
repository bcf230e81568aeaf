"""The reference's shortlists: every row of a source is compared with the text, the slow and obvious way."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final
from zlib import crc32

from promptspec.contract.feature import Feature, Module, Shortlist
from promptspec.fuzz.reference_expressions import Names, Value, evaluate, holds
from promptspec.fuzz.reference_texts import OutOfFragment
from promptspec.fuzz.reference_unicode import combining, normalize

#: Of more rows the manual says which are looked at, and not which are found.
_MOST_ROWS: Final = 1_000
#: What is looked at of a text, and how many of each ranking count.
_CHARACTERS, _WORDS, _PARTS, _RANKED = 2_000, 64, 128, 50

_Rows = Mapping[str, Mapping[str, Mapping[str, object]]]


def shortlists_of(module: Module, feature: Feature, names: Names, rows: _Rows) -> dict[str, list[Mapping[str, object]]]:
    """Return the rows of each shortlist of the input that *names* has, by its name, the nearest first.

    Raises OutOfFragment for large sources.
    """
    return {each.name: _rows_of(module, each, names, rows) for each in feature.shortlists}


def nothing_near(
    feature: Feature, found: Mapping[str, Sequence[object]], *, may_be_unasked: bool
) -> list[tuple[str, str]]:
    """Return the (path, rule) of what is broken where shortlists are empty.

    Nothing is, where all of them are and the reply follows from that: *may_be_unasked*.
    """
    if may_be_unasked and not any(found.values()):
        return []
    return [(f"input.{each.field}", "nothing_near") for each in feature.shortlists if not found[each.name]]


def _rows_of(module: Module, shortlist: Shortlist, names: Names, rows: _Rows) -> list[Mapping[str, object]]:
    source = module.source(shortlist.source, shortlist.file)
    if len(rows[source.name]) > _MOST_ROWS:
        raise OutOfFragment("a shortlist of a large source")
    itself = None if shortlist.itself is None else evaluate(shortlist.itself, names)
    # Rows that are not offered count for nothing, not even in how rare a word is.
    listed = [
        dict(row)
        for row in rows[source.name].values()
        if row[source.key] != itself and _meets(shortlist, names, dict(row))
    ]
    held = [_terms("\n".join(str(row[c.name]) for c in source.searched if row[c.name] is not None)) for row in listed]
    texts = [evaluate(each, names) for each in shortlist.near]
    asked = "\n".join(str(text) for text in texts if text is not None)[:_CHARACTERS]
    if shortlist.embedding is not None:
        whole = ["\n".join(str(row[c.name]) for c in source.searched if row[c.name] is not None) for row in listed]
        return [listed[at] for at in _by_vectors(asked, whole, float(shortlist.above))[: shortlist.top]]
    words, parts = _asked(asked)
    by_words = _shares(words, [each[0] for each in held])
    by_parts = _shares(parts, [each[1] for each in held])
    worth = dict.fromkeys(range(len(listed)), 0.0)
    for shares in (by_words, by_parts):
        ranking = sorted((at for at in worth if shares[at] > 0), key=lambda at: (-shares[at], at))
        for place, at in enumerate(ranking[:_RANKED], 1):
            worth[at] += 1 / (60 + place)
    best = sorted((at for at in worth if worth[at] > 0), key=lambda at: (-round(worth[at], 12), at))
    near = [at for at in best if max(by_words[at], by_parts[at]) >= float(shortlist.above)]
    return [listed[at] for at in near[: shortlist.top]]


def _by_vectors(asked: str, texts: Sequence[str], above: float) -> list[int]:
    """Return which of *texts* are near *asked* by the vectors that stand in for those of a model, best first."""
    wanted = _vector(asked)
    if wanted is None:
        return []
    near: dict[int, float] = {}
    for at, text in enumerate(texts):
        held = _vector(text[:_CHARACTERS])
        if held is not None:
            near[at] = round(math.fsum(one * other for one, other in zip(wanted, held, strict=True)), 6)
    return sorted((at for at in near if near[at] > 0 and near[at] >= above), key=lambda at: (-near[at], at))


@lru_cache(maxsize=4_096)
def _vector(text: str) -> tuple[float, ...] | None:
    """Return 128 numbers of length 1: each word counts 3 and each part 1, at the place and with the sign of its CRC."""
    numbers = [0.0] * 128
    words = _words(text)
    for terms, counted in ((words, 3), (_parts(words), 1)):
        for term in terms:
            checksum = crc32(term.encode())
            numbers[checksum % 128] += counted if checksum < 2**31 else -counted
    length = math.sqrt(math.fsum(each * each for each in numbers))
    return tuple(each / length for each in numbers) if length else None


def _meets(shortlist: Shortlist, names: Names, row: Value) -> bool:
    return shortlist.where is None or holds(shortlist.where, replace(names, row=row))


def _shares(terms: Sequence[str], held: Sequence[Collection[str]]) -> list[float]:
    """Return which share of *terms* each row holds; what few rows hold weighs more."""
    count = len(held)
    weights: dict[str, float] = {}
    for term in terms:
        holding = sum(term in each for each in held)
        weights[term] = math.log(1 + (count - holding + 0.5) / (holding + 0.5))
    total = math.fsum(weights.values())
    if not total:
        return [0.0] * count
    return [round(math.fsum(weights[term] for term in terms if term in each) / total, 9) for each in held]


def _asked(text: str) -> tuple[list[str], list[str]]:
    words = _words(text)[:_WORDS]
    return words, _parts(words)[:_PARTS]


@lru_cache(maxsize=4_096)
def _terms(text: str) -> tuple[frozenset[str], frozenset[str]]:
    words = _words(text)
    return frozenset(words), frozenset(_parts(words))


def _words(text: str) -> list[str]:
    """Return the different words: letters and digits in a row, of one case and without accents."""
    folded = normalize("NFKD", normalize("NFKD", text).casefold())
    plain = "".join(c for c in folded if not combining(c))
    spaced = "".join(c if c.isalnum() else " " for c in plain)
    return list(dict.fromkeys(word for word in spaced.split(" ") if word))


def _parts(words: Sequence[str]) -> list[str]:
    """Return the different three characters in a row of each word, whose ends are written as `_`."""
    found: list[str] = []
    for word in words:
        ended = f"_{word}_"
        found += [ended[at : at + 3] for at in range(len(ended) - 2)]
    return list(dict.fromkeys(found))
