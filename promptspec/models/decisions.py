"""Questions to `/decisions`, each a predicate, and its answers as the probabilities that a structured reply would hold.

Written after `openai.resources.decisions` of the openai package: 1 to 400 questions, answers in their order, a refusal
where one is not answered.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING

from promptspec.models.port import Answer
from promptspec.models.replies import is_array, is_object, read_body, refusal, usage_of

if TYPE_CHECKING:
    from promptspec.models.port import Ask

PATH = "/decisions"


def encode_decisions(ask: Ask, *, model: str, user: tuple[str, ...]) -> bytes:
    """Return the body that asks the questions of *ask* about its messages; *user* names what carries the caller."""
    questions = [{"type": "predicate", "name": name, "instructions": text} for name, text in ask.questions]
    head = {"role": "system", "content": ask.system}
    parts = [b'{"model":', _encoded(model), b',"input":[', _encoded(head)]
    if ask.messages:
        parts += (b",", ask.messages)
    parts += (b'],"questions":', _encoded(questions))
    if ask.user is not None:
        for parameter in user:
            parts += (b",", _encoded(parameter), b":", _encoded(ask.user))
    parts.append(b"}")
    return b"".join(parts)


def read_decisions(body: bytes, ask: Ask, *, model: str) -> Answer:
    """Return an object of the probabilities in the *body* of a 200 response, without those that were refused.

    Raises ReplyRefused for anything else than one answer to each question, in order, and Unavailable where the server
    says in a 200 that it failed.
    """
    envelope = read_body(body)
    answers = envelope.get("answers")
    if not is_array(answers) or len(answers) != len(ask.questions):
        raise refusal("malformed")
    found: list[str] = []
    for (name, _), answer in zip(ask.questions, answers, strict=True):
        if not is_object(answer) or answer.get("name") != name:
            raise refusal("malformed")
        probability = answer.get("probability")
        if answer.get("type") == "refusal":
            continue
        if answer.get("type") != "predicate" or isinstance(probability, bool):
            raise refusal("malformed")
        if not isinstance(probability, int | Decimal):
            raise refusal("malformed")
        found.append(f"{json.dumps(name)}:{probability}")
    return Answer(text="{" + ",".join(found) + "}", model=model, usage=usage_of(envelope))


def _encoded(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")
