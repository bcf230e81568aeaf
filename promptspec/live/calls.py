"""One call of a feature, whose exchanges go over a tape and are held by a budget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from promptspec.errors import PromptspecError
from promptspec.live.budget import Tokens
from promptspec.live.tapes import NotSent
from promptspec.runtime.drafts import Shown
from promptspec.trials.calls import let_through
from promptspec.values.images import tokens_of
from promptspec.values.units import MESSAGE_OVERHEAD

if TYPE_CHECKING:
    from promptspec.live.tapes import Tape
    from promptspec.models.port import Model
    from promptspec.ports import World
    from promptspec.runtime.drafts import Rendered
    from promptspec.runtime.feature import Feature
    from promptspec.runtime.plan import Plan
    from promptspec.runtime.replies import Reply
    from promptspec.safety.callers import Anyone

#: Tokens of the sentence that tells a schema where a server takes it in no other way.
_TELLING: Final = 160


async def called(
    running: Feature[Any],
    fields: Mapping[str, object],
    *,
    caller: Anyone,
    models: tuple[Model, ...],
    judges: tuple[Model, ...],
    world: Callable[[], World],
    tape: Tape,
) -> tuple[Reply[Any] | None, BaseException | None]:
    """Call the feature and return its reply, or what rose; neither where the budget does not hold the call.

    *world* makes the world, the same each time: the prompt is rendered once to know its size, and once to be sent.
    """
    with running.override(model=models, world=world()):
        try:
            await tape.allow(worst_case(running.plan, running.render_fields(fields, caller=caller)))
        except PromptspecError as error:
            return None, error
        except NotSent:
            return None, None
    with running.override(model=models, judge=judges, world=world()):
        try:
            return let_through(await running.acall_fields(fields, caller=caller)), None
        except (KeyboardInterrupt, SystemExit, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001  what rises is what is judged
            return None, error


def worst_case(plan: Plan, rendered: Rendered) -> Tokens:
    """Return the most tokens that a request can cost: a token holds at least one byte."""
    size = sum(len(message.content.encode("utf-8", "replace")) for message in rendered.messages)
    shown = [part for message in rendered.messages for part in message.parts if isinstance(part, Shown)]
    size += sum(tokens_of(image.width, image.height) for image in shown)
    overhead = MESSAGE_OVERHEAD * len(rendered.messages) + len(plan.schema) + _TELLING
    return Tokens(prompt=size + overhead, reply=plan.limits.reply + plan.limits.thinking)
