"""Requests to `/embeddings`, and the vectors in a response of it: what texts mean, as numbers.

Written after `openai.types.create_embedding_response` of the openai package (3.54).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from promptspec.models.port import Answer
from promptspec.models.replies import is_array, is_object, read_body, refusal, usage_in

if TYPE_CHECKING:
    from promptspec.models.port import Ask

PATH: Final = "/embeddings"
#: The most numbers of a vector, and bytes of the largest response that is looked at, for each text.
MOST_DIMENSIONS: Final = 4_096
LARGEST_VECTOR: Final = MOST_DIMENSIONS * 4


def encode_embedding(ask: Ask, *, model: str) -> bytes:
    """Return the body that asks for a vector of each text of *ask*."""
    body: dict[str, object] = {"model": model, "input": list(ask.looked_at), "encoding_format": "float"}
    if ask.user is not None:  # this endpoint knows `user`, and no other name for the caller's hash
        body["user"] = ask.user
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def read_embedding(body: bytes, ask: Ask, *, model: str) -> Answer:
    """Return the vectors in the *body* of a 200 response: one for each text, of one size, of length 1.

    Raises ReplyRefused for anything else, and Unavailable where the server says in a 200 that it failed.
    """
    envelope = read_body(body)
    listed = envelope.get("data")
    if not is_array(listed) or len(listed) != len(ask.looked_at):
        raise refusal("malformed")
    found: dict[int, tuple[float, ...]] = {}
    for at, each in enumerate(listed):
        place = each.get("index", at) if is_object(each) else None
        vector = _vector(each.get("embedding")) if is_object(each) else None
        if vector is None or isinstance(place, bool) or not isinstance(place, int):
            raise refusal("malformed")
        found[place] = vector
    if set(found) != set(range(len(listed))) or len({len(each) for each in found.values()}) > 1:
        raise refusal("malformed")
    vectors = tuple(found[at] for at in range(len(found)))
    return Answer(text="", model=model, usage=usage_in(envelope, "prompt_tokens", "none"), vectors=vectors)


def _vector(value: object) -> tuple[float, ...] | None:
    """Return the numbers *value* as a vector of length 1; None for what has no direction."""
    if not is_array(value) or not 1 <= len(value) <= MOST_DIMENSIONS:
        return None
    if any(isinstance(each, bool) or not isinstance(each, int | Decimal) for each in value):
        return None
    return unit([float(str(each)) for each in value])


def unit(vector: Sequence[float]) -> tuple[float, ...] | None:
    """Return *vector* at length 1; None where it has no direction, or is beyond all bounds."""
    if not all(map(math.isfinite, vector)):
        return None
    length = math.sqrt(math.fsum(each * each for each in vector))
    return tuple(each / length for each in vector) if 0 < length < math.inf else None
