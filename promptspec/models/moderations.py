"""Requests to `/moderations`, and findings as they stand in a response of it or beside an answer.

Written after `openai.types.moderation_create_response` and the `moderation` of `openai.types.chat.chat_completion` and
`openai.types.responses.response` of the openai package (3.54).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from promptspec.models.port import Answer, Finding, Usage
from promptspec.models.replies import is_array, is_object, read_body, refusal

if TYPE_CHECKING:
    from promptspec.models.port import Ask

PATH: Final = "/moderations"
#: Bytes of the largest response that is looked at, for each text: 13 categories, each with a score and its kinds.
LARGEST_FINDING: Final = 8_192


def encode_moderation(ask: Ask, *, model: str) -> bytes:
    """Return the body that asks about the texts and pictures of *ask*: pictures are looked at beside all texts."""
    shown: list[object] = list(ask.looked_at)
    if ask.pictures:
        shown = [{"type": "text", "text": text} for text in ask.looked_at]
        shown += [{"type": "image_url", "image_url": {"url": url}} for url in ask.pictures]
    body = {"model": model, "input": shown}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def read_moderation(body: bytes, ask: Ask, *, model: str) -> Answer:
    """Return the findings in the *body* of a 200 response: one for each text, one for all where there are pictures.

    Raises ReplyRefused for anything else, and Unavailable where the server says in a 200 that it failed.
    """
    found = read_findings(read_body(body).get("results"))
    if found is None or len(found) != (1 if ask.pictures else len(ask.looked_at)):
        raise refusal("malformed")
    return Answer(text="", model=model, usage=Usage(), found=found)


def read_inline(found: object) -> tuple[Finding, ...] | None:
    """Return the findings beside an answer, None where they say nothing: an error, or what is no finding.

    Chat gives results in a list, the Responses API gives one result.
    """
    if not is_object(found):
        return None
    match found.get("type"):
        case "moderation_results":
            return read_findings(found.get("results")) or None
        case "moderation_result":
            return read_findings([found])
        case _:
            return None


def read_findings(results: object) -> tuple[Finding, ...] | None:
    """Return what each of *results* says; None where one of them is no finding."""
    if not is_array(results):
        return None
    found = [_finding(result) for result in results]
    sound = [each for each in found if each is not None]
    return tuple(sound) if len(sound) == len(found) else None


def _finding(result: object) -> Finding | None:
    if not is_object(result):
        return None
    flagged, categories, scores = result.get("flagged"), result.get("categories"), result.get("category_scores")
    if not isinstance(flagged, bool) or not is_object(categories) or not is_object(scores):
        return None
    flags: dict[str, bool] = {}
    for name, value in categories.items():
        # Some models judge fewer categories, and say null for the others.
        if value is not None:
            if not isinstance(value, bool):
                return None
            flags[name] = value
    numbers = _numbers(scores)
    return None if numbers is None else Finding(flagged=flagged, categories=flags, scores=numbers)


def _numbers(scores: Mapping[str, object]) -> Mapping[str, Decimal] | None:
    found: dict[str, Decimal] = {}
    for name, value in scores.items():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= 1:
            return None
        found[name] = Decimal(value)
    return found
