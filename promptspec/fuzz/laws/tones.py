"""The law about the tone of what comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptspec.contract.tone import ToneMention
from promptspec.errors import ReplyRefused
from promptspec.fuzz.lies.accepted import plain_given
from promptspec.fuzz.reference_tone import holds
from promptspec.fuzz.toned import texts_of, value_of
from promptspec.fuzz.trial import LawFell
from promptspec.live.strict_json import NOTHING

if TYPE_CHECKING:
    from promptspec.contract.tone import ToneRule
    from promptspec.fuzz.trial import Trial


def tone_holds(trial: Trial) -> bool:
    """Returned text satisfies every rule of tone, and none is refused for a rule that it keeps, by plain counting."""
    seen, declared = trial.observation, trial.subject.feature.tone
    tone = [rule for rule in declared if not rule.is_told_only and not rule.is_judged]
    if not tone or trial.replied is NOTHING:
        return False
    if seen.reply is not None:
        for rule in tone:
            verdict, path = _verdict(trial, rule)
            if verdict is False:
                raise LawFell(f"{path} was returned and breaks {rule.id}")
        return True
    if not isinstance(seen.error, ReplyRefused):
        return False
    refused = {violation.rule for violation in seen.error.violations}
    unknown = {name for name in refused if name.startswith("tone_")} - {rule.id for rule in declared}
    if unknown:
        raise LawFell(f"a reply was refused for {min(unknown)}, which is not declared")
    if not refused or not refused <= {rule.id for rule in tone}:
        return False
    for name in refused:
        if all(_verdict(trial, rule)[0] is True for rule in tone if rule.id == name):
            raise LawFell(f"a reply was refused for {name}, which it keeps")
    return True


def _verdict(trial: Trial, rule: ToneRule) -> tuple[bool | None, str]:
    """Return whether the reply keeps *rule*, None where the reference does not know, and where it does not."""
    value = value_of(trial.subject, rule, plain_given(trial.subject, trial.case.given))
    if value is None or (value and not value.isascii()):
        return None, "output"
    reply = trial.kept if trial.observation.reply is not None else trial.replied
    found = [(holds(rule.kind, text, value), path) for path, text in texts_of(trial.subject, rule, reply)]
    verdicts = [verdict for verdict, _ in found]
    if isinstance(rule.kind, ToneMention):
        return (True if True in verdicts else None if None in verdicts else False), "output"
    broken = next((path for verdict, path in found if verdict is False), None)
    if broken is not None:
        return False, broken
    return (None if None in verdicts else True), "output"
