"""Moderation of one call: who looks at which texts, and what is not sent, or not delivered, for it.

Whatever cannot be looked at counts as flagged: an error, a timeout, a category that nobody has heard of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import dataclass
from inspect import isawaitable, iscoroutinefunction
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from pydantic import BaseModel

from promptspec.contract.moderation import CATEGORIES
from promptspec.errors import DeadlinePassed, ModelUnavailable, Moderated, ReplyRefused
from promptspec.models.asking import Asked, ask_models
from promptspec.models.port import Ask, Finding
from promptspec.runtime.collections import Turn
from promptspec.runtime.images import Image
from promptspec.runtime.overrides import Flags
from promptspec.runtime.plan import ByFunction, ByServer, ByWords
from promptspec.telemetry.telling import function_telling

if TYPE_CHECKING:
    from promptspec.models.port import Model
    from promptspec.ports import World
    from promptspec.runtime.overrides import ModeratorStandIn
    from promptspec.runtime.plan import Plan

Side = Literal["input", "output"]

#: What may come in place of findings.
_NO_FINDING: Final = (ModelUnavailable, DeadlinePassed, ReplyRefused, TimeoutError)
_KNOWN: Final = frozenset(CATEGORIES)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What moderators look at: texts that are not empty, and pictures."""

    texts: tuple[str, ...]
    pictures: tuple[Image, ...]

    def __bool__(self) -> bool:
        return bool(self.texts or self.pictures)


