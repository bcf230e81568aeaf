"""Ways to answer that are techniques in their own right: rows of the table in the reference."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from promptspec.fuzz.lies.known_documents import DOCUMENTS
from promptspec.fuzz.lies.known_texts import TEXTS
from promptspec.fuzz.techniques import Technique

_KNOWN: Final = (*TEXTS, *DOCUMENTS)
REPLY_TECHNIQUES: Final[tuple[Technique, ...]] = tuple(known.technique for known in _KNOWN)
#: The names of the techniques that a (liar, form) carries out.
TECHNIQUES_OF: Final[Mapping[tuple[str, str], tuple[str, ...]]] = MappingProxyType(
    {
        carrier: tuple(known.technique.name for known in _KNOWN if (known.liar, known.form) == carrier)
        for carrier in dict.fromkeys((known.liar, known.form) for known in _KNOWN)
    }
)
