"""Which language a text is in."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

#: The languages that are told apart, by their codes of ISO 639-1, with their English names.
LANGUAGES: Final[Mapping[str, str]] = {
    "ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "cy": "Welsh", "da": "Danish",
    "de": "German", "el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "eu": "Basque", "fa": "Persian",
    "fi": "Finnish", "fr": "French", "ga": "Irish", "gl": "Galician", "gu": "Gujarati", "he": "Hebrew", "hi": "Hindi",
    "hr": "Croatian", "hu": "Hungarian", "hy": "Armenian", "id": "Indonesian", "is": "Icelandic", "it": "Italian",
    "ja": "Japanese", "ka": "Georgian", "km": "Khmer", "kn": "Kannada", "ko": "Korean", "lo": "Lao",
    "lt": "Lithuanian", "lv": "Latvian", "mk": "Macedonian", "ml": "Malayalam", "mr": "Marathi", "my": "Burmese",
    "nl": "Dutch", "no": "Norwegian", "pa": "Punjabi", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian",
    "ru": "Russian", "sk": "Slovak", "sl": "Slovenian", "sq": "Albanian", "sr": "Serbian", "sv": "Swedish",
    "ta": "Tamil", "te": "Telugu", "th": "Thai", "tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese",
    "zh": "Chinese",
}  # fmt: skip

#: Letters under which a text is short: which language it is in may not be decidable.
SHORT: Final = 60
#: Letters from which on the likeliest language is worth telling.
_TELLING: Final = 20
#: How many times as likely another language must be for a short text to be in none of those that are asked for.
SURELY: Final = 10.0


def is_in_language(text: str, languages: tuple[str, ...]) -> bool:
    """Say whether *text* is in one of *languages*, by py3langid 0.4 among LANGUAGES.

    M. Lui and T. Baldwin, langid.py: An Off-the-shelf Language Identification Tool, 2012: naive Bayes over bytes.
    From 60 letters on the likeliest language decides. A shorter text is undecidable where several are likely: it
    counts as one of *languages* unless another is ten times as likely. A text without letters is in every language.
    One language is found for the whole text: a sentence in another one inside of it is not seen.
    """
    letters = sum(map(str.isalpha, text))
    if not letters:
        return True
    identifier = _identifier()
    if identifier.classify(text)[0] in languages:
        return True
    if letters >= SHORT:
        return False
    likely: dict[str, float] = dict(identifier.rank(text))
    asked = max(likely[language] for language in languages)
    return max(likely.values()) < asked * SURELY


def language_of(text: str) -> str | None:
    """Return the likeliest language of *text* among LANGUAGES, None for one of fewer than 20 letters."""
    return _identifier().classify(text)[0] if sum(map(str.isalpha, text)) >= _TELLING else None


@cache
def _identifier() -> Any:
    """Load the model: 0.3 s with numpy, once; the file lies in the package, and nothing is fetched."""
    package: Any = importlib.import_module("py3langid.langid")
    found = package.LanguageIdentifier.from_model_file(package.MODEL_FILE, norm_probs=True)
    found.set_languages(list(LANGUAGES))
    return found
