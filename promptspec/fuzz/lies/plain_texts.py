"""Text that is plain but not easy: at the edges of its cap, in many scripts, close to what a sink would catch."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from promptspec.contract.types import Text
from promptspec.models.draws import Draws, prose, prose_of_words
from promptspec.values.code import as_code
from promptspec.values.units import measure, raw_bound

#: Pieces that are strung together until the text is long enough; each is plain alone and beside the others.
_STRINGS: Final = (
    "a",
    "Plain words, one after another. ",
    "Zażółć gęślą jaźń. ",
    "Ωραία λέξη. ",
    "Слово за слово. ",
    "文字列です",
    "😀",
    "é",
    "It's 5 < 6, and 7 > 3. ",
    "C and C# at 50 % of AT&T. ",
    "half-done, well-known ",
    "3:2 at 12:30 (or so); 1,000.5 in all! ",
    "\"quoted\" and 'quoted' ",
    "1. one - two / three ",
    "x = y + z * 2 ",
    "null true false 0 ",
    "none of these\n",
)
_PATHS: Final = ("/", "/a", "/a/b-c_d.html", "/#part", "")
#: Markdown that shows text.
_MARKDOWN: Final = (
    "# Title\n\nWords with *emphasis*, **strength** and `code`.\n\n- one\n- two\n\n> quoted\n",
    "| a | b |\n|---|---|\n| 1 | 2 |\n\n```python\nx = 1\n```\n",
    "~~gone~~ _so_ __it__ ***is***\n\n---\n\n1. one\n2. two\n",
)
_CODE: Final = {
    "python": (
        "x = 1\n",
        "def f(a: int) -> str:\n    return f'{a}: <b>'\n",
        "items[0](1)  # https://a.example\n",
        "'é' * 3",
    ),
    "json": ("[1, 2.5, null]", '{"a": "<b>", "b": [true]}', "0", '"é"'),
    "sql": ("select * from films where year > 1990;", "drop table films; -- gone"),
    "html": ('<a href="https://a.example">x</a>',),
}
_LONGEST_WORD: Final = 40
_WORD: Final = re.compile(r"[A-Za-z]{1,40}")
#: Longer texts are made only at boundaries.
_LONG: Final = 600


def plain_text(type: Text, n: int, literals: tuple[str, ...] = ()) -> str:
    """Return a text of *type*, chosen by *n*; 0 is the plainest and shortest. What cannot be met is left to checks."""
    if type.code:
        return _code(type, n)
    makers, lengths = n % 32, n // 32
    least, most = type.cap.least, raw_bound(type.cap.most, type.cap.unit)
    if type.pattern is not None:
        made = _matching(type, n)
        if made is not None:
            return made
    target = _target(lengths, least, min(most, max(least, _LONG)))
    if type.links and n % 3 == 1 and (linked := _linked(type, n, target)) is not None:
        return linked
    text = _made(makers, target, n, literals)
    if type.markdown and n % 3 == 2:
        text = (_MARKDOWN[n // 3 % len(_MARKDOWN)] * (target // 40 + 1))[:target]
    if type.kind == "line":
        text = text.replace("\n", " ")
    text = text[:target]
    if measure(text, least=least, most=type.cap.most, unit=type.cap.unit) is None:
        return text
    return _simplest(type, n)


def _made(maker: int, target: int, n: int, literals: tuple[str, ...]) -> str:
    if 1 <= maker <= len(_STRINGS):
        piece = _STRINGS[maker - 1]
        return piece * (target // len(piece) + 1)
    if maker > 26 and literals:
        word = _WORD.search(literals[n % len(literals)])
        if word is not None:
            return (word[0] + ", ") * (target // (len(word[0]) + 2) + 1)
    return prose(Draws(str(n)), "answer", least=target, most=target)


def _code(type: Text, n: int) -> str:
    """Return code of the language of *type*, or words that are code of it, as long as fits."""
    snippets = _CODE.get(type.code, ())
    fitting = [
        text for text in snippets if measure(text, least=type.cap.least, most=type.cap.most, unit=type.cap.unit) is None
    ]
    if fitting and n % 3:
        return fitting[n % len(fitting)]
    room = replace(type.cap, least=max(type.cap.least - 2, 0), most=max(type.cap.most - 2, 1))
    return as_code(type.code, _simplest(replace(type, code="", cap=room), n))


def _linked(type: Text, n: int, target: int) -> str | None:
    """Return plain words after links that *type* allows, or None where they do not fit."""
    host = type.links[n % len(type.links)]
    link = f"https://{host}{_PATHS[n // 3 % len(_PATHS)]}{'?q=1' if host in type.queries else ''} "
    text = (link + prose(Draws(str(n)), "answer", least=max(target - len(link), 0), most=max(target - len(link), 0)))[
        :target
    ]
    fits = text.startswith(link) and measure(text, least=type.cap.least, most=type.cap.most, unit=type.cap.unit) is None
    return text if fits else None


def _target(n: int, least: int, most: int) -> int:
    lengths: tuple[Callable[[], int], ...] = (
        lambda: max(least, min(most, 20)),
        lambda: least,
        lambda: least + 1,
        lambda: most - 1,
        lambda: most,
        lambda: least + n * 7919 % (most - least + 1),
    )
    return min(max(lengths[n % len(lengths)](), least), most)


def _simplest(type: Text, n: int) -> str:
    """Return English of some length that fits, where counting is not of characters."""
    cap = type.cap
    if cap.unit in ("chars", "bytes"):
        return prose(Draws(str(n)), "answer", least=cap.least, most=min(cap.most, max(cap.least, _LONG)))
    words = max(cap.least, min(cap.most, 3), 1)
    for _ in range(20):
        text = prose_of_words(Draws(str(n)), "answer", least=words, most=words)
        broken = measure(text, least=cap.least, most=cap.most, unit=cap.unit)
        if broken is None:
            return text
        words = max(words + (1 if broken == "too_short" else -1), 1)
    return "a"


def _matching(type: Text, n: int) -> str | None:
    from promptspec.values.automaton import samples

    pattern, cap = type.pattern, type.cap
    if pattern is None:
        return None
    least = cap.least if cap.unit == "chars" else min(cap.least, 1)
    most = raw_bound(cap.most, cap.unit)
    draws = Draws(str(n))
    return samples(pattern.source, pattern.ignore_case, least=least, most=most, choose=draws.below, kind=type.kind)
