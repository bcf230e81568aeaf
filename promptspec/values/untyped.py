"""Libraries that bring no types, with the types that this package relies on."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from functools import cache
from importlib.machinery import PathFinder
from typing import Any, Final, Literal, Protocol

_unicode: Any = importlib.import_module("unicodedata2")

UNICODE_VERSION: Final[str] = _unicode.unidata_version
category: Callable[[str], str] = _unicode.category
combining: Callable[[str], int] = _unicode.combining
normalize: Callable[[Literal["NFC", "NFD", "NFKC", "NFKD"], str], str] = _unicode.normalize


class Compiled(Protocol):
    """A pattern compiled by RE2; matches UTF-8 bytes."""

    def search(self, text: bytes) -> object | None:
        """Return a match anywhere in *text*, or None."""
        ...

    def fullmatch(self, text: bytes) -> object | None:
        """Return a match of the whole *text*, or None."""
        ...


class Re2Error(ValueError):
    """RE2 refuses a pattern; the text is RE2's own."""


#: Memory that RE2 may use for one pattern, in bytes (rule 4).
MOST_MEMORY: Final = 8 * 1024 * 1024


def compile_re2(source: str) -> Compiled:
    """Compile *source* with at most MOST_MEMORY, without captures and without a line on stderr; raises Re2Error."""
    re2: Any = _re2()
    options = re2.Options()
    options.max_mem = MOST_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(source, options)
    except re2.error as error:
        reason = error.args[0] if error.args else ""
        raise Re2Error(reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)) from None


@cache
def _re2() -> Any:
    return importlib.import_module("re2")


class CompiledSet(Protocol):
    """Patterns compiled by RE2 into one automaton."""

    def Match(self, text: bytes) -> list[int] | None:  # noqa: N802 - RE2's own name
        """Return the indexes of the patterns that match somewhere in *text*; None for none, or where memory ends."""
        ...


def compile_re2_set(sources: Sequence[str]) -> CompiledSet:
    """Compile *sources* into one RE2 set; raises Re2Error."""
    re2: Any = _re2()
    options = re2.Options()
    options.max_mem = 4 * MOST_MEMORY
    options.log_errors = False
    found = re2.Set.SearchSet(options)
    for source in sources:
        try:
            found.Add(source)
        except re2.error:
            raise Re2Error(source) from None
    found.Compile()
    return found


class Tokenizer(Protocol):
    """A tokenizer of bpe-openai."""

    def count(self, text: str) -> int:
        """Return the number of tokens."""
        ...

    def count_till_limit(self, text: str, token_limit: int) -> int | None:
        """Return the number of tokens, or None where it is above *token_limit*."""
        ...


@cache
def tokenizer() -> Tokenizer:
    """Load the tokenizer o200k: 0.3 s and 75 MiB, once.

    Only the compiled part of bpe-openai is loaded: its package reads tables of three other tokenizers when it is
    imported, through a function that warns of its end, and its `encode` refuses a million characters.
    """
    package = importlib.util.find_spec("bpe_openai")
    locations = package.submodule_search_locations if package else None
    found = PathFinder.find_spec("bpe_openai._bindings", locations)
    if found is None or found.loader is None:
        raise ModuleNotFoundError("bpe-openai has no compiled part", name="bpe_openai._bindings")
    bindings: Any = importlib.util.module_from_spec(found)
    found.loader.exec_module(bindings)
    return bindings.tokenizer_for_encoding("o200k_base")


class Splitting(Protocol):
    """A pattern compiled by `regex`."""

    def search(self, string: str) -> object | None:
        """Return a match anywhere in *string*, or None."""
        ...

    def split(self, string: str) -> list[str]:
        """Return what lies between the matches."""
        ...


@cache
def compile_regex(source: str) -> Splitting:
    """Compile *source* with the library `regex`, which costs 30 ms when it is first met."""
    regex: Any = importlib.import_module("regex")
    return regex.compile(source)
