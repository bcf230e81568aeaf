"""Whether the type of a text leaves room for what its tone wants in it."""

from __future__ import annotations

from promptspec.check.tone_rules import ReadMention, ReadRule
from promptspec.contract import types as t
from promptspec.contract.tone import ToneMeasure
from promptspec.values.sinks import find_sinks

#: Measures that count something of at least one character each.
_COUNTED = frozenset({"emoji", "exclamations", "links", "numbers", "questions"})


def no_room(rule: ReadRule, type: t.Type) -> str | None:
    """Return why no text of *type* keeps *rule*, as the rest of a sentence about the text; None where one may."""
    if not isinstance(type, t.Text):
        return None
    match rule.kind:
        case ToneMeasure(name="links", least=least) if least and not type.links:
            return "may hold no link"
        case ToneMeasure(name=name, least=least) if least and name in _COUNTED and _is_longer(int(least), type.cap):
            return f"has at most {type.cap.most:,} {type.cap.unit}"
        case ReadMention(phrase=phrase) if phrase:
            return _no_room_for(phrase.replace("*", ""), type)
        case _:
            return None


def _no_room_for(phrase: str, type: t.Text) -> str | None:
    size = len(phrase.encode()) if type.cap.unit == "bytes" else len(phrase)
    if _is_longer(size, type.cap):
        return f"has at most {type.cap.most:,} {type.cap.unit}"
    if not type.links and not type.markdown and find_sinks(phrase):
        return "is plain, and what must be mentioned is not"
    return None


def _is_longer(size: int, cap: t.Cap) -> bool:
    return cap.unit in ("chars", "bytes") and size > cap.most
