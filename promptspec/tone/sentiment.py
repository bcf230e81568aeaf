"""How kind or unkind an English text is."""

from __future__ import annotations

import importlib
import warnings
from functools import cache
from typing import Any, Final

#: How far around a word VADER looks: three words before it and two behind.
_BEFORE: Final = 3
_BEHIND: Final = 3


def sentiment(text: str) -> float:
    """Return the compound score of VADER of an English *text*: −1 (bad) to 1 (good), to four decimals; 0 is neutral.

    C. J. Hutto and E. Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text,
    2014; the package vaderSentiment 3.3.2. It knows about 7,500 words and the words around them: irony, and words
    that it does not know, pass it by.
    """
    return float(_analyzer().polarity_scores(text)["compound"])


@cache
def _analyzer() -> Any:
    with warnings.catch_warnings():
        # The package opens its lexicon with `codecs.open`, which Python 3.14 warns of.
        warnings.simplefilter("ignore", DeprecationWarning)
        package: Any = importlib.import_module("vaderSentiment.vaderSentiment")

        class Analyzer(package.SentimentIntensityAnalyzer):  # type: ignore[misc]
            """The analyzer, linear in the text: the package goes through all words for each word that it knows."""

            @staticmethod
            def _negation_check(valence: float, words: list[str], start: int, at: int) -> float:
                low = max(at - _BEFORE, 0)
                return float(_negation(valence, words[low : at + _BEHIND], start, at - low))

            @staticmethod
            def _special_idioms_check(valence: float, words: list[str], at: int) -> float:
                low = max(at - _BEFORE, 0)
                return float(_idioms(valence, words[low : at + _BEHIND], at - low))

            @staticmethod
            def _but_check(words: list[str], sentiments: list[float]) -> list[float]:
                """Words before the first `but` weigh half, those behind it half as much again.

                Each by its own place: the package takes the first word of the same weight for it.
                """
                but = next((at for at, word in enumerate(words) if word.lower() == "but"), None)
                if but is None:
                    return sentiments
                return [value * (0.5 if at < but else 1.5 if at > but else 1.0) for at, value in enumerate(sentiments)]

        _negation: Any = getattr(package.SentimentIntensityAnalyzer, "_negation_check")  # noqa: B009
        _idioms: Any = getattr(package.SentimentIntensityAnalyzer, "_special_idioms_check")  # noqa: B009
        return Analyzer()
