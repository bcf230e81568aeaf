"""Sabotages of what judges the tone of a reply."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final

from promptspec.errors import Violation
from quality.builds import Edit
from quality.sabotage import Name, Patch, Sabotage, Way, method

_BROKEN: Final = "promptspec.runtime.calling:broken_tone"
_TEXTS: Final = "promptspec.runtime.toning:_texts"


def _patched(name: str, target: str, function: Callable[..., Any]) -> Sabotage:
    return Sabotage(name=name, law="tone_holds", feature="say", patches=(Patch(target, method(function)),))


def _emitted(name: str, rule: str, way: Way, old: str, new: str, feature: Name) -> Sabotage:
    edits = (Edit(old, new, feature.capitalize()),)
    return Sabotage(name=f"tone-{name}", law="tone_holds", feature=feature, rule=rule, way=way, edits=edits)


def _say(name: str, rule: str, way: Way, old: str, new: str) -> Sabotage:
    return _emitted(name, rule, way, old, new, "say")


def _tell(name: str, rule: str, way: Way, old: str, new: str) -> Sabotage:
    return _emitted(name, rule, way, old, new, "tell")


def _nothing(_original: Any, *_arguments: object, **_keywords: object) -> Iterator[Violation]:
    return iter(())


def _all_but_the_first(original: Any, rules: tuple[Any, ...], *arguments: object, **keywords: object) -> Any:
    return original(rules[1:], *arguments, **keywords)


def _all_but_words(original: Any, rules: tuple[Any, ...], *arguments: object, **keywords: object) -> Any:
    return original(tuple(rule for rule in rules if rule.rule != "tone_avoid"), *arguments, **keywords)


def _begin_alone(original: Any, *arguments: object, **keywords: object) -> Iterator[tuple[str, str]]:
    for path, text in original(*arguments, **keywords):
        yield path, text[:2]


_EMOJI: Final = 'ps.measured("emoji", least=None, most="0")'
_EXCLAMATIONS: Final = 'ps.measured("exclamations", least=None, most="1")'
_AVOIDS: Final = 'ps.avoids(("synergy", "as an AI"), ())'
_EMOJI_TEXTS: Final = 'message="has emoji",\n            texts=(("title",), ("points", "[]")),'

TONE: Final = (
    _patched("tone-not-judged", _BROKEN, _nothing),
    _patched("first-rule-of-the-tone-forgotten", _BROKEN, _all_but_the_first),
    _patched("words-to-avoid-forgotten", _BROKEN, _all_but_words),
    _patched("tone-of-the-begin-alone", _TEXTS, _begin_alone),
    _say("emoji-judged-by-nobody", "Tone.judge", "removed", _EMOJI, "lambda text: True"),
    _say("emoji-judged-as-questions", "Tone.judge", "off by one", _EMOJI, _EMOJI.replace("emoji", "questions")),
    _say("no-texts", "Tone.texts", "removed", _EMOJI_TEXTS, 'message="has emoji",\n            texts=(),'),
    _say("a-text-less", "Tone.texts", "off by one", _EMOJI_TEXTS, _EMOJI_TEXTS.replace('("points", "[]")', "")),
    _say("another-name", "Tone.rule", "off by one", 'rule="tone_emoji"', 'rule="tone_emojis"'),
    _say("no-most", "measured", "removed", _EXCLAMATIONS, _EXCLAMATIONS.replace('"1"', "None")),
    _say("one-more", "measured", "off by one", _EXCLAMATIONS, _EXCLAMATIONS.replace('"1"', '"2"')),
    _say("nothing-to-avoid", "avoids", "removed", _AVOIDS, "ps.avoids((), ())"),
    _say("a-phrase-less-to-avoid", "avoids", "off by one", _AVOIDS, 'ps.avoids(("synergy",), ())'),
    _say("any-person", "in_person", "removed", 'ps.in_person("first", "en", negated=True)', "lambda text: True"),
    _say("another-person", "in_person", "off by one", '"first", "en"', '"second", "en"'),
    _say("any-profanity", "without_profanity", "removed", 'ps.without_profanity("en")', "lambda text: True"),
    _say(
        "profanity-elsewhere", "without_profanity", "off by one", 'without_profanity("en")', 'without_profanity("fr")'
    ),
    _tell("any-language", "in_language", "removed", 'ps.in_language("en")', "lambda text: True"),
    _tell("a-language-more", "in_language", "off by one", 'ps.in_language("en")', 'ps.in_language("en", "ru")'),
    _tell(
        "any-given-language",
        "in_given_language",
        "removed",
        "ps.in_given_language()",
        "lambda text, language: True",
    ),
    _tell(
        "a-language-beside-the-given-one",
        "in_given_language",
        "off by one",
        "ps.in_given_language()",
        'lambda text, language: ps.in_language(language, "ru")(text)',
    ),
    _tell("nothing-to-mention", "mentions", "removed", 'ps.mentions("two days")', "lambda text: True"),
    _tell("a-word-less-to-mention", "mentions", "off by one", 'ps.mentions("two days")', 'ps.mentions("two")'),
    _tell("nothing-given-to-mention", "mentions_given", "removed", "ps.mentions_given()", "lambda text, value: True"),
    _tell(
        "a-part-of-the-given-to-mention",
        "mentions_given",
        "off by one",
        "ps.mentions_given()",
        "lambda text, value: ps.mentions_given()(text, value[2:])",
    ),
    _tell("empty-given", "Tone.given", "removed", "given=lambda x: x.order.title", 'given=lambda x: ""'),
    _tell(
        "another-given", "Tone.given", "off by one", "given=lambda x: x.order.title", "given=lambda x: x.order.customer"
    ),
    _tell(
        "mentioned-in-every-text",
        "Tone.once",
        "removed",
        'judge=ps.mentions("two days"),\n            once=True,',
        'judge=ps.mentions("two days"),',
    ),
    _tell(
        "language-of-one-text",
        "Tone.once",
        "off by one",
        'texts=(("title",),),\n            judge=ps.in_language("en"),',
        'texts=(("title",), ("hint",)),\n            judge=ps.in_language("en"),\n            once=True,',
    ),
)