class Moderating:
    """The moderation of one call.

    *connect* returns who is asked for a server's moderation, *stand_in* takes the place of all of them, and a call that
    *rehearses* asks nobody. *inline* names the model that moderates beside each answer, so that no request of its own
    is sent to it. Each request is added to *asked*.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        connect: Callable[[ByServer], Model],
        stand_in: ModeratorStandIn | None,
        world: World,
        deadline: float,
        rehearses: bool,
        inline: str | None,
        retries_left: Callable[[], int],
        asked: list[Asked],
    ) -> None:
        self._plan = plan
        self._connect = connect
        self._stand_in = stand_in
        self._world = world
        self._deadline = deadline
        #: Whether a test says what is found, or nobody is asked for anything.
        self.is_scripted = rehearses if stand_in is None else isinstance(stand_in, Flags)
        #: The model that is asked to moderate beside each answer, None where requests of their own do.
        self.inline = inline if (stand_in is None or isinstance(stand_in, tuple)) and not rehearses else None
        self._retries_left = retries_left
        self._asked = asked

    def refuse_at_once(self, side: Side, value: object) -> None:
        """Raise Moderated where a list of words has something of a text of *value*, or a test says so."""
        lists = [by for by in self._of(side) if isinstance(by, ByWords)]
        if lists:
            seen = self._seen(side, value)
            if any(by.found_in(text) for by in lists for text in seen.texts):
                raise _flagged(side, "a list of words")
        if isinstance(self._stand_in, Flags) and any(not isinstance(by, ByWords) for by in self._of(side)):
            says = self._stand_in.input if side == "input" else self._stand_in.output
            if says is not False:
                raise _flagged(side, "the test") if says else _unknown(side, "the test", "no answer")

    def refuse_inline(self, found_in: tuple[Finding, ...] | None, found_out: tuple[Finding, ...] | None) -> None:
        """Raise Moderated where the server that answered has flagged something, or says nothing about it."""
        if self.inline is None:
            return
        sides: tuple[tuple[Side, tuple[Finding, ...] | None], ...] = (("input", found_in), ("output", found_out))
        for side, found in sides:
            for by in self._of(side):
                if isinstance(by, ByServer) and self._is_inline(by):
                    if found is None:
                        raise _unknown(side, by.model.name, "no answer", asked=True)
                    _refuse_found(by, side, found, asked=True)

    def asks(self, side: Side) -> bool:
        """Say whether somebody is to be asked about this *side*."""
        return not self.is_scripted and any(self._is_asked(by) for by in self._of(side))

    async def refuse(self, side: Side, value: object) -> None:
        """Raise Moderated where one of those who are asked flags a text of *value*, or does not answer; all at once."""
        seen = self._seen(side, value)
        if not seen:
            return
        work: list[Coroutine[Any, Any, None]] = []
        for by in self._of(side):
            model = self._model(by)
            if isinstance(by, ByWords) or not self._is_asked(by):
                continue
            if model is not None:
                work.append(self._refuse_by_model(model, by, side, seen))
            elif isinstance(by, ByFunction) and seen.texts:
                work.append(self._refuse_by_function(by, side, seen.texts))
        failures = [each for each in await asyncio.gather(*work, return_exceptions=True) if each is not None]
        # What is flagged comes before what could not be asked.
        for failure in sorted(failures, key=lambda each: not isinstance(each, Moderated)):
            raise failure

    def _seen(self, side: Side, value: object) -> LookedAt:
        return looked_at(value, self._plan.looked_at_in if side == "input" else self._plan.looked_at_out)

    def _of(self, side: Side) -> Iterator[ByServer | ByWords | ByFunction]:
        return (each.by for each in self._plan.moderations if (each.input if side == "input" else each.output))

    def _is_asked(self, by: ByServer | ByWords | ByFunction) -> bool:
        return isinstance(by, ByFunction) or (isinstance(by, ByServer) and not self._is_inline(by))

    def _is_inline(self, by: ByServer) -> bool:
        """Say whether *by* is who moderates beside each answer, and not one of the same name at another server."""
        return by.model.name == self.inline and by.may_stand_beside

    def _model(self, by: ByServer | ByWords | ByFunction) -> Model | None:
        """Return who is asked over the wire in place of *by*, or as *by* says."""
        stand_in = self._stand_in
        if isinstance(stand_in, tuple):
            asked = [each.by for each in self._plan.moderations if not isinstance(each.by, ByWords)]
            return next((model for each, model in zip(asked, stand_in, strict=True) if each is by), None)
        if stand_in is None or isinstance(stand_in, Flags):
            return self._connect(by) if isinstance(by, ByServer) else None
        return stand_in

    async def _refuse_by_model(self, model: Model, by: ByServer | ByFunction, side: Side, seen: LookedAt) -> None:
        ask = _ask_about(seen)
        try:
            answer = await ask_models(
                (model,),
                lambda: ask,
                retries=self._retries_left(),
                deadline=self._deadline,
                clock=self._world.clock,
                entropy=self._world.entropy,
                asked=self._asked,
            )
        except _NO_FINDING as error:
            failure = _unknown(side, _name(by), str(getattr(error, "detail", "")) or "no answer in time")
        else:
            if len(answer.found) != (1 if seen.pictures else len(seen.texts)):
                raise _unknown(side, _name(by), "no finding for each text")
            _refuse_found(by, side, answer.found, asked=side == "output")
            return
        # Raised out here, so that what was refused does not hang on the exception as its context.
        raise failure

    async def _refuse_by_function(self, by: ByFunction, side: Side, texts: tuple[str, ...]) -> None:
        said: object = None
        what = "no answer in time"
        with function_telling(by.name) as telling:
            try:
                async with asyncio.timeout(max(self._deadline - self._world.clock.monotonic(), 0.0)):
                    said = await _call(by, texts)
                    what = "neither True nor False"
            except TimeoutError:
                pass
            except Exception as error:  # noqa: BLE001  whatever a function of the application raises is no answer
                what = type(error).__name__
            if said is not True and said is not False:
                telling.failed(Moderated.code)
        # Raised out here, so that nothing of the text hangs on the exception as its context.
        if said is True:
            raise _flagged(side, by.name)
        if said is not False:
            raise _unknown(side, by.name, what)


async def _call(by: ByFunction, texts: tuple[str, ...]) -> object:
    from importlib import import_module

    function: Any = getattr(import_module(by.module), by.function)
    said = function(texts) if iscoroutinefunction(function) else await asyncio.to_thread(function, texts)
    return await said if isawaitable(said) else said


def _ask_about(seen: LookedAt) -> Ask:
    from promptspec.models.moderations import LARGEST_FINDING

    return Ask(
        system="",
        messages=b"",
        schema=b"",
        schema_name="",
        reply_tokens=0,
        thinking_tokens=0,
        user=None,
        largest_reply=LARGEST_FINDING * max(len(seen.texts), 1),
        looked_at=seen.texts,
        pictures=tuple(f"data:{each.media};base64,{each.base64()}" for each in seen.pictures),
    )


def _refuse_found(by: ByServer | ByFunction, side: Side, found: tuple[Finding, ...], *, asked: bool) -> None:
    for finding in found:
        reason = _reason(by, finding)
        if reason is not None:
            raise Moderated(f"{side}: {reason} [{_name(by)}]", asked=asked)


def _name(by: ByServer | ByFunction) -> str:
    return by.model.name if isinstance(by, ByServer) else by.name


def _reason(by: ByServer | ByFunction, finding: Finding) -> str | None:
    """Return why *finding* blocks a text, None where it does not."""
    if isinstance(by, ByFunction) or (not by.blocks and not by.above):
        if not finding.categories:
            return "could not moderate: no category"
        return "flagged" if finding.flagged or any(finding.categories.values()) else None
    for category in by.blocks:
        if finding.categories.get(category) is not False:
            return f"flagged for {category}" if category in finding.categories else f"could not moderate: no {category}"
    for category, most in by.above:
        score = finding.scores.get(category)
        if score is None:
            return f"could not moderate: no score for {category}"
        if score >= most:
            return f"{category} at {most} or above"
    if any(flag and name not in _KNOWN for name, flag in finding.categories.items()):
        return "could not moderate: an unknown category"
    if finding.flagged and not any(finding.categories.values()):
        return "could not moderate: flagged for no category"
    return None


def _flagged(side: Side, who: str) -> Moderated:
    return Moderated(f"{side}: flagged [{who}]", asked=side == "output")


def _unknown(side: Side, who: str, why: str, *, asked: bool = False) -> Moderated:
    return Moderated(f"{side}: could not moderate: {why} [{who}]", asked=asked or side == "output")


# What is looked at


def looked_at(value: object, paths: tuple[tuple[str, ...], ...]) -> LookedAt:
    """Return the texts and pictures of *value* at *paths*, which name attributes, with `[]` for the items of a list."""
    texts: list[str] = []
    pictures: list[Image] = []
    for path in paths:
        for found in _at(value, path):
            if isinstance(found, Image):
                pictures.append(found)
            elif found:
                texts.append(found)
    return LookedAt(texts=tuple(texts), pictures=tuple(pictures))


def _at(value: object, path: tuple[str, ...]) -> Iterator[str | Image]:
    if isinstance(value, str | Image):
        yield value
    elif isinstance(value, Turn):
        yield value.text
    elif isinstance(value, BaseModel) and path:
        yield from _at(getattr(value, path[0]), path[1:])
    elif isinstance(value, tuple | list):
        rest = path[1:] if path[:1] == ("[]",) else path
        for item in cast("tuple[object, ...]", value):
            yield from _at(item, rest)
    elif isinstance(value, Mapping):
        for key, item in cast("Mapping[str, object]", value).items():
            yield key
            yield from _at(item, ())
