"""Vectors of texts in a file: made by a model of embeddings, found by the hash of the text that each is of.

A file is one line that says what it is, one line of JSON with its facts, then the hashes of the texts in order, the
signs of the numbers of each vector as bits, and the vectors as 32-bit numbers. Nothing in it names a row, so rows whose
text stays the same keep their vector wherever they stand.
"""

from __future__ import annotations

import json
import math
import mmap
import os
import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, Protocol, cast

from promptspec.errors import SourceUnavailable
from promptspec.models.embeddings import MOST_DIMENSIONS
from promptspec.sources.nearness import MOST_NEAR

_MAGIC: Final = b"promptspec-vectors-1\n"
_MOST_FACTS: Final = 4_096
_HASH: Final = 32
_NUMBER: Final = 4
#: The most texts of a file, as of rows in a source that is searched by vectors.
MOST_TEXTS: Final = 100_000
#: Digits of a nearness; of what is beyond, servers and machines make something else each time.
DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a file of vectors says of itself: which *model* made them, how many, and of how many numbers each."""

    model: str
    texts: int
    dimensions: int


class Vectors(Protocol):
    """The vectors of some texts."""

    @property
    def dimensions(self) -> int:
        """How many numbers each has; 0 where there are none."""
        ...

    def place(self, text: str) -> int | None:
        """Return where the vector of *text* is, None where there is none."""
        ...

    def vector(self, place: int) -> Sequence[float]:
        """Return the vector at *place*, of length 1."""
        ...

    def signs(self, place: int) -> int:
        """Return which numbers of the vector at *place* are above 0, as bits."""
        ...


def embedded_text(text: str) -> str:
    """Return what of *text* is embedded: its first characters, "" for one that shows nothing."""
    return text[:MOST_NEAR].strip()


def text_hash(text: str) -> bytes:
    """Return the hash under which the vector of *text* is kept."""
    return sha256(text.encode("utf-8", "surrogatepass")).digest()


def nearness(one: Sequence[float], other: Sequence[float]) -> float:
    """Return the cosine of two vectors of length 1, at least 0; the same in whatever order it is added up."""
    return max(round(math.fsum(map(float.__mul__, one, other)), DIGITS), 0.0)


def signs_of(vector: Iterable[float]) -> int:
    """Return which numbers of *vector* are above 0, as bits."""
    return int("".join("1" if each > 0 else "0" for each in vector) or "0", 2)


def write_vectors(path: Path, model: str, vectors: Mapping[bytes, Sequence[float]]) -> None:
    """Write *vectors*, of length 1 and by the hashes of their texts, into *path*, which is whole or not touched.

    The same vectors make the same bytes. Raises ValueError for vectors of different sizes, and OSError.
    """
    sizes = {len(vector) for vector in vectors.values()}
    if len(sizes) > 1:
        raise ValueError("vectors have one size")
    size = sizes.pop() if sizes else 0
    ordered = sorted(vectors)
    facts = {"model": model, "texts": len(ordered), "dimensions": size}
    partial = path.with_name(f".{path.name}.{os.urandom(8).hex()}.partial")
    try:
        with open(os.open(partial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666), "wb") as file:
            file.write(_MAGIC + json.dumps(facts, separators=(",", ":")).encode() + b"\n")
            file.writelines(ordered)
            stored = [array("f", vectors[each]) for each in ordered]
            file.writelines(signs_of(each).to_bytes(_bytes_of(size), "big") for each in stored)
            for each in stored:
                if sys.byteorder == "big":
                    each.byteswap()
                file.write(each.tobytes())
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


class VectorFile:
    """The vectors in the file *path*, which many processes may read at once. Raises SourceUnavailable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with open(path, "rb") as file:
                self._data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        except (OSError, ValueError) as error:
            raise SourceUnavailable(f"{path}: the vectors cannot be opened") from error
        self.facts, start = self._facts()
        count, size = self.facts.texts, self.facts.dimensions
        self._hashes = start
        self._signs = start + count * _HASH
        self._numbers = self._signs + count * _bytes_of(size)
        if self._numbers + count * size * _NUMBER != len(self._data):
            raise SourceUnavailable(f"{path}: the vectors are cut off or have grown")

    def _facts(self) -> tuple[Facts, int]:
        end = self._data.find(b"\n", len(_MAGIC), _MOST_FACTS)
        try:
            if self._data[: len(_MAGIC)] != _MAGIC or end < 0:
                raise ValueError
            found = cast("dict[str, Any]", json.loads(self._data[len(_MAGIC) : end]))
            facts = Facts(model=str(found["model"]), texts=int(found["texts"]), dimensions=int(found["dimensions"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            raise SourceUnavailable(f"{self._path}: the file holds no vectors of this version") from None
        if not 0 <= facts.texts <= MOST_TEXTS or not 0 <= facts.dimensions <= MOST_DIMENSIONS:
            raise SourceUnavailable(f"{self._path}: the file holds no vectors of this version")
        return facts, end + 1

    @property
    def dimensions(self) -> int:
        """How many numbers each has."""
        return self.facts.dimensions

    def place(self, text: str) -> int | None:
        """Return where the vector of *text* is, None where there is none."""
        wanted = text_hash(text)
        at = bisect_left(range(self.facts.texts), wanted, key=self._hash)
        return at if at < self.facts.texts and self._hash(at) == wanted else None

    def _hash(self, place: int) -> bytes:
        start = self._hashes + place * _HASH
        return self._data[start : start + _HASH]

    def vector(self, place: int) -> Sequence[float]:
        """Return the vector at *place*. Raises SourceUnavailable where it has no direction."""
        size = self.facts.dimensions * _NUMBER
        start = self._numbers + place * size
        found = array("f", self._data[start : start + size])
        if sys.byteorder == "big":
            found.byteswap()
        if not all(map(math.isfinite, found)):
            raise SourceUnavailable(f"{self._path}: a vector is damaged")
        return found

    def signs(self, place: int) -> int:
        """Return which numbers of the vector at *place* are above 0, as bits."""
        size = _bytes_of(self.facts.dimensions)
        start = self._signs + place * size
        return int.from_bytes(self._data[start : start + size], "big")

    def all(self) -> dict[bytes, Sequence[float]]:
        """Return all vectors by the hashes of their texts."""
        return {self._hash(at): self.vector(at) for at in range(self.facts.texts)}


def _bytes_of(dimensions: int) -> int:
    return (dimensions + 7) // 8


class MadeVectors:
    """Vectors that are made here, by *make*, of whatever text is asked for: a stand-in for those of a model."""

    def __init__(self, make: Callable[[str], Sequence[float] | None], dimensions: int) -> None:
        self._make = make
        self._vectors: list[Sequence[float]] = []
        self._places: dict[str, int | None] = {}
        self.dimensions = dimensions

    def place(self, text: str) -> int | None:
        """Return where the vector of *text* is, None where it has none."""
        if text not in self._places:
            made = self._make(text)
            self._places[text] = None if made is None else len(self._vectors)
            if made is not None:
                self._vectors.append(made)
        return self._places[text]

    def vector(self, place: int) -> Sequence[float]:
        """Return the vector at *place*."""
        return self._vectors[place]

    def signs(self, place: int) -> int:
        """Return which numbers of the vector at *place* are above 0, as bits."""
        return signs_of(self._vectors[place])
