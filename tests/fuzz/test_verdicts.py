"""What a judge may answer: each way is known by its name, travels with its case, and is judged by the law."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from promptspec.errors import ReplyRefused, Unjudged
from promptspec.fuzz.boundaries import boundaries
from promptspec.fuzz.case_json import decode, encode, id_of
from promptspec.fuzz.cases import Case
from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.lies.verdicts import is_verdict, verdict_names
from promptspec.fuzz.stage import Stage
from promptspec.fuzz.subjects import Subject
from promptspec.fuzz.trial import Trial
from quality.builds import features

#: What lets a reply through: that everything holds, at once or when it is asked again.
PASSES = {
    "",
    "at-the-threshold",
    "refused-once",
    "cut-once",
    "500-once",
    "429-once",
    "below-then-holds",
    "holds-then-below",
}
#: What refuses it for what it says.
BREAKS = {"below", "nothing-holds"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    with features() as found:
        stage = Stage(Subject(found["please"]))
        yield stage
        stage.close()


@pytest.fixture(scope="module")
def case(stage: Stage) -> Case:
    """A case with an honest reply that has every text."""
    return next(case for case in boundaries(stage.subject) if case.techniques == ("verdict",))


def test_boundaries_hold_every_verdict(stage: Stage) -> None:
    found = [case.verdict for case in boundaries(stage.subject) if case.techniques == ("verdict",)]
    assert set(found) == set(verdict_names(4))


@pytest.mark.parametrize("verdict", verdict_names(4))
def test_a_verdict_passes_breaks_or_is_none(stage: Stage, case: Case, verdict: str) -> None:
    seen = stage.observe(replace(case, verdict=verdict))
    name = verdict.partition(":")[0]
    if name in PASSES:
        assert seen.reply is not None
    elif name in BREAKS:
        assert type(seen.error) is ReplyRefused
    else:
        assert type(seen.error) is Unjudged
    assert LAWS["judgement_holds"].judge(Trial(stage, replace(case, verdict=verdict)))


@pytest.mark.parametrize("verdict", verdict_names(4))
def test_a_verdict_is_written_with_its_case(case: Case, verdict: str) -> None:
    mine = replace(case, verdict=verdict)
    assert decode(encode(mine)) == mine
    assert ("verdict" in encode(mine)) is bool(verdict) or "verdict" in mine.techniques


def test_cases_with_other_verdicts_have_other_ids(case: Case) -> None:
    ids = {id_of(replace(case, verdict=verdict), "judgement_holds", "please") for verdict in verdict_names(4)}
    assert len(ids) == len(verdict_names(4))


@pytest.mark.parametrize("verdict", ["nobody", "below:x", "nan:1", "silent:1", ":1"])
def test_a_verdict_that_nobody_knows_is_refused(verdict: str) -> None:
    assert not is_verdict(verdict)
    with pytest.raises(ValueError, match="verdict"):
        decode('{"given": {}, "verdict": "' + verdict + '"}')
