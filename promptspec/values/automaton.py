"""What a pattern can match: the shortest text within bounds, and texts drawn at random.

RE2 judges texts and exposes no automaton; this one, of the same tree, answers what RE2 cannot. It never judges.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Final, TypeAlias

from promptspec.values.cleaning import Unclean, clean, is_clean_key
from promptspec.values.machine import Automaton, Kind, Lengths, Move, State, TooMuch, intersect
from promptspec.values.pattern_syntax import Ranges
from promptspec.values.patterns import compile_pattern
from promptspec.values.untyped import category


class Undecided(Enum):
    """The answer of a search that met its bound of work."""

    UNDECIDED = "undecided"


UNDECIDED: Final = Undecided.UNDECIDED
Choose: TypeAlias = Callable[[int], int]

_NICE: Final = (((0x61, 0x7A),), ((0x41, 0x5A),), ((0x30, 0x39),), ((0x20, 0x7E),))


def shortest(
    source: str, ignore_case: bool = False, *, least: int = 0, most: int, kind: Kind = "text"
) -> str | Undecided | None:
    """Return a shortest text of *least* to *most* code points that matches in full; None if there is none.

    Characters that no clean text (or line) holds do not count; that the text is in NFC is not looked at. UNDECIDED
    beyond the bounds of `machine`. Raises BadPattern.
    """
    try:
        return _search(Automaton(source, ignore_case, kind), least, most)
    except TooMuch:
        return UNDECIDED


def samples(
    source: str,
    ignore_case: bool = False,
    *,
    least: int,
    most: int,
    choose: Choose,
    limit: int = 20,
    kind: Kind = "text",
) -> str | None:
    """Return a clean text of *least* to *most* code points that matches in full, drawn by *choose*.

    `choose(n)` gives 0 to n−1; equal choices give equal texts. RE2 and cleaning judge every draw; None after *limit*
    draws in vain, or where the automaton is too large. Raises BadPattern.
    """
    known = _known(source, ignore_case, kind)
    if known is None:
        return None
    automaton, lengths = known
    compiled = compile_pattern(source, ignore_case)
    for _ in range(limit):
        text = _draw(automaton, lengths, least, most, choose)
        if text is not None and least <= len(text) <= most and compiled.fullmatch(text) and _is_clean(text, kind):
            return text
    return None


@lru_cache(maxsize=64)
def _known(source: str, ignore_case: bool, kind: Kind) -> tuple[Automaton, Lengths] | None:
    """Return the automaton with all its states found, so that a draw spends no further steps; None beyond a bound."""
    try:
        automaton = Automaton(source, ignore_case, kind)
        return automaton, Lengths(automaton)
    except TooMuch:
        return None


def _search(automaton: Automaton, least: int, most: int) -> str | None:
    """Breadth first, one character a layer; up to *least* a state may come again, since its length counts."""
    layers: list[dict[State, Move | None]] = [{automaton.start: None}]
    seen: set[State] = set()
    for length in range(most + 1):
        layer = layers[-1]
        if length >= least:
            for state in layer:
                if automaton.accepts(state):
                    return _spelt(layers, state)
            seen.update(layer)
        following: dict[State, Move | None] = {}
        for state in layer:
            moves = automaton.moves(state)
            automaton.spend(1 + len(moves))
            for ranges, target in moves:
                if target not in following and target not in seen:
                    following[target] = (ranges, state)
        if not following:
            return None
        layers.append(following)
    return None


def _spelt(layers: list[dict[State, Move | None]], state: State) -> str:
    text: list[str] = []
    for layer in reversed(layers):
        move = layer[state]
        if move is None:
            break
        text.append(_nicest(move[0]))
        state = move[1]
    return "".join(reversed(text))


def _nicest(ranges: Ranges) -> str:
    """Return a character of *ranges* that shows and is clean by itself, where one of the first few is."""
    for nice in _NICE:
        found = intersect(ranges, nice)
        if found:
            return chr(found[0][0])
    for low, high in ranges:
        for point in range(low, min(high, low + 16) + 1):
            if is_clean_key(chr(point)):
                return chr(point)
    return chr(ranges[0][0])


def _draw(automaton: Automaton, lengths: Lengths, least: int, most: int, choose: Choose) -> str | None:
    """Walk from the start; every step leaves a way to end within *most*, and where possible to reach *least*."""
    if lengths.least.get(automaton.start, most + 1) > most:
        return None
    span = max(0, min(most, lengths.most.get(automaton.start, most)) - least)
    wanted = least + (choose(min(span, 8) + 1), choose(span + 1), span)[choose(3)]
    text: list[str] = []
    state = automaton.start
    while True:
        length = len(text)
        can_end = state in lengths.ends and length >= least
        if can_end and length >= wanted:
            break
        moves = [
            (ranges, target)
            for ranges, target in automaton.moves(state)
            if target in lengths.least and length + 1 + lengths.least[target] <= most
        ]
        # Where some way still reaches the length asked for, the others would be in vain.
        moves = [move for move in moves if length + 1 + lengths.most.get(move[1], most) >= least] or moves
        if not moves:
            return "".join(text) if can_end else None
        ranges, state = moves[choose(len(moves))]
        text.append(_drawn(ranges, choose))
    return "".join(text)


def _drawn(ranges: Ranges, choose: Choose) -> str:
    """Draw letters and digits seven times in eight, where the class has them, else any clean character of it."""
    if choose(8):
        for nice in (((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)), _NICE[-1]):
            found = intersect(ranges, nice)
            if found:
                return _at(found, choose)
    for _ in range(8):
        character = _at(ranges, choose)
        if is_clean_key(character) and category(character) != "Co":
            return character
    return _nicest(ranges)


def _at(ranges: Ranges, choose: Choose) -> str:
    left = choose(sum(high - low + 1 for low, high in ranges))
    for low, high in ranges:
        if left <= high - low:
            return chr(low + left)
        left -= high - low + 1
    raise AssertionError("the choice is outside its range")


def _is_clean(text: str, kind: Kind) -> bool:
    try:
        return clean(text, kind=kind, direction="output", most=len(text)).text == text
    except Unclean:
        return False
