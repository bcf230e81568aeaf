"""What can be counted in a text: emoji, marks, numbers, links, and the share of capitals."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from typing import Final

from promptspec.tone.emoji import count_emoji as count_emoji
from promptspec.values.sinks import find_sinks
from promptspec.values.untyped import category, normalize

#: What is an exclamation or a question mark and stays another character under NFKC.
_MARKS: Final = str.maketrans(
    {"❗": "!", "❕": "!", "ǃ": "!", "❓": "?", "❔": "?", "؟": "?", "⸮": "?", "՞": "?", "՜": "!"}
)
_NUMBER: Final = re.compile(r"\d+(?:[.,:/'’\-]\d+)*")
_NUMERIC: Final = frozenset({"Nd", "Nl", "No"})
_LINK: Final = re.compile(
    r"\bhttps?:\S+|\bwww\.\S+|\bmailto:\S+|\]\([^)\s]*\)?|[^\W_]\.(?:com|org|net|io|dev|app|de|uk)\b\S*",
    re.IGNORECASE,
)
_LINKS: Final = frozenset({"url", "markdown_link", "markdown_image", "autolink"})


def count_exclamations(text: str) -> int:
    """Return the number of exclamation marks in *text*: "!!!" are three, "‼" two, and emoji of the mark count."""
    return _count_marks(text, "!")


def count_questions(text: str) -> int:
    """Return the number of question marks in *text*, those of other widths and scripts among them."""
    return _count_marks(text, "?")


def _count_marks(text: str, mark: str) -> int:
    """Return how often *mark* stands in *text*; each different character is looked at once."""
    if text.isascii():
        return text.count(mark)
    return sum(count * _marks_in(character).count(mark) for character, count in Counter(text).items())


@lru_cache(maxsize=4096)
def _marks_in(character: str) -> str:
    return normalize("NFKC", character).translate(_MARKS)


def share_of_capitals(text: str) -> float:
    """Return the percentage of *text*'s letters with case that are capitals, 0 to 100, to two decimals; 0 without any.

    Capitals are of the categories Lu and Lt, small letters of Ll; letters of scripts without case do not count.
    """
    if text.isascii():
        capitals = sum(map(str.isupper, text))
        small = sum(map(str.islower, text))
    else:
        found: Counter[str] = Counter()
        for character, count in Counter(text).items():
            found[category(character)] += count
        capitals = found["Lu"] + found["Lt"]
        small = found["Ll"]
    return round(100 * capitals / (capitals + small), 2) if capitals else 0.0


def count_numbers(text: str) -> int:
    """Return how many numbers *text* writes in digits of any script: "1,000", "2026-01-31" and "½" are one each.

    Numbers in words ("three") do not count.
    """
    if not text.isascii():
        text = text.translate({ord(each): "0" for each in set(text) if category(each) in _NUMERIC})
    return len(_NUMBER.findall(text))


def count_links(text: str) -> int:
    """Return how many links *text* holds: addresses, hosts, and links of Markdown.

    Where only the recognisers of plain text find one, disguised as it is, that counts as one.
    """
    found = len(_LINK.findall(text))
    return found or int(not _LINKS.isdisjoint(find_sinks(text)))
