"""What the reference knows of tone: slow, plain counting where a text is plain enough, else it does not know."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from promptspec.contract.tone import (
    ToneAvoid,
    ToneJudge,
    ToneKind,
    ToneLanguage,
    ToneMeasure,
    ToneMention,
    TonePerson,
    ToneProfanity,
    ToneTopic,
    ToneVoice,
)
from promptspec.fuzz.reference_texts import OutOfFragment, matches

#: Least and most that a count can be, where the reference does not know it for sure.
Between = tuple[Decimal, Decimal]

_ANY: Final = Decimal(10) ** 9
_FIRST: Final = {
    "en": {"i", "me", "my", "mine", "myself", "we", "us", "our", "ours", "ourselves", "let", "lets"},
    "de": {"ich", "mich", "mir", "wir", "uns"},
}
_SECOND: Final = {"en": {"you", "your", "yours", "yourself", "yourselves"}, "de": {"du", "dich", "dir", "euch"}}
#: Pronouns that are one wherever they stand.
_SURELY: Final = {
    ("en", "first"): {"me", "my", "myself", "we", "our"},
    ("en", "second"): _SECOND["en"],
    ("de", "first"): _FIRST["de"],
    ("de", "second"): _SECOND["de"],
}
#: Some words that are profane in a language, and some that are in none.
_PROFANE: Final = {
    "de": {"arschloch", "hurensohn", "wichser"},
    "en": {"asshole", "bullshit", "fucking"},
    "es": {"gilipollas", "mierda"},
    "fr": {"connard", "merde", "putain"},
}
_DECENT: Final = frozenset("add and essex great here nothing ok plain scunthorpe so the to word words wow".split())
_LATIN: Final = {"de", "en", "es", "fr", "it", "nl", "pt", "sv", "da", "no", "fi", "pl"}


def holds(kind: ToneKind, text: str, value: str = "") -> bool | None:
    """Say whether the rule holds of *text*, with the *value* of the input that it asks for; None where unknown."""
    match kind:
        case ToneMeasure():
            least, most = _between(kind.name, text)
            low = kind.least if kind.least is not None else -_ANY
            high = kind.most if kind.most is not None else _ANY
            if least > high or most < low:
                return False
            return True if low <= least and most <= high else None
        case TonePerson():
            return _in_person(kind, text)
        case ToneAvoid():
            return _avoids(kind, text)
        case ToneMention(phrase=phrase, value=None):
            return _stands_in(phrase, text)
        case ToneMention():
            return _stands_in(value, text)
        case ToneProfanity(languages=languages):
            return _is_free_of_profanity(languages, text)
        case ToneLanguage(languages=languages, chosen=chosen):
            return _in_language((value,) if chosen is not None else languages, text)
        case ToneVoice() | ToneTopic() | ToneJudge():
            return None


def _between(name: str, text: str) -> Between:
    foreign = sum(not character.isascii() for character in text)
    match name:
        case "exclamations":
            return Decimal(text.count("!")), Decimal(text.count("!") + 2 * foreign)
        case "questions":
            return Decimal(text.count("?")), Decimal(text.count("?") + 2 * foreign)
        case "emoji":
            faces = sum(any("\U0001f600" <= each <= "\U0001f64f" for each in piece) for piece in text.split())
            return Decimal(faces), Decimal(foreign)
        case "numbers":
            pieces = sum(any(each in "0123456789" for each in piece) for piece in text.split())
            return Decimal(pieces), Decimal(sum(each in "0123456789" for each in text) + foreign)
        case "capitals":
            return _capitals(text) if not foreign else (Decimal(0), Decimal(100))
        case "links":
            found = sum("https://" in piece for piece in text.split())
            plain = all(each.isalpha() or each in " ,\n" for each in text)
            return Decimal(found), Decimal(0) if plain else _ANY
        case "sentence_words" | "reading_grade":
            return _of_sentences(name, text)
        case _:
            return -_ANY, _ANY


def _capitals(text: str) -> Between:
    capitals = sum("A" <= each <= "Z" for each in text)
    small = sum("a" <= each <= "z" for each in text)
    share = Decimal(100 * capitals) / (capitals + small) if capitals else Decimal(0)
    return share - Decimal("0.01"), share + Decimal("0.01")


def _of_sentences(name: str, text: str) -> Between:
    if not all(("a" <= each.lower() <= "z") or each in " .!?," for each in text):
        return Decimal(0), _ANY
    found: list[list[str]] = [[]]
    for piece in text.split(" "):
        word = piece.strip(".!?,")
        if any(each in word for each in ".!?,"):
            return Decimal(0), _ANY
        if word:
            found[-1].append(word)
        if piece[-1:] in (".", "!", "?"):
            found.append([])
        elif "." in piece or "!" in piece or "?" in piece:
            return Decimal(0), _ANY
    told = [words for words in found if words]
    words = [word for each in told for word in each]
    if name == "sentence_words":
        longest = Decimal(max(map(len, told), default=0))
        return longest, longest
    if not words:
        return Decimal(0), Decimal(0)
    letters = Decimal(sum(map(len, words))) / len(words)
    grade = Decimal("4.71") * letters + Decimal("0.5") * len(words) / len(told) - Decimal("21.43")
    return max(grade, Decimal(0)) - Decimal("0.02"), max(grade, Decimal(0)) + Decimal("0.02")


def _in_person(kind: TonePerson, text: str) -> bool | None:
    found = {person: _has(text, person, kind.languages) for person in ("first", "second")}
    if kind.person == "third":
        is_it = False if True in found.values() else None if None in found.values() else True
    else:
        is_it = found[kind.person]
    return is_it if is_it is None or not kind.negated else not is_it


def _has(text: str, person: str, languages: tuple[str, ...]) -> bool | None:
    if not text.isascii():
        return None
    words = set(_words(text))
    if any(words & _SURELY[language, person] for language in languages):
        return True
    known = _FIRST if person == "first" else _SECOND
    if languages == ("en",) and not words & known["en"]:
        return False
    return None


def _avoids(kind: ToneAvoid, text: str) -> bool | None:
    for phrase in kind.phrases:
        if "*" not in phrase and _stands_in(phrase, text):
            return False
    for pattern in kind.patterns:
        try:
            if matches(pattern, text, full=False):
                return False
        except OutOfFragment:
            continue
    every = all(
        phrase.isascii() and _letters(phrase) and _letters(phrase) not in _letters(text) for phrase in kind.phrases
    )
    return True if every and text.isascii() and not kind.patterns else None


def _stands_in(phrase: str, text: str) -> bool | None:
    if not (phrase.isascii() and text.isascii()) or not all(each.isalnum() or each == " " for each in phrase):
        return None
    wanted, words = phrase.lower().split(), _words(text)
    if not wanted:
        return None
    if any(words[at : at + len(wanted)] == wanted for at in range(len(words))):
        return True
    return False if _letters(phrase) not in _letters(text) else None


def _is_free_of_profanity(languages: tuple[str, ...], text: str) -> bool | None:
    if not text.isascii():
        return None
    words = set(_words(text))
    if any(words & _PROFANE[language] for language in languages):
        return False
    return True if words <= _DECENT else None


def _in_language(languages: tuple[str, ...], text: str) -> bool | None:
    letters = [each for each in text if each.isalpha()]
    if not letters:
        return True
    cyrillic = all("\u0400" <= each <= "\u04ff" for each in letters)
    return False if cyrillic and len(letters) >= 20 and set(languages) <= _LATIN else None


def _words(text: str) -> list[str]:
    return "".join(each if each.isalnum() else " " for each in text.lower()).split()


def _letters(text: str) -> str:
    return "".join(each for each in text.lower() if each.isalnum())
