"""Who speaks in a text, and to whom: the personal and possessive pronouns of English and German."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final, Literal

from promptspec.tone.folding import fold, without_invisible
from promptspec.tone.phrases import Seen

Person = Literal["first", "second", "third"]

#: The pronouns of the first and the second person, folded as `fold` folds them.
_PRONOUNS: Final[Mapping[tuple[str, str], str]] = {
    ("en", "first"): "me|my|mine|myself|we|us|our|ours|ourselves|let'?s",
    ("en", "second"): "you|your|yours|yourself|yourselves",
    ("de", "first"): (
        "ich|mich|mir|mein(?:e[mnrs]?|s)?|wir|uns|unser(?:e[mnrs]?|[mns])?|unsre[mnrs]?|meinerseits|unsererseits"
    ),
    ("de", "second"): "du|dich|dir|dein(?:e[mnrs]?|s)?|euch|euer|eure[mnrs]?|deinerseits",
}
#: The languages whose pronouns are known.
LANGUAGES: Final = frozenset(language for language, _ in _PRONOUNS)

# "I", and not the one of "i.e.".
_ENGLISH_I: Final = re.compile(r"(?<![^\W_])(?<![^\W_]\.)i(?![^\W_]|\.[^\W_])")
_COUNTRY: Final = re.compile(r"(?<![^\W_])US(?![^\W_])")
# The polite form has a capital; at the beginning of a sentence that tells nothing.
_POLITE: Final = re.compile(r"(?<=[^\s.!?:…»“„\"(\-–•*]\s)(?:Sie|Ihnen|Ihr(?:e[mnrs]?)?)(?![^\W_])")
_WORDS: Final = {key: re.compile(rf"(?<![^\W_])(?:{pronouns})(?![^\W_])") for key, pronouns in _PRONOUNS.items()}


def is_in_person(text: str, person: Person, languages: tuple[str, ...]) -> bool:
    """Say whether *text*, in one of *languages*, is in that grammatical *person*.

    First: it holds a pronoun of the first person; second: one of the second; third: neither. "US" in capitals is
    taken for the country; a Roman "I" for the pronoun; "Sie" and "Ihr" at the beginning of a German sentence, and
    "ihr" anywhere, for no address.
    """
    if person == "third":
        return not (_holds(text, "first", languages) or _holds(text, "second", languages))
    return _holds(text, person, languages)


def _holds(text: str, person: str, languages: tuple[str, ...]) -> bool:
    shown = without_invisible(text)
    folded = text.folded if isinstance(text, Seen) and "US" not in shown else fold(_COUNTRY.sub(" ", shown))
    view = folded.replace("’", "'")
    for language in languages:
        if _WORDS[language, person].search(view):
            return True
        if (language, person) == ("en", "first") and _ENGLISH_I.search(view):
            return True
        if (language, person) == ("de", "second") and _POLITE.search(shown):
            return True
    return False
