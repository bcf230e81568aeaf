"""Replies that no model gave: from the spec itself, or from a test's script (rule 23)."""

from __future__ import annotations

from typing import Any, Final, cast

from promptspec.errors import Moderated, ReplyRefused, Unjudged, Violation
from promptspec.models.asking import Asked
from promptspec.models.port import Answer, Usage
from promptspec.runtime.calling import Call, judged_broken, refuse_reply
from promptspec.runtime.overrides import Replies, Wires
from promptspec.runtime.replies import Reply

#: How many rehearsed replies are judged before a feature is found to need an example (rule 23).
MOST_REHEARSALS: Final = 51


def rehearse(call: Call) -> Reply[Any]:
    """Return the first rehearsed reply that passes every check. Raises ReplyRefused where none does."""
    call.allowance.take()
    call.look_at_input()
    if not isinstance(call.stand_in, Wires | Replies):
        return _first_that_holds(call)[1]
    while True:
        checked = call.settle(_next_scripted(call))
        reply = None if checked is None else call.deliver(checked, call.judge(checked))
        if reply is not None:
            return reply


def rehearsed_answer(call: Call) -> Answer:
    """Return what a model might answer, for a stream: the next of a script, or the first that holds."""
    call.allowance.take()
    call.look_at_input()
    if not isinstance(call.stand_in, Wires | Replies):
        return _first_that_holds(call)[0]
    return _next_scripted(call)


def _first_that_holds(call: Call) -> tuple[Answer, Reply[Any]]:
    from promptspec.models.rehearsal import candidates
    from promptspec.runtime.plain_values import keys_of

    feature, module = call.feature.contract, call.feature.module_contract
    given = call.given()
    for _, text in zip(
        range(MOST_REHEARSALS),
        candidates(module, feature, given, keys=keys_of(call.feature.plan.sources), today=call.context.today),
        strict=False,
    ):
        answer = _rehearsed(text)
        try:
            checked = call.check(answer)
            judgements = call.judge(checked)
            refuse_reply(judged_broken(checked, judgements))
        except Unjudged:
            raise
        except (ReplyRefused, Moderated):
            continue
        return answer, call.reply(checked, judgements)
    raise ReplyRefused(
        [Violation(path="output", rule="rehearsal", message="no rehearsed reply holds: add an example to the spec")]
    )


def _next_scripted(call: Call) -> Answer:
    """Return the next scripted reply: like a model, a script answers each request, that of a repair too."""
    answer = _rehearsed(_scripted(call))
    call.asked.append(Asked(model=answer.model, place=0, answer=answer))
    return answer


def _scripted(call: Call) -> str:
    stand_in, override = call.stand_in, call.override
    assert override is not None
    if isinstance(stand_in, Wires):
        return stand_in.texts[override.turn(len(stand_in.texts))]
    from promptspec.contract.wire_value import wire_value

    values = cast("Replies", stand_in).values
    value = values[override.turn(len(values))]
    return wire_value(call.feature.module_contract, call.feature.contract, value, call.given())


def _rehearsed(text: str) -> Answer:
    return Answer(text=text, model="rehearsal", usage=Usage(), rehearsed=True)
