"""Which model a run asks: the spec's, the one of `--model`, or nobody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from promptspec.cli.ending import OUTSIDE, Stop

if TYPE_CHECKING:
    from promptspec.ports import World
    from promptspec.runtime.plan import ModelPlan, OpenAI, Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What stands in for the model and the world of one run; *missing* names the variables that keep it rehearsing.

    *asks* says that a model is asked.
    """

    model: Any
    world: World
    missing: tuple[str, ...] = ()
    asks: bool = False


def stage_for(models: Sequence[ModelPlan], environment: Mapping[str, str], *, model: str | None) -> Stage:
    """Return what a run asks. It rehearses where no model has its key; one asked for by name needs it."""
    from promptspec.runtime.overrides import Rehearse
    from promptspec.runtime.plan import OpenAI

    world = _world(environment)
    plans = [known for known in models if isinstance(known, OpenAI)]
    if model is not None:
        first = replace(plans[0], name=model) if plans else _openai(model)
        if missing := _missing(first, environment):
            raise Stop(OUTSIDE, f"`{model}` cannot be asked: {missing} is not set", code="model_unavailable")
        return Stage(model=first.connect(world), world=world, asks=True)
    missing = [_missing(known, environment) for known in plans]
    if plans and all(missing):
        return Stage(model=Rehearse(), world=world, missing=tuple(dict.fromkeys(filter(None, missing))))
    return Stage(model=None, world=world, asks=bool(plans))


def check_judges(plan: Plan, environment: Mapping[str, str]) -> None:
    """Stop where nobody can be asked to judge the replies of a feature, before anything is sent."""
    missing = [_missing(judge.model, environment) for judge in plan.judges]
    if missing and all(missing):
        names = " and ".join(dict.fromkeys(filter(None, missing)))
        message = f"the judge of `{plan.name}` cannot be asked: {names} is not set"
        raise Stop(OUTSIDE, message, code="model_unavailable", help="set it; nothing was sent")


def _world(environment: Mapping[str, str]) -> World:
    """Return this process's world; without a key for callers' ids, one that lasts as long as the process (rule 24)."""
    from promptspec.ports import World
    from promptspec.runtime.host import HOST
    from promptspec.safety.callers import ID_KEY

    known = dict(environment)
    if not known.get(ID_KEY):
        known[ID_KEY] = secrets.token_hex(32)
    return World(clock=HOST.clock, entropy=HOST.entropy, environment=known)


def _missing(plan: OpenAI, environment: Mapping[str, str]) -> str | None:
    """Return the name of the variable without which *plan* cannot be asked, or None."""
    from promptspec.models.origins import OPENAI_KEY
    from promptspec.runtime.plan import Env

    if isinstance(plan.base_url, Env) and not environment.get(plan.base_url.name):
        return plan.base_url.name
    if plan.key is not None:
        name = plan.key.name
    elif plan.base_url is None:
        name = OPENAI_KEY
    else:
        return None
    return None if environment.get(name, "").strip() else name


def _openai(name: str) -> OpenAI:
    from promptspec.runtime.plan import OpenAI

    return OpenAI(name=name, server="openai", api="responses", structured="json_schema")
