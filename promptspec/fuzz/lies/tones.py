"""Lies that are off the tone: texts that break each rule, plainly and in disguise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from promptspec.contract.tone import ToneAvoid
from promptspec.fuzz.lies.telling import Form, fixed_in_texts

if TYPE_CHECKING:
    from promptspec.fuzz.lies.sites import Site

_LIKE: Final = str.maketrans("aeocpx", "аеосрх")


def _avoided(site: Site) -> Iterable[str]:
    """Return what the rules of the feature tell to avoid, in the spellings of those who do not."""
    phrases = [
        phrase.replace("*", "s")
        for rule in site.subject.feature.tone
        if isinstance(rule.kind, ToneAvoid)
        for phrase in rule.kind.phrases[:8]
    ]
    found = [spelt for phrase in phrases or ["as an AI"] for spelt in _spellings(phrase)]
    return dict.fromkeys(found)


def _spellings(phrase: str) -> list[str]:
    return [
        phrase,
        phrase.upper(),
        phrase.replace(" ", "\n"),
        phrase.replace(" ", "-"),
        " ".join(phrase),
        "-".join(phrase),
        phrase[:2] + "\u200b" + phrase[2:],
        phrase[:2] + "\u00ad" + phrase[2:],
        phrase[:2] + "." + phrase[2:],
        phrase.translate(_LIKE),
        "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in phrase),
    ]


OFF_TONE: Final = (
    fixed_in_texts("emoji", "Great 😀", "So good 👍🏽 👩‍🔬", "With love ❤", "Number 1️⃣ 🇩🇪"),
    fixed_in_texts("exclamations", "Wow!", "Wow!!!", "Buy! Now! Here!", "Wow！", "Wow‼", "Wow❗"),
    fixed_in_texts("questions", "Really?", "Why? Who? When?", "Really？", "Really⁇"),
    fixed_in_texts("numbers", "It costs 12 and 30 and 4.", "On 2026-01-31", "½ of it", "٣"),
    fixed_in_texts("capitals", "THIS IS LOUD", "A B C D", "ÄÖÜ"),
    fixed_in_texts("links", "See https://a.example/x and www.b.example", "See evil[.]com"),
    fixed_in_texts(
        "person",
        "I think that we should show you our list",
        "My own view",
        "You and your friends",
        "Ich helfe dir, und wir helfen Ihnen",
    ),
    fixed_in_texts(
        "language",
        "Это совсем другой язык, и его здесь никто не ждал",
        "Das ist eine ganz andere Sprache, die hier niemand erwartet hat",
        "This is quite another language, which nobody expected here",
        "这完全是另一种语言",
    ),
    fixed_in_texts("long-sentence", "and so on " * 40, "word " * 30 + "end"),
    fixed_in_texts("grade", "Comprehensive organisational documentation facilitates institutional understanding"),
    fixed_in_texts(
        "sentiment", "This is a horrible, disgusting and worthless disaster", "I hate this awful evil thing"
    ),
    fixed_in_texts("nothing-to-say", "Nothing to add here", "ok"),
    Form(name="avoided", answer=lambda telling: telling.say_in_place(telling.lie.text), goes="text", texts=_avoided),
)
