"""A judge behind llama.cpp's own server (xllamacpp), with a model of random weights: it answers, and knows nothing."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import BaseModel

from engines.calls import make_model
from engines.fixtures import Engine
from promptspec.errors import ReplyRefused, Unjudged
from promptspec.models.port import Answer
from promptspec.runtime.host import HOST
from promptspec.runtime.opinions import Judged, Judging, questions_about
from promptspec.values.reading import MOST_DIGITS


class Output(BaseModel):
    answer: str
    note: str


def rule(name: str, statement: str, threshold: str) -> Judged:
    texts = (("answer",), ("note",))
    return Judged(rule=name, message="does not hold", texts=texts, statement=statement, threshold=threshold)


RULES = (rule("tone_judge", "polite to an upset reader", "0.8"), rule("tone_topic", "it is about hats", "0.5"))


@pytest.mark.parametrize("structured", ["json_schema", "grammar"])
def test_a_structured_answer_is_probabilities_or_nothing(
    llama: Engine, structured: Literal["json_schema", "grammar"]
) -> None:
    model = make_model(llama.base_url, key=llama.key, structured=structured)
    output = Output(answer="We are sorry.", note="It comes on Monday.")
    judging = Judging(questions_about(RULES, output, bare=False))

    async def one() -> Answer | None:
        try:
            return await model.ask(judging.compose(HOST.entropy, user="k1.abc", thinking=0), seconds=30)
        except ReplyRefused:  # random weights also end at once, or not at all
            return None

    async def many() -> list[Answer | None]:
        return await asyncio.gather(*(one() for _ in range(12)))

    answers = [answer for answer in asyncio.run(many()) if answer is not None]
    assert answers
    for answer in answers:
        said = json.loads(answer.text, parse_float=Decimal, parse_int=Decimal)
        assert list(said) == ["s1", "s2"]
        if all(0 <= number <= 1 and abs(number.as_tuple().exponent) < MOST_DIGITS for number in said.values()):
            found = judging.read(answer.text)
            assert [each.holds for each in found] == [said["s1"] >= Decimal("0.8"), said["s2"] >= Decimal("0.5")]
        else:
            with pytest.raises(Unjudged):
                judging.read(answer.text)
