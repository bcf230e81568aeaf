"""What a pattern can match: the shortest text within bounds, and texts drawn at random.

RE2 judges texts and exposes no automaton; this one, of the same tree, answers what RE2 cannot. It never judges.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from functools import lru_cache
from typing import Final, Literal, TypeAlias, assert_never

from promptspec.values.cleaning import Unclean, clean, is_clean_key
from promptspec.values.pattern_syntax import (
    WORD,
    Alternatives,
    Assertion,
    Characters,
    Node,
    Ranges,
    Repeat,
    Sequence,
    complement,
    parse_pattern,
    union,
)
from promptspec.values.patterns import compile_pattern
from promptspec.values.untyped import category


class Undecided(Enum):
    """The answer of a search that met its bound of work."""

    UNDECIDED = "undecided"


UNDECIDED: Final = Undecided.UNDECIDED
Choose: TypeAlias = Callable[[int], int]
Kind: TypeAlias = Literal["text", "line"]

#: Nodes of an automaton, and steps of a search (about half a second), beyond which nothing is decided.
MOST_NODES: Final = 20_000
MOST_STEPS: Final = 400_000

# Controls, surrogates, line breaks other than \n and noncharacters stand in no clean text.
_NEVER: Final = union(
    [
        (0x00, 0x08),
        (0x0B, 0x1F),
        (0x7F, 0x9F),
        (0x2028, 0x2029),
        (0xD800, 0xDFFF),
        (0xFDD0, 0xFDEF),
        *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0, 0x110000, 0x10000)),
    ]
)
_BREAKS: Final[Ranges] = ((0x09, 0x0A),)
_BEGIN, _OTHER, _IN_WORD, _END = 0, 1, 2, 3
_NICE: Final = (((0x61, 0x7A),), ((0x41, 0x5A),), ((0x30, 0x39),), ((0x20, 0x7E),))

State: TypeAlias = tuple[int, int]
Move: TypeAlias = tuple[Ranges, State]


def shortest(
    source: str, ignore_case: bool = False, *, least: int = 0, most: int, kind: Kind = "text"
) -> str | Undecided | None:
    """Return a shortest text of *least* to *most* code points that matches in full; None if there is none.

    Characters that no clean text (or line) holds do not count; that the text is in NFC is not looked at. UNDECIDED
    beyond MOST_NODES or MOST_STEPS. Raises BadPattern.
    """
    try:
        return _search(_Automaton(source, ignore_case, kind), least, most)
    except _TooMuch:
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
    try:
        automaton, lengths = _known(source, ignore_case, kind)
    except _TooMuch:
        return None
    compiled = compile_pattern(source, ignore_case)
    for _ in range(limit):
        text = _draw(automaton, lengths, least, most, choose)
        if text is not None and least <= len(text) <= most and compiled.fullmatch(text) and _is_clean(text, kind):
            return text
    return None


class _TooMuch(Exception):
    """The bound of work is met."""


class _Automaton:
    """A nondeterministic automaton; a state is a node and what kind of character stands before it.

    The kind (begin, other, in a word) decides `^`, `$`, `\\b` and `\\B` together with the kind of the next character,
    which a move fixes.
    """

    def __init__(self, source: str, ignore_case: bool, kind: Kind) -> None:
        self._never = union([*_NEVER, *(_BREAKS if kind == "line" else ())])
        self._free: list[list[tuple[int, str | None]]] = []
        self._edges: list[list[tuple[Ranges, int]]] = []
        self._moves: dict[State, tuple[Move, ...]] = {}
        self._ends: dict[State, bool] = {}
        self._steps = 0
        self._places = False
        start = self._node()
        self._final = self._add(parse_pattern(source, ignore_case=ignore_case), start)
        self.start: State = (start, _BEGIN)

    def spend(self, steps: int) -> None:
        """Count *steps* of work; raises _TooMuch beyond MOST_STEPS."""
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise _TooMuch

    def accepts(self, state: State) -> bool:
        """Tell whether the text may end in *state*."""
        known = self._ends.get(state)
        if known is None:
            known = self._ends[state] = self._final in self._closure(state, _END)
        return known

    def moves(self, state: State) -> tuple[Move, ...]:
        """Return the characters that may come next, each with the state that they lead to."""
        known = self._moves.get(state)
        if known is None:
            found: dict[Move, None] = {}
            for kind in (_OTHER, _IN_WORD) if self._places else (_OTHER,):
                for node in self._closure(state, kind):
                    for ranges, target in self._edges[node]:
                        part = _of_kind(ranges, kind) if self._places else ranges
                        if part:
                            found[(part, (target, kind))] = None
            known = self._moves[state] = tuple(found)
            self.spend(1 + len(known))
        return known

    def _closure(self, state: State, following: int) -> list[int]:
        """Return the nodes that *state* reaches without a character if *following* comes next, in a fixed order."""
        node, before = state
        seen = {node}
        order = [node]
        for current in order:
            for target, place in self._free[current]:
                if target not in seen and (place is None or _holds(place, before, following)):
                    seen.add(target)
                    order.append(target)
        self.spend(len(order))
        return order

    def _node(self) -> int:
        if len(self._free) >= MOST_NODES:
            raise _TooMuch
        self._free.append([])
        self._edges.append([])
        return len(self._free) - 1

    def _add(self, tree: Node, start: int) -> int:
        """Add *tree* behind the node *start*; return the node where it ends."""
        match tree:
            case Characters(ranges=ranges):
                end = self._node()
                possible = intersect(ranges, complement(self._never))
                if possible:
                    self._edges[start].append((possible, end))
                return end
            case Assertion(place=place):
                self._places = True
                end = self._node()
                self._free[start].append((end, place))
                return end
            case Sequence(parts=parts):
                for part in parts:
                    start = self._add(part, start)
                return start
            case Alternatives(options=options):
                end = self._node()
                for option in options:
                    begin = self._node()
                    self._free[start].append((begin, None))
                    self._free[self._add(option, begin)].append((end, None))
                return end
            case Repeat(item=item, least=least, most=most):
                return self._add_repeat(item, least, most, start)
            case _:
                assert_never(tree)

    def _add_repeat(self, item: Node, least: int, most: int | None, start: int) -> int:
        for _ in range(least):
            start = self._add(item, start)
        end = self._node()
        self._free[start].append((end, None))
        if most is None:
            # The loop has its own node, so that nothing else that leaves *start* joins it.
            begin = self._node()
            self._free[start].append((begin, None))
            last = self._add(item, begin)
            self._free[last] += [(begin, None), (end, None)]
            return end
        for _ in range(most - least):
            begin = self._node()
            self._free[start].append((begin, None))
            start = self._add(item, begin)
            self._free[start].append((end, None))
        return end


class _Lengths:
    """How many characters at least, and whether any number of them, lead from a state to the end of a match."""

    def __init__(self, automaton: _Automaton) -> None:
        before: dict[State, set[State]] = {automaton.start: set()}
        order = [automaton.start]
        for state in order:
            for _, target in automaton.moves(state):
                if target not in before:
                    before[target] = set()
                    order.append(target)
                before[target].add(state)
        self.least: dict[State, int] = {}
        layer = [state for state in order if automaton.accepts(state)]
        self.ends = frozenset(layer)
        distance = 0
        while layer:
            self.least.update(dict.fromkeys(layer, distance))
            layer = [state for state in {s: None for end in layer for s in before[end]} if state not in self.least]
            distance += 1
        self.most = self._longest(automaton)

    def _longest(self, automaton: _Automaton) -> dict[State, int]:
        """Return the most characters from each state to an end; states that can go on for ever are left out."""
        after = {state: {t for _, t in automaton.moves(state) if t in self.least} for state in self.least}
        before: dict[State, set[State]] = {state: set() for state in after}
        for state, targets in after.items():
            for target in targets:
                before[target].add(state)
        open_targets = {state: len(targets) for state, targets in after.items()}
        ready = [state for state, number in open_targets.items() if number == 0]
        longest: dict[State, int] = {}
        for state in ready:
            longest[state] = max((longest[target] + 1 for target in after[state]), default=0)
            for earlier in before[state]:
                open_targets[earlier] -= 1
                if open_targets[earlier] == 0:
                    ready.append(earlier)
        return longest


@lru_cache(maxsize=64)
def _known(source: str, ignore_case: bool, kind: Kind) -> tuple[_Automaton, _Lengths]:
    """Return the automaton with all its states found: a draw spends no further steps."""
    automaton = _Automaton(source, ignore_case, kind)
    return automaton, _Lengths(automaton)


def intersect(one: Ranges, other: Ranges) -> Ranges:
    """Return the code points that both sorted, disjoint ranges hold."""
    out: list[tuple[int, int]] = []
    left, right = 0, 0
    while left < len(one) and right < len(other):
        low = max(one[left][0], other[right][0])
        high = min(one[left][1], other[right][1])
        if low <= high:
            out.append((low, high))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return tuple(out)


def _of_kind(ranges: Ranges, kind: int) -> Ranges:
    return intersect(ranges, WORD if kind == _IN_WORD else complement(WORD))


def _holds(place: str, before: int, following: int) -> bool:
    match place:
        case "begin":
            return before == _BEGIN
        case "end":
            return following == _END
        case "edge":
            return (before == _IN_WORD) != (following == _IN_WORD)
        case _:
            return (before == _IN_WORD) == (following == _IN_WORD)


def _search(automaton: _Automaton, least: int, most: int) -> str | None:
    """Breadth first, one character a layer; up to *least* a state may come again, since its length counts."""
    layers: list[dict[State, Move | None]] = [{automaton.start: None}]
    seen: set[State] = set()
    for length in range(most + 1):
        layer = layers[-1]
        automaton.spend(1 + 4 * len(layer))
        if length >= least:
            for state in layer:
                if automaton.accepts(state):
                    return _spelt(layers, state)
            seen.update(layer)
        following: dict[State, Move | None] = {}
        for state in layer:
            for ranges, target in automaton.moves(state):
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


def _draw(automaton: _Automaton, lengths: _Lengths, least: int, most: int, choose: Choose) -> str | None:
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
