"""Pattern source to tree: the common part of RE2 and ECMA-262, and the one text of it that both read alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, assert_never

#: Bounds of a pattern: characters of its source, groups inside each other, and repetitions (rule 4).
MOST_SOURCE: Final = 2_000
MOST_DEPTH: Final = 50
MOST_REPEATS: Final = 1_000

LAST: Final = 0x10FFFF
Ranges: TypeAlias = tuple[tuple[int, int], ...]


class BadPattern(ValueError):
    """A pattern outside the common part; *position* is the 0-based character of the source where it goes wrong."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(frozen=True, slots=True, kw_only=True)
class Characters:
    """One character of the sorted, disjoint ranges of code points."""

    ranges: Ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Assertion:
    """A place: the begin or end of the text, or where ASCII words begin or end (`\\b`), or do not (`\\B`)."""

    place: Literal["begin", "end", "edge", "inside"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """One part after the other; none is the empty text."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternatives:
    """One of the options."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """*item* at least *least* times, and at most *most* times; None is no bound."""

    item: Node
    least: int
    most: int | None


Node: TypeAlias = Characters | Assertion | Sequence | Alternatives | Repeat

WORD: Final[Ranges] = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
_DIGIT: Final[Ranges] = ((0x30, 0x39),)
_SPACE: Final[Ranges] = ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))
_CLASSES: Final[dict[str, Ranges]] = {"d": _DIGIT, "w": WORD, "s": _SPACE}
_CONTROLS: Final = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
_PUNCTUATION: Final = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_SPECIAL: Final = frozenset("\\^$.*+?()[]{}|/")
_ASSERTIONS: Final = {"begin": "^", "end": "$", "edge": r"\b", "inside": r"\B"}


def complement(ranges: Ranges) -> Ranges:
    """Return all code points outside sorted, disjoint *ranges*."""
    out: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if start < low:
            out.append((start, low - 1))
        start = high + 1
    if start <= LAST:
        out.append((start, LAST))
    return tuple(out)


def union(ranges: list[tuple[int, int]]) -> Ranges:
    """Return *ranges* sorted, with those that touch made one."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return tuple(out)


def parse_pattern(source: str, *, ignore_case: bool = False) -> Node:
    """Return the tree of *source*, with case folded into its classes; raises BadPattern."""
    if len(source) > MOST_SOURCE:
        raise BadPattern(f"a pattern has at most {MOST_SOURCE:,} characters", MOST_SOURCE)
    for position, character in enumerate(source):
        if not character.isprintable() and character != " ":
            raise BadPattern("a character that does not show is written as an escape", position)
    parser = _Parser(source, ignore_case)
    node = parser.alternatives(0)
    if parser.at < len(source):
        raise BadPattern("`)` closes no group", parser.at)
    return node


def write_pattern(node: Node) -> str:
    """Return *node* in a form that RE2 and ECMA-262 (with and without the flag `u`) read alike."""
    match node:
        case Characters(ranges=ranges):
            return _write_characters(ranges)
        case Assertion(place=place):
            return _ASSERTIONS[place]
        case Sequence(parts=parts):
            return "".join(
                f"(?:{write_pattern(part)})" if isinstance(part, Alternatives) else write_pattern(part)
                for part in parts
            )
        case Alternatives(options=options):
            return "|".join(map(write_pattern, options))
        case Repeat(item=item, least=least, most=most):
            text = write_pattern(item)
            if not isinstance(item, Characters):
                text = f"(?:{text})"
            return text + _write_count(least, most)
        case _:
            assert_never(node)


def _write_count(least: int, most: int | None) -> str:
    if (least, most) == (0, 1):
        return "?"
    if most is None:
        return {0: "*", 1: "+"}.get(least, f"{{{least},}}")
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"


def _write_characters(ranges: Ranges) -> str:
    if len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
        return _write_point(ranges[0][0])
    negated = ranges[-1][1] == LAST and ranges != ((0, LAST),)
    inside = "".join(
        _write_point(low, inside=True)
        + ("-" if high > low + 1 else "")
        + (_write_point(high, inside=True) if high > low else "")
        for low, high in (complement(ranges) if negated else ranges)
    )
    if ranges == ((0, LAST),):
        return r"[\s\S]"
    return f"[^{inside}]" if negated else f"[{inside}]"


def _write_point(point: int, *, inside: bool = False) -> str:
    character = chr(point)
    # Outside a class ECMA-262 with the flag u has no escape for it.
    if inside and character == "-":
        return r"\-"
    if character in _SPECIAL:
        return "\\" + character
    for letter, control in _CONTROLS.items():
        if character == control:
            return "\\" + letter
    return f"\\x{point:02x}" if point < 0x20 or 0x7F <= point < 0xA0 else character


def _folded(ranges: Ranges) -> Ranges:
    """Add the other case of ASCII letters and of the simple pairs up to U+052F, which all Unicode versions share."""
    extra: list[tuple[int, int]] = []
    for low, high in ranges:
        for point in range(low, min(high, 0x52F) + 1):
            character = chr(point)
            for other in (character.lower(), character.upper()):
                if len(other) == 1 and other != character and ord(other) <= 0x52F and _is_pair(character, other):
                    extra.append((ord(other), ord(other)))
    return union([*ranges, *extra])


def _is_pair(one: str, other: str) -> bool:
    return {one.lower(), one.upper()} == {other.lower(), other.upper()} == {one, other}


class _Parser:
    """Reads one pattern from the left; *at* is the next character."""

    __slots__ = ("_ignore_case", "_source", "at")

    def __init__(self, source: str, ignore_case: bool) -> None:
        self._source = source
        self._ignore_case = ignore_case
        self.at = 0

    def alternatives(self, depth: int) -> Node:
        options = [self._sequence(depth)]
        while self._take("|"):
            options.append(self._sequence(depth))
        return options[0] if len(options) == 1 else Alternatives(options=tuple(options))

    def _sequence(self, depth: int) -> Node:
        parts: list[Node] = []
        while self.at < len(self._source) and self._source[self.at] not in "|)":
            start = self.at
            parts.append(self._repeated(self._atom(depth), start))
        return parts[0] if len(parts) == 1 else Sequence(parts=tuple(parts))

    def _atom(self, depth: int) -> Node:
        start, character = self.at, self._source[self.at]
        if character == "(":
            return self._group(depth)
        self.at += 1
        match character:
            case "[":
                return self._class(start)
            case ".":
                return Characters(ranges=complement(((0x0A, 0x0A),)))
            case "^":
                return Assertion(place="begin")
            case "$":
                return Assertion(place="end")
            case "\\":
                if self._take("b"):
                    return Assertion(place="edge")
                if self._take("B"):
                    return Assertion(place="inside")
                return self._characters([self._escape(start)])
            case "*" | "+" | "?":
                raise BadPattern(f"`{character}` repeats nothing", start)
            case "{" | "}" | "]":
                raise BadPattern(f"`{character}` is written `\\{character}`", start)
            case _:
                return self._characters([((ord(character), ord(character)),)])

    def _group(self, depth: int) -> Node:
        start = self.at
        self.at += 1
        if depth >= MOST_DEPTH:
            raise BadPattern(f"groups are nested deeper than {MOST_DEPTH}", start)
        if self._take("?"):
            rest = self._source[self.at : self.at + 2]
            if rest.startswith(("=", "!")) or rest in ("<=", "<!"):
                raise BadPattern("look-ahead and look-behind are not in the common part of RE2 and ECMA-262", start)
            if rest.startswith(("P", "<", "'")):
                raise BadPattern("groups have no names here: write `(…)`", start)
            if rest.startswith((">", "|")):
                raise BadPattern("atomic groups are not in the common part of RE2 and ECMA-262", start)
            if not self._take(":"):
                raise BadPattern("flags inside a pattern are not in the common part of RE2 and ECMA-262", start)
        node = self.alternatives(depth + 1)
        if not self._take(")"):
            raise BadPattern("`(` is not closed", start)
        return node

    def _repeated(self, item: Node, start: int) -> Node:
        at = self.at
        if self._take("*"):
            least, most = 0, None
        elif self._take("+"):
            least, most = 1, None
        elif self._take("?"):
            least, most = 0, 1
        elif self._take("{"):
            least, most = self._count(at)
        else:
            return item
        if isinstance(item, Assertion) and self._source[start] != "(":
            raise BadPattern("a place cannot be repeated", start)
        # Laziness changes what a match holds, never whether there is one.
        self._take("?")
        if self._source[self.at : self.at + 1] in ("*", "+", "?", "{") and self.at < len(self._source):
            raise BadPattern("a repetition cannot be repeated; put it in a group", self.at)
        return Repeat(item=item, least=least, most=most)

    def _count(self, start: int) -> tuple[int, int | None]:
        least = self._number(start)
        most: int | None = least
        if self._take(","):
            most = None if self._source[self.at : self.at + 1] == "}" else self._number(start)
        if not self._take("}"):
            raise BadPattern("a count is written `{2}`, `{2,}` or `{2,5}`; a brace itself `\\{`", start)
        if most is not None and most < least:
            raise BadPattern("the bounds of this count are the wrong way round", start)
        if max(least, most or 0) > MOST_REPEATS:
            raise BadPattern(f"a count is at most {MOST_REPEATS:,}", start)
        return least, most

    def _number(self, start: int) -> int:
        begin = self.at
        while self._source[self.at : self.at + 1] in tuple("0123456789"):
            self.at += 1
        if begin == self.at or self.at - begin > 9:
            raise BadPattern("a count is written `{2}`, `{2,}` or `{2,5}`; a brace itself `\\{`", start)
        return int(self._source[begin : self.at])

    def _class(self, start: int) -> Node:
        negated = self._take("^")
        members: list[Ranges] = []
        while not self._take("]"):
            if self.at >= len(self._source):
                raise BadPattern("`[` is not closed", start)
            members.append(self._member())
        if not members:
            raise BadPattern("an empty class means different things in RE2 and ECMA-262", start)
        node = self._characters(members)
        if negated:
            node = Characters(ranges=complement(node.ranges))
        if not node.ranges:
            raise BadPattern("this class matches nothing", start)
        return node

    def _member(self) -> Ranges:
        start = self.at
        low = self._class_atom()
        following = self._source[self.at + 1 : self.at + 2]
        if self._source[self.at : self.at + 1] != "-" or following in ("]", ""):
            return low
        self.at += 1
        high = self._class_atom()
        if not (len(low) == len(high) == 1 and low[0][0] == low[0][1] and high[0][0] == high[0][1]):
            raise BadPattern("a range runs from one character to another", start)
        if high[0][0] < low[0][0]:
            raise BadPattern("the bounds of this range are the wrong way round", start)
        return ((low[0][0], high[0][0]),)

    def _class_atom(self) -> Ranges:
        start, character = self.at, self._source[self.at]
        self.at += 1
        if character == "\\":
            if self._source[self.at : self.at + 1] == "b":
                raise BadPattern("`\\b` means different things in a class", start)
            return self._escape(start)
        if character == "[" and self._source[self.at : self.at + 1] in (":", ".", "="):
            raise BadPattern("POSIX classes are not in the common part of RE2 and ECMA-262", start)
        return ((ord(character), ord(character)),)

    def _escape(self, start: int) -> Ranges:
        letter = self._source[self.at : self.at + 1]
        self.at += 1
        if letter.lower() in _CLASSES and letter:
            ranges = _CLASSES[letter.lower()]
            return ranges if letter.islower() else complement(ranges)
        if letter in _PUNCTUATION:
            return ((ord(letter), ord(letter)),)
        if letter in _CONTROLS:
            return ((ord(_CONTROLS[letter]), ord(_CONTROLS[letter])),)
        if letter == "x":
            digits = self._source[self.at : self.at + 2]
            if len(digits) == 2 and _HEX.issuperset(digits):
                self.at += 2
                return ((int(digits, 16), int(digits, 16)),)
            raise BadPattern("a code is written `\\x41`, with two digits", start)
        if letter and letter in "123456789":
            raise BadPattern("back references are not in the common part of RE2 and ECMA-262", start)
        if letter and letter in "pP":
            raise BadPattern("`\\p` is not in the common part of RE2 and ECMA-262; list the characters", start)
        if letter and letter in "AzZ":
            raise BadPattern("`matching` always means the whole text; leave the anchor out", start)
        raise BadPattern(
            f"`\\{letter}` is not in the common part of RE2 and ECMA-262" if letter else "`\\` ends the pattern", start
        )

    def _characters(self, members: list[Ranges]) -> Characters:
        ranges = union([one for member in members for one in member])
        return Characters(ranges=_folded(ranges) if self._ignore_case else ranges)

    def _take(self, character: str) -> bool:
        if self._source[self.at : self.at + 1] == character:
            self.at += 1
            return True
        return False
