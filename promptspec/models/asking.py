"""Ask one model after another under one budget of retries and one deadline (rule 21)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from promptspec.errors import DeadlinePassed, ModelUnavailable
from promptspec.models.port import Answer, Ask, Compose, Model, Unavailable, provider_of
from promptspec.ports import Clock, Entropy
from promptspec.telemetry.signals import signals
from promptspec.telemetry.telling import RequestTelling

# The wait before the first retry where the server names none; it doubles with each, and half of it is chance.
_FIRST_WAIT = 0.5
_LONGEST_WAIT = 8.0

# A model that does not keep to its seconds by itself is stopped this much later.
_GRACE = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that was sent: to which *model*, at which *place* of the chain. *answer* is None where none came."""

    model: str
    place: int
    answer: Answer | None


async def ask_models(
    models: Sequence[Model],
    compose: Compose,
    *,
    retries: int,
    deadline: float,
    clock: Clock,
    entropy: Entropy,
    sleep: Callable[[float], Awaitable[None]] | None = None,
    asked: list[Asked] | None = None,
    first: int = 0,
) -> Answer:
    """Return the first answer, asking at most 1 + *retries* times in all, each time what *compose* makes anew.

    A failure that another attempt may mend is met by waiting and asking the same model again, as long as a retry is
    left for each model after it and the wait ends before *deadline* (on *clock*); then by the next model, at once.
    What cannot be mended, and an answer that is refused, end the call: no model is there to get around a refusal.
    Each request is added to *asked*. *first* is the place of the model to begin with.

    Raises ModelUnavailable, DeadlinePassed, and ReplyRefused as the model raised it.
    """
    if sleep is None:
        from asyncio import sleep
    budget = retries
    failures: list[str] = []
    waits = 0
    position = first
    while True:
        model = models[position]
        seconds = deadline - clock.monotonic()
        outcome: Answer | Unavailable | None = None
        try:
            outcome = await _attempt(model, compose, seconds)
        finally:
            # Of what ends in an error too: it was sent.
            if asked is not None and seconds > 0:
                answer = outcome if isinstance(outcome, Answer) else None
                asked.append(Asked(model=model.name, place=position, answer=answer))
        if isinstance(outcome, Answer):
            return outcome
        if outcome is None:
            failures.append(f"{model.name}: no answer in time")
            raise DeadlinePassed(_told(failures))
        failures.append(f"{model.name}: {outcome.detail}")
        if not outcome.again or budget == 0:
            raise ModelUnavailable(_told(failures))
        budget -= 1
        others = len(models) - position - 1
        wait = _wait_before(waits, outcome.after, entropy)
        if budget >= others and clock.monotonic() + wait < deadline:
            waits += 1
            await sleep(wait)
        elif others:
            position += 1
        else:
            raise ModelUnavailable(_told(failures))


async def _attempt(model: Model, compose: Compose, seconds: float) -> Answer | Unavailable | None:
    """Return what came of one request; None where time ran out."""
    if seconds <= 0:
        return None
    ask = compose()
    if signals() is None:
        return await _sent(model, ask, seconds)
    with _telling(model, ask) as telling:
        outcome = await _sent(model, ask, seconds)
        if isinstance(outcome, Answer):
            usage = outcome.usage
            telling.answered(outcome.model, input_tokens=usage.input_tokens, output_tokens=usage.output_tokens)
        else:
            telling.failed(DeadlinePassed.code if outcome is None else ModelUnavailable.code)
            if outcome is not None and outcome.status is not None:
                telling.found("http.response.status_code", outcome.status)
        return outcome


def _telling(model: Model, ask: Ask) -> RequestTelling:
    looks = ask.looked_at or ask.pictures
    return RequestTelling(
        model=model.name,
        provider=provider_of(model),
        purpose="moderation" if looks else "judge" if ask.questions else "reply",
        most_tokens=ask.reply_tokens + ask.thinking_tokens,
    )


async def _sent(model: Model, ask: Ask, seconds: float) -> Answer | Unavailable | None:
    import asyncio

    try:
        async with asyncio.timeout(seconds + _GRACE):
            return await model.ask(ask, seconds=seconds)
    except Unavailable as failure:
        return failure
    except TimeoutError:
        return None


def _wait_before(waits: int, after: float | None, entropy: Entropy) -> float:
    if after is not None:
        return after
    longest = min(_FIRST_WAIT * 2**waits, _LONGEST_WAIT)
    chance = int(entropy.token(32)[:8], 16) / 0xFFFF_FFFF
    return longest * (0.5 + 0.5 * chance)


def _told(failures: Sequence[str]) -> str:
    attempts = "1 attempt" if len(failures) == 1 else f"{len(failures)} attempts"
    return f"no answer after {attempts}: " + "; ".join(failures)
