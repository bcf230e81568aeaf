"""How right a rule of tone is: what it finds of texts that a person has labelled, asked of a judge where it has one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.errors import Unjudged
from promptspec.models.asking import Asked
from promptspec.runtime.jury import Jury
from promptspec.runtime.opinions import Judged, Judging, Question
from promptspec.runtime.overrides import OVERRIDES
from promptspec.values.reading import Unreadable, read_json

if TYPE_CHECKING:
    from promptspec.ports import World
    from promptspec.runtime.feature import Feature
    from promptspec.runtime.toning import Tone

#: The most characters of a labelled text, and the most lines that are looked at.
MOST_CHARACTERS: Final = 20_000
MOST_LINES: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """A text, and whether a person says that the rule holds of it."""

    line: int
    text: str
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenLine:
    """A line that is no labelled text, and why."""

    line: int
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What came of a line: whether the rule *holds*, None where nobody could judge, and how likely a judge found it."""

    line: int
    labelled: bool
    holds: bool | None
    probability: float | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Texts by what a person says and what the rule found; a breach is what the rule is there to find."""

    refused_rightly: int
    refused_wrongly: int
    passed_rightly: int
    passed_wrongly: int

    @property
    def refused(self) -> int:
        """The texts that the rule refuses."""
        return self.refused_rightly + self.refused_wrongly

    @property
    def broken(self) -> int:
        """The texts that break the rule, as a person says."""
        return self.refused_rightly + self.passed_wrongly


def read_labelled(data: bytes) -> tuple[tuple[Labelled, ...], tuple[BrokenLine, ...]]:
    """Return the labelled texts of JSON lines, and the lines that are none. Blank lines are left out."""
    found: list[Labelled] = []
    broken: list[BrokenLine] = []
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    for at, line in enumerate(lines[:MOST_LINES], 1):
        if not line.strip():
            continue
        read = _labelled(at, line)
        if isinstance(read, Labelled):
            found.append(read)
        else:
            broken.append(BrokenLine(line=at, why=read))
    if len(lines) > MOST_LINES:
        broken.append(BrokenLine(line=MOST_LINES + 1, why=f"only {MOST_LINES:,} lines are looked at"))
    return tuple(found), tuple(broken)


def _labelled(at: int, line: bytes) -> Labelled | str:
    try:
        value = read_json(line)
    except Unreadable as unreadable:
        return unreadable.message
    if not isinstance(value, dict) or set(value) != {"text", "holds"}:
        return 'a line is {"text": "…", "holds": true}'
    text, holds = value["text"], value["holds"]
    if not isinstance(text, str) or not text.strip():
        return "`text` is a text that is not empty"
    if len(text) > MOST_CHARACTERS:
        return f"`text` has over {MOST_CHARACTERS:,} characters"
    if not isinstance(holds, bool):
        return "`holds` is true or false"
    return Labelled(line=at, text=text, holds=holds)


def rules_of(feature: Feature[Any]) -> Mapping[str, Judged | Tone]:
    """Return the rules that can be calibrated, by their names: `judge`, `judge:2`, `voice`, `emoji`.

    Rules that ask for a value of the input are left out: a labelled line has none.
    """
    found: dict[str, Judged | Tone] = {}
    for rule in (*feature.judged, *(rule for rule in feature.tone if rule.given is None)):
        name, number = rule.rule.removeprefix("tone_"), 1
        while (name if number == 1 else f"{name}:{number}") in found:
            number += 1
        found[name if number == 1 else f"{name}:{number}"] = rule
    return found


class Calibration:
    """Puts *rule* of *feature* to labelled texts, *at_once* at a time, with at most *calls* requests to its judge.

    *heard* is called with how many texts are done.
    """

    def __init__(
        self,
        feature: Feature[Any],
        rule: Judged | Tone,
        world: World,
        *,
        calls: int,
        at_once: int = 4,
        heard: Callable[[int], None] | None = None,
    ) -> None:
        self.rule = rule
        #: What was found so far, by the line.
        self.found: dict[int, Found] = {}
        #: Requests that were sent.
        self.calls = 0
        self._feature = feature
        self._world = world
        self._left = calls
        self._at_once = at_once
        self._heard = heard

    async def run(self, labelled: Sequence[Labelled]) -> None:
        """Put the rule to all of *labelled*, as far as the budget goes."""
        waiting = iter(labelled)

        async def work() -> None:
            while self._may_go_on():
                each = next(waiting, None)
                if each is None:
                    return
                self.found[each.line] = await self._find(each)
                if self._heard is not None:
                    self._heard(len(self.found))

        async with asyncio.TaskGroup() as group:
            for _ in range(self._at_once):
                group.create_task(work())

    def _may_go_on(self) -> bool:
        return self._left > 0 or not isinstance(self.rule, Judged)

    async def _find(self, each: Labelled) -> Found:
        rule = self.rule
        if not isinstance(rule, Judged):
            return Found(line=each.line, labelled=each.holds, holds=rule.judge(each.text))
        limits = self._feature.plan.limits
        retries = min(limits.retries, self._left - 1)
        self._left -= 1 + retries
        asked: list[Asked] = []
        jury = self._jury(retries, asked)
        # The one text is called as a reply of one text is; what the rule is about elsewhere says nothing here.
        alone = Judged(
            rule=rule.rule, message=rule.message, texts=(), statement=rule.statement, threshold=rule.threshold
        )
        question = Question(name="s1", rule=alone, texts=(("output", each.text),))
        try:
            (judgement,) = await jury.ajudge(Judging((question,)))
        except Unjudged as error:
            return Found(line=each.line, labelled=each.holds, holds=None, why=error.detail)
        finally:
            self.calls += len(asked)
            self._left += max(1 + retries - len(asked), 0)
        return Found(line=each.line, labelled=each.holds, holds=judgement.holds, probability=judgement.probability)

    def _jury(self, retries: int, asked: list[Asked]) -> Jury:
        feature, world = self._feature, self._world
        return Jury(
            judges=feature.judges,
            override=OVERRIDES.get().get(feature.identity),
            world=world,
            user=None,
            deadline=world.clock.monotonic() + feature.plan.limits.seconds,
            rehearses=False,
            guarded=lambda: feature.guarded_judges,
            thinking=feature.plan.limits.thinking,
            retries_left=lambda: retries,
            asked=asked,
        )


def confusion_of(found: Sequence[Found], *, threshold: float | None = None) -> Confusion:
    """Return how what was *found* agrees with its labels, those left out that nobody could judge.

    With a *threshold* it is what the same probabilities say at that one.
    """
    counts = {(labelled, holds): 0 for labelled in (True, False) for holds in (True, False)}
    for each in found:
        holds = each.holds
        if threshold is not None and each.probability is not None:
            holds = each.probability >= threshold
        if holds is not None:
            counts[each.labelled, holds] += 1
    return Confusion(
        refused_rightly=counts[False, False],
        refused_wrongly=counts[True, False],
        passed_rightly=counts[True, True],
        passed_wrongly=counts[False, True],
    )


def statement_of(rule: Judged | Tone) -> str:
    """Return what *rule* asks for, in a sentence."""
    return rule.statement if isinstance(rule, Judged) else f"a text that breaks it {cast('Any', rule).message}"
