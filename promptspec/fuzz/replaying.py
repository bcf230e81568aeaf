"""Trying one failure again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptspec.fuzz.failures import Failure, Unreplayable
from promptspec.fuzz.judging import fallen_of
from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.lies import is_known
from promptspec.fuzz.sequences import SENTENCE, fell_together
from promptspec.fuzz.specs import features_of
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import Subject
from promptspec.fuzz.trial import LawFell, Trial
from promptspec.loading import function_of, materialize

if TYPE_CHECKING:
    from promptspec.api import Compilation
    from promptspec.fuzz.results import Fallen


def replay(compilation: Compilation, failure: Failure) -> Fallen | None:
    """Judge the case of *failure* again by its law; None where the law holds now.

    Raises Unreplayable where the law or the feature is not there any more, or the spec was not named.
    """
    law = LAWS.get(failure.law)
    if law is None:
        raise Unreplayable(f"failure {failure.id} is of the law `{failure.law}`, which this version does not have")
    found = [m for m, f in features_of(compilation) if (m.file, f.name) == (failure.file, failure.feature)]
    if not found:
        raise Unreplayable(
            f"failure {failure.id} is of the feature `{failure.feature}` of {failure.file}: name that spec"
        )
    if not all(map(is_known, [failure.case.lie, *(case.lie for case in failure.together)])):
        raise Unreplayable(f"failure {failure.id} tells a lie that this version does not have")
    running = function_of(materialize(compilation)[failure.file], failure.feature)
    stage = Stage(Subject(running, root=compilation.project.root))
    trial = Trial(stage, failure.case)
    try:
        if failure.together and fell_together(stage, failure.together, failure.cut):
            return fallen_of(trial, law, LawFell(SENTENCE), shrunk=True)
        law.judge(trial)
    except LawFell as fell:
        return fallen_of(trial, law, fell, shrunk=True)
    finally:
        stage.close()
    return None
