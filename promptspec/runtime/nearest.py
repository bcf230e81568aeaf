"""Shortlists by embedding: the vector of what a shortlist is near, and the rows whose vectors are nearest to it.

The vector is asked for once the input has passed `require` and moderation (rule 10). Whatever keeps it from coming
refuses the call: no other search takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from promptspec.errors import ModelUnavailable, ReplyRefused, SourceUnavailable
from promptspec.models.asking import Asked, ask_models
from promptspec.models.embeddings import LARGEST_VECTOR
from promptspec.models.port import Ask
from promptspec.runtime.shortlists import Near
from promptspec.sources.vectors import embedded_text

if TYPE_CHECKING:
    from promptspec.models.port import Model
    from promptspec.ports import World
    from promptspec.runtime.plan import Embedding, Plan
    from promptspec.runtime.shortlists import Shortlist

_NOT_MADE: Final = "there are no vectors of its rows: run `promptspec source pull`, and build again"


def stand_in_for(shortlists: Sequence[Shortlist[Any]], plan: Plan) -> dict[str, Near]:
    """Return what the embedded ones of *shortlists* are near where nobody is asked: it follows from their words."""
    from promptspec.sources.stand_in import stand_in_vector

    embedded = {each.shortlist for each in plan.embeddings}
    return {
        each.name: Near(vector=stand_in_vector(embedded_text(each.text)))
        for each in shortlists
        if each.name in embedded
    }


class Nearest:
    """The vectors of one call, which *connect*, or *stand_in* for all models, is asked for.

    Each request is added to *asked*; *user* is the caller's hash.
    """

    def __init__(
        self,
        *,
        plan: Plan,
        shortlists: Sequence[Shortlist[Any]],
        connect: Callable[[Embedding], Model],
        stand_in: Model | None,
        world: World,
        deadline: float,
        user: str | None,
        retries_left: Callable[[], int],
        asked: list[Asked],
    ) -> None:
        self._plan = plan
        self.shortlists = tuple(shortlists)
        self._texts = {each.name: embedded_text(each.text) for each in shortlists}
        self._connect = connect
        self._stand_in = stand_in
        self._world = world
        self._deadline = deadline
        self._user = user
        self._retries_left = retries_left
        self._asked = asked
        for each in plan.embeddings:
            if not each.vectors:
                raise SourceUnavailable(f"shortlist `{each.shortlist}`: {_NOT_MADE}")

    async def find(self) -> Mapping[str, Near]:
        """Return what each embedded shortlist is near. Raises ModelUnavailable and DeadlinePassed."""
        found: dict[str, Near] = {}
        for model in dict.fromkeys(each.model for each in self._plan.embeddings):
            same = [each for each in self._plan.embeddings if each.model == model]
            texts = tuple(dict.fromkeys(text for each in same if (text := self._texts[each.shortlist])))
            vectors = await self._vectors(self._stand_in or self._connect(same[0]), texts) if texts else {}
            for each in same:
                vector = vectors.get(self._texts[each.shortlist])
                found[each.shortlist] = Near(vector=vector, vectors=each.vectors)
        return found

    async def _vectors(self, model: Model, texts: tuple[str, ...]) -> dict[str, Sequence[float]]:
        ask = ask_about(texts, user=self._user)
        refused = ""
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
            if len(answer.vectors) == len(texts):
                return dict(zip(texts, answer.vectors, strict=True))
            refused = "no vector for each text"
        except ReplyRefused as error:
            refused = ", ".join(violation.rule for violation in error.violations)
        # Raised out here, so that nothing of the text hangs on the exception as its context.
        raise ModelUnavailable(f"{model.name} gave no vector: {refused}")


def ask_about(texts: tuple[str, ...], *, user: str | None = None) -> Ask:
    """Return the request for a vector of each of *texts*."""
    return Ask(
        system="",
        messages=b"",
        schema=b"",
        schema_name="",
        reply_tokens=0,
        thinking_tokens=0,
        user=user,
        largest_reply=LARGEST_VECTOR * len(texts),
        looked_at=texts,
    )
