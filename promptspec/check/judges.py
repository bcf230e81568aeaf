"""Who judges the tone of a feature: the clause as written to the models that are asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from promptspec.check.models import NeedsStrict
from promptspec.contract.models import JudgeModel, OpenAIModel
from promptspec.models.servers import SERVERS

if TYPE_CHECKING:
    from promptspec.check.desk import Desk
    from promptspec.check.models import Models
    from promptspec.contract.tone import ToneRule
    from promptspec.syntax import tree

#: One request judges at most so many rules; a server with `/decisions` takes 400 questions.
MOST_JUDGED: Final = 100


def judges_of(
    desk: Desk, models: Models, clause: tree.JudgeClause, tone: tuple[ToneRule, ...], *, own: bool
) -> tuple[JudgeModel, ...]:
    """Return who judges *tone*, in the order in which they are asked; nobody after a report, or where nothing asks.

    The clause of a feature's *own* that has nothing to judge is told; one in its defaults waits for other features.
    """
    named = models.of(clause, fits_strict=True)
    if named is None or isinstance(named, NeedsStrict):
        return ()
    found = [model for model in named if isinstance(model, OpenAIModel)]
    if len(found) < len(named):
        desk.add(
            "PS808",
            clause.span,
            "a rehearsal judges nothing",
            help="name a model that can be asked; rehearsals of the feature ask no judge",
        )
        return ()
    judged = sum(rule.is_judged for rule in tone)
    if judged > MOST_JUDGED:
        desk.add("PS702", clause.span, f"one reply is judged by at most {MOST_JUDGED} rules, and here are {judged:,}")
        return ()
    if not judged:
        if own:
            desk.add(
                "PS712",
                clause.span,
                "there is nothing to judge",
                note="a `voice`, a `topic` and a `judge` of a tone are judged",
                help='take it out, or write a rule such as `judge "polite to an upset reader" 0.8`',
            )
        return ()
    return tuple(JudgeModel(model=model, decisions=_decides(model)) for model in found)


def _decides(model: OpenAIModel) -> bool:
    """Say whether *model* takes questions of their own, which know no temperature and no effort."""
    return model.name in SERVERS[model.server].decisions and model.temperature is None and model.effort is None
