"""`limits { … }` to numbers, and whether the prompt and the reply fit them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from promptspec.check.budgets import derived_reply_tokens, largest_json, prompt_bounds, smallest_json
from promptspec.check.desk import Desk
from promptspec.check.shapes import Facts
from promptspec.contract.feature import Feature, Limits
from promptspec.diagnostics import Label
from promptspec.runtime.repairing import largest_repair
from promptspec.schema.wire import encode_schema
from promptspec.syntax import tree
from promptspec.text import Span
from promptspec.values.units import BYTES_A_TOKEN, MESSAGE_OVERHEAD


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The limits that a feature declares, and where; None where it does not."""

    prompt: int | None = None
    reply: int | None = None
    thinking: int = 0
    time_ms: int = 30_000
    retries: int = 2
    repairs: int = 1
    prompt_at: Span | None = None
    reply_at: Span | None = None


_EXAMPLES = {
    "prompt": "prompt 8_000 tokens",
    "reply": "reply 300 tokens",
    "thinking": "thinking 500 tokens",
    "time": "time 20s",
    "retries": "retries 2",
    "repairs": "repairs 1",
}
#: Limits that are plain numbers.
_COUNTS = ("retries", "repairs")
#: The least and the most that each limit may say: tokens, milliseconds, attempts.
_BOUNDS = {
    "prompt": (1, 10_000_000),
    "reply": (1, 1_000_000),
    "thinking": (1, 1_000_000),
    "time": (100, 3_600_000),
    "retries": (0, 20),
    "repairs": (0, 5),
}


def check_limits(desk: Desk, clause: tree.LimitsClause | None) -> Declared:
    """Return what the clause declares; problems go to the report."""
    if clause is None:
        return Declared()
    found: dict[str, int] = {}
    places: dict[str, Span] = {}
    for limit in clause.limits:
        name = limit.name.text
        if name not in _BOUNDS:  # a limit across calls, or none, which has been reported
            continue
        if name in places:
            desk.add(
                "PS201",
                limit.name.span,
                f"limit `{name}` is set twice",
                labels=[Label(span=places[name], message="first set here")],
                help="drop one of them",
            )
            continue
        places[name] = limit.span
        amount = _amount(desk, limit)
        if amount is not None:
            found[name] = amount
    return Declared(
        prompt=found.get("prompt"),
        reply=found.get("reply"),
        thinking=found.get("thinking", 0),
        time_ms=found.get("time", 30_000),
        retries=found.get("retries", 2),
        repairs=found.get("repairs", 1),
        prompt_at=places.get("prompt"),
        reply_at=places.get("reply"),
    )


def _amount(desk: Desk, limit: tree.Limit) -> int | None:
    name = limit.name.text
    example = f"write `{_EXAMPLES[name]}`"
    beyond = (*limit.per, *((limit.otherwise,) if limit.otherwise else ()))
    if beyond:
        desk.add("PS411", beyond[0].span, f"`{name}` bounds one call", help=example)
        return None
    low, high = _BOUNDS[name]
    if name == "time":
        amount = limit.amount.milliseconds if isinstance(limit.amount, tree.DurationLiteral) else None
    else:
        wanted = None if name in _COUNTS else "tokens"
        unit = limit.unit.text if limit.unit else None
        if unit != wanted:
            desk.add("PS411", limit.span, f"`{name}` is counted in {wanted or 'whole numbers'}", help=example)
            return None
        number = limit.amount.value if isinstance(limit.amount, tree.NumberLiteral) else None
        amount = int(number) if number is not None and number == int(number) else None
    if amount is None or not low <= amount <= high:
        what = "a duration from 100ms to 1h" if name == "time" else f"a whole number from {low:,} to {high:,}"
        desk.add("PS411", limit.span, f"`{name}` is {what}", help=example)
        return None
    return amount


def fit_limits(
    desk: Desk, facts: Facts, draft: Feature, schema: dict[str, object], declared: Declared, place: Span
) -> Feature | None:
    """Return *draft* with its limits and sizes, or None after a report; *schema* is that of its reply.

    *place* is blamed for a limit that nobody wrote.
    """
    least_reply, most_reply = smallest_json(schema), largest_json(schema)
    reply = declared.reply if declared.reply is not None else derived_reply_tokens(most_reply)
    reply_at = declared.reply_at or place
    sound = True
    if declared.reply is not None and least_reply > BYTES_A_TOKEN * reply:
        desk.add(
            "PS510",
            reply_at,
            f"the smallest reply has {least_reply:,} bytes, too many for {reply:,} tokens",
            help="raise `reply`, or lower what the output holds at least",
        )
        sound = False
    elif declared.reply is not None and most_reply // 3 > reply:
        desk.add(
            "PS511",
            reply_at,
            f"the largest reply has {most_reply:,} bytes and may not fit {reply:,} tokens",
            help=f"write `reply {derived_reply_tokens(most_reply):_} tokens`, or lower the caps of the output",
        )
    extra = len(encode_schema(schema))
    marked = draft.fence == "datamark"
    least, most = prompt_bounds(draft.messages, facts, draft.input, extra=extra, marked=marked)
    for example in draft.examples:
        size = sum(len(str(value).encode()) for _, value in example.given.entries) + len(str(example.returns)) + 64
        least, most = least + size // 4, most + size * (7 if marked else 2)
    if declared.repairs:
        most += largest_repair(most_reply) * (6 if marked else 1) + MESSAGE_OVERHEAD
    if declared.prompt is not None and least > BYTES_A_TOKEN * declared.prompt:
        desk.add(
            "PS410",
            declared.prompt_at or place,
            f"even the smallest prompt has {least:,} bytes, too many for {declared.prompt:,} tokens",
            help="raise `prompt`, or shorten the text of the prompt",
        )
        sound = False
    if not sound:
        return None
    return replace(
        draft,
        limits=Limits(
            prompt_tokens=declared.prompt,
            reply_tokens=reply,
            reply_derived=declared.reply is None,
            thinking_tokens=declared.thinking,
            time_ms=declared.time_ms,
            retries=declared.retries,
            repairs=declared.repairs,
        ),
        largest_prompt=most,
        smallest_prompt=least,
    )
