"""A pattern as a nondeterministic automaton, with a bound of nodes and steps."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, Literal, TypeAlias, assert_never

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

Kind: TypeAlias = Literal["text", "line"]
State: TypeAlias = tuple[int, int]
Move: TypeAlias = tuple[Ranges, State]

#: Nodes of an automaton, and steps of a search (about half a second), beyond which nothing is decided.
MOST_NODES: Final = 20_000
MOST_STEPS: Final = 2_000_000

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
_WHOLE: Final = 0


class TooMuch(Exception):
    """The bound of work is met."""


class Automaton:
    """A nondeterministic automaton; a state is a node and what kind of character stands before it.

    The kind (begin, other, in a word) decides `^`, `$`, `\\b` and `\\B` together with the kind of the next character,
    which a move fixes.
    """

    def __init__(self, source: str, ignore_case: bool, kind: Kind) -> None:
        self._never = union([*_NEVER, *(_BREAKS if kind == "line" else ())])
        self._free: list[list[tuple[int, str | None]]] = []
        self._edges: list[list[tuple[tuple[Ranges, ...], int]]] = []
        self._moves: dict[State, tuple[Move, ...]] = {}
        self._ends: dict[State, bool] = {}
        self._steps = 0
        self._places = False
        start = self._node()
        self._final = self._add(parse_pattern(source, ignore_case=ignore_case), start)
        self.start: State = (start, _BEGIN)

    def spend(self, steps: int) -> None:
        """Count *steps* of work; raises TooMuch beyond MOST_STEPS."""
        self._steps += steps
        if self._steps > MOST_STEPS:
            raise TooMuch

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
            found: list[Move] = []
            for kind in (_OTHER, _IN_WORD) if self._places else (_OTHER,):
                for node in self._closure(state, kind):
                    for by_kind, target in self._edges[node]:
                        part = by_kind[kind if self._places else _WHOLE]
                        if part:
                            found.append((part, (target, kind)))
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
            raise TooMuch
        self._free.append([])
        self._edges.append([])
        return len(self._free) - 1

    def _add(self, tree: Node, start: int) -> int:
        """Add *tree* behind the node *start*; return the node where it ends."""
        match tree:
            case Characters(ranges=ranges):
                end = self._node()
                self._edges[start].append((_by_kind(ranges, self._never), end))
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


class Lengths:
    """How many characters at least, and whether any number of them, lead from a state to the end of a match."""

    def __init__(self, automaton: Automaton) -> None:
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

    def _longest(self, automaton: Automaton) -> dict[State, int]:
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


@lru_cache(maxsize=256)
def _by_kind(ranges: Ranges, never: Ranges) -> tuple[Ranges, ...]:
    """Return *ranges* without *never*: whole, outside words, and in words."""
    whole = intersect(ranges, complement(never))
    return (whole, intersect(whole, complement(WORD)), intersect(whole, WORD))


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
