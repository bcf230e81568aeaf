"""Patterns: checked against the common part of RE2 and ECMA-262, judged by RE2, written for the wire."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

from promptspec.values.pattern_syntax import (
    LAST,
    Alternatives,
    Characters,
    Node,
    Repeat,
    Sequence,
    parse_pattern,
    write_pattern,
)
from promptspec.values.pattern_syntax import BadPattern as BadPattern
from promptspec.values.untyped import Compiled, Re2Error, compile_re2


class CompiledPattern:
    """A pattern in RE2: linear in the text, 8 MiB at most."""

    __slots__ = ("_compiled",)

    def __init__(self, compiled: Compiled) -> None:
        self._compiled = compiled

    def fullmatch(self, text: str) -> bool:
        """Tell whether the whole of *text* matches; a last line break is part of the text."""
        return _found(self._compiled.fullmatch, text)

    def search(self, text: str) -> bool:
        """Tell whether some part of *text* matches."""
        return _found(self._compiled.search, text)


def _found(match: Callable[[bytes], object | None], text: str) -> bool:
    try:
        return match(text.encode()) is not None
    except UnicodeEncodeError:
        # Half of a surrogate pair is no character that a pattern could match.
        return False


def check_pattern(source: str, ignore_case: bool = False) -> None:
    """Raise BadPattern unless *source* is in the common part of RE2 and ECMA-262 and fits RE2's memory.

    Outside are look-around, back references, names, flags, atomic groups, POSIX and `\\p` classes, `\\A \\z \\Q`,
    possessive repetition, and counts over 1,000. `\\d \\w \\s \\b` are ASCII, `.` is all but `\\n`, and `^` and `$` are
    the ends of the text. Ignoring case pairs ASCII letters, and letters up to U+052F that have one other case.
    """
    compile_pattern(source, ignore_case)


@lru_cache(maxsize=512)
def compile_pattern(source: str, ignore_case: bool = False) -> CompiledPattern:
    """Return *source* compiled; raises BadPattern as `check_pattern` does."""
    tree = parse_pattern(source, ignore_case=ignore_case)
    written = write_pattern(_kept_apart(tree) if ignore_case else tree)
    try:
        return CompiledPattern(compile_re2(written))
    except Re2Error as error:
        reason = "it repeats too much" if "repetition" in str(error) else "it needs more than 8 MiB of memory"
        raise BadPattern(f"RE2 refuses this pattern: {reason}", 0) from None


def _kept_apart(node: Node) -> Node:
    """Return *node* with a noncharacter, which no clean text holds, in each class of two.

    RE2 reads `[kK]` as "k in any case", and where such classes are alternatives it adds whatever Unicode folds to
    them: the Kelvin sign to k, the long s to s.
    """
    match node:
        case Characters(ranges=((low, _), (high, _))) if all(first == last for first, last in node.ranges):
            return Characters(ranges=((low, low), (high, high), (LAST, LAST)))
        case Sequence(parts=parts):
            return Sequence(parts=tuple(map(_kept_apart, parts)))
        case Alternatives(options=options):
            return Alternatives(options=tuple(map(_kept_apart, options)))
        case Repeat():
            return replace(node, item=_kept_apart(node.item))
        case _:
            return node


def wire_pattern(source: str, ignore_case: bool = False) -> str:
    """Return `^(?:…)$` for JSON Schema, in which ECMA-262 matches the texts that RE2 matches in full.

    Case is folded into classes, `\\s` is `[\\t\\n\\f\\r ]` and `.` is `[^\\n]`, where ECMA-262 means more or less.
    Characters beyond U+FFFF count as one only with ECMA-262's flag `u`, which JSON Schema recommends.
    Raises BadPattern.
    """
    return f"^(?:{write_pattern(parse_pattern(source, ignore_case=ignore_case))})$"
