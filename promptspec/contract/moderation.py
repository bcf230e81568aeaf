"""What a checked feature says of moderation: who looks at its texts, and what is blocked."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, TypeAlias

from promptspec.contract.models import OpenAIModel
from promptspec.contract.types import Origin

#: What OpenAI's `omni-moderation-latest` tells apart, after `openai.types.moderation` of the openai package (3.54).
CATEGORIES: Final = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerModerator:
    """`with openai { block hate  above harassment 0.4 }`: the moderation of a server.

    A text is blocked where a category of *blocks* is flagged, or the score of one of *above* is at least its number.
    Where neither is written, whatever the server flags is blocked.
    """

    model: OpenAIModel
    blocks: tuple[str, ...] = ()
    above: tuple[tuple[str, Decimal], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WordModerator:
    """`with words("lists/blocked.txt")`: no text may hold one of *phrases*, the lines of the file *path*."""

    path: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonModerator:
    """`with python("app.safety:judge")`: a function of the application says whether a text is blocked."""

    module: str
    function: str


Moderator: TypeAlias = ServerModerator | WordModerator | PythonModerator


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """`moderate input, output with …`: whose texts *by* looks at, all open ones."""

    input: bool
    output: bool
    by: Moderator
    origin: Origin
