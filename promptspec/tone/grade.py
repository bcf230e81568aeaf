"""How many years of school a text asks for."""

from __future__ import annotations

from promptspec.tone.sentences import sentences, words


def reading_grade(text: str) -> float:
    """Return the Automated Readability Index of an English *text*, a grade of US schools, to two decimals.

    4.71 × letters and digits a word + 0.5 × words a sentence − 21.43, not below 0; 0 where there is no word.
    E. A. Senter and R. J. Smith, Automated Readability Index, AMRL-TR-66-220, 1967. It counts no syllables and
    knows no words: short rare words read as easy, and one long name makes a short sentence hard.
    """
    found = words(text)
    if not found:
        return 0.0
    letters = sum(map(str.isalnum, "".join(found)))
    grade = 4.71 * letters / len(found) + 0.5 * len(found) / len(sentences(text)) - 21.43
    return round(max(grade, 0.0), 2)
