"""Who judges the replies of one call: asked under its deadline, with what is left of its one budget of retries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from promptspec.errors import DeadlinePassed, ModelUnavailable, ReplyRefused
from promptspec.models.asking import Asked, ask_models
from promptspec.runtime.overrides import Verdicts

if TYPE_CHECKING:
    from promptspec.models.port import Model
    from promptspec.ports import World
    from promptspec.runtime.opinions import Judging
    from promptspec.runtime.overrides import Override
    from promptspec.runtime.replies import Judgement


#: What may come in place of an answer.
_NO_ANSWER: Final = (ModelUnavailable, DeadlinePassed, ReplyRefused, TimeoutError)


class Jury:
    """Asks *judges*, or what *override* puts in their place, as the caller with the hash *user*.

    A call that *rehearses* asks nobody, and everything holds. *guarded* says that every judge's server takes content as
    plain text, *thinking* tokens are added to those of an answer, *retries_left* says how often is asked again,
    and each request is added to *asked*.
    """

    def __init__(
        self,
        *,
        judges: Callable[[World], tuple[Model, ...]],
        override: Override | None,
        world: World,
        user: str | None,
        deadline: float,
        rehearses: bool,
        guarded: Callable[[], bool],
        thinking: int,
        retries_left: Callable[[], int],
        asked: list[Asked],
    ) -> None:
        self._judges = judges
        self._override = override
        self._world = world
        self._user = user
        self._deadline = deadline
        self._guarded = guarded
        self._thinking = thinking
        self._retries_left = retries_left
        self._stand_in = override.judge if override else None
        #: Whether a test says what is found, or nobody is asked for anything.
        self.is_scripted = rehearses if self._stand_in is None else isinstance(self._stand_in, Verdicts)
        self._asked = asked

    def judge(self, judging: Judging) -> tuple[Judgement, ...]:
        """Return what is found, asked from synchronous code. Raises Unjudged where nothing is."""
        if self.is_scripted:
            return judging.scripted(self._scripted())
        from promptspec.models.loop import run

        seconds = max(self._deadline - self._world.clock.monotonic(), 0.0) + 0.5
        try:
            answer = run(lambda: self._asking(judging), seconds=seconds)
        except _NO_ANSWER as error:
            failure = judging.failed(error)
        else:
            return judging.read(answer.text)
        # Raised out here, so that what was refused does not hang on the exception as its context.
        raise failure

    async def ajudge(self, judging: Judging) -> tuple[Judgement, ...]:
        """As `judge`, from asynchronous code, in its own loop."""
        if self.is_scripted:
            return judging.scripted(self._scripted())
        try:
            answer = await self._asking(judging)
        except _NO_ANSWER as error:
            failure = judging.failed(error)
        else:
            return judging.read(answer.text)
        raise failure

    def _asking(self, judging: Judging) -> Any:
        stand_in = self._stand_in
        if isinstance(stand_in, tuple):
            judges = stand_in
        elif stand_in is None or isinstance(stand_in, Verdicts):
            judges = self._judges(self._world)
        else:
            judges = (stand_in,)
        if not judges:
            raise ModelUnavailable("the feature has no judge to ask")
        if not self._guarded() and judging.holds_control_token():
            raise ModelUnavailable("a text holds the spelling of a control token of the judge")
        return ask_models(
            judges,
            lambda: judging.compose(self._world.entropy, user=self._user, thinking=self._thinking),
            retries=self._retries_left(),
            deadline=self._deadline,
            clock=self._world.clock,
            entropy=self._world.entropy,
            asked=self._asked,
            first=self._asked[-1].place if self._asked else 0,
        )

    def _scripted(self) -> Mapping[str, float] | float | None:
        if self._override is None or not isinstance(self._stand_in, Verdicts):
            return 1.0
        values = self._stand_in.values
        return values[self._override.judge_turn(len(values))]
