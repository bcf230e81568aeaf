"""Lies that are off the tone: texts that break each rule, plainly and in disguise."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from promptspec.contract.json_text import json_text
from promptspec.contract.tone import ToneAvoid, ToneMeasure
from promptspec.fuzz.lies.accepted import plain_given
from promptspec.fuzz.lies.telling import Form, Telling, fixed_in_texts
from promptspec.fuzz.toned import mentioned

if TYPE_CHECKING:
    from promptspec.fuzz.lies.sites import Site
    from promptspec.fuzz.lies.wire import Response

#: A text in which one of what is counted stands.
_ONE_OF: Final = {
    "exclamations": "Wow!",
    "questions": "Why?",
    "numbers": "12",
    "emoji": "😀",
    "links": "https://a.example/x",
    "sentence_words": "word",
}
_MOST_COUNTED: Final = 60
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


def _half_mentioned(site: Site) -> Iterable[str]:
    """Return what is nearly a mention of what the feature wants to be mentioned, and what is none at all."""
    given = plain_given(site.subject, site.given)
    wanted = dict.fromkeys(mentioned(site.subject, given, rule) for rule in site.subject.feature.tone)
    phrases = [phrase for phrase in wanted if phrase]
    for phrase in phrases:
        others = [other for other in phrases if other != phrase]
        first, _, rest = phrase.partition(" ")
        for half in (first, rest, phrase[:-1], phrase + "x", " ".join(reversed(phrase.split()))):
            if half and half != phrase:
                yield " ".join((*others, half))
    yield "ok"


def _beside_bounds(site: Site) -> Iterable[str]:
    """Return texts in which as much stands as may, one more, and one less than has to."""
    for rule in site.subject.feature.tone:
        if isinstance(rule.kind, ToneMeasure) and rule.kind.name in _ONE_OF:
            most, least = rule.kind.most, rule.kind.least
            counts = [] if most is None else [int(most) + 1, int(most)]
            counts += [] if least is None else [int(least) - 1]
            for count in counts:
                if 0 < count <= _MOST_COUNTED:
                    yield " ".join([_ONE_OF[rule.kind.name]] * count)


def _nothing_else(telling: Telling) -> Response:
    """Answer the text alone: what is left of the honest one beside it would be in tone."""
    return telling.say_raw_in_place(json_text(telling.lie.text))


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
    Form(
        name="language",
        answer=_nothing_else,
        goes="text",
        texts=lambda _site: (
            "Это совсем другой язык, и его здесь никто не ждал",
            "Das ist eine ganz andere Sprache, die hier niemand erwartet hat",
            "This is quite another language, which nobody expected here",
            "这完全是另一种语言",
        ),
    ),
    fixed_in_texts("long-sentence", "and so on " * 40, "word " * 30 + "end"),
    fixed_in_texts("grade", "Comprehensive organisational documentation facilitates institutional understanding"),
    fixed_in_texts(
        "sentiment", "This is a horrible, disgusting and worthless disaster", "I hate this awful evil thing"
    ),
    fixed_in_texts(
        "profanity",
        "This is bullshit",
        "So ein Arschloch",
        "Merde alors, connard",
        "Vaya gilipollas",
        "a s s h o l e",
        "fuc\u200bking good",
        "bull-\nshit",
        "bulls\u04bbit",
        "Scunthorpe and Essex",
    ),
    fixed_in_texts("nothing-to-say", "Nothing to add here", "ok"),
    Form(name="one-too-many", answer=_nothing_else, goes="text", texts=_beside_bounds),
    Form(name="half-mentioned", answer=_nothing_else, goes="text", texts=_half_mentioned),
    Form(name="avoided", answer=lambda telling: telling.say_in_place(telling.lie.text), goes="text", texts=_avoided),
)
