"""The law about what a model judges."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from promptspec.contract.tone import ToneJudge, ToneTopic, ToneVoice
from promptspec.errors import ReplyRefused, Unjudged
from promptspec.fuzz.fences import taken_apart
from promptspec.fuzz.laws.calls import is_asked_as_declared
from promptspec.fuzz.reference_prompt import Open
from promptspec.fuzz.toned import texts_of
from promptspec.fuzz.trial import LawFell
from promptspec.live.strict_json import NOTHING, read_strictly
from promptspec.models.servers import SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from promptspec.contract.tone import ToneRule
    from promptspec.fuzz.observations import Judged
    from promptspec.fuzz.trial import Trial

#: What docs/reference/tone.md says of a question, and of the texts that it is about.
_SAYS: Final = "this can be said: "
#: Before so many seconds of the call's own are over, a judge has time to be asked.
_IN_TIME: Final = 0.9


def judgement_holds(trial: Trial) -> bool:
    """No reply is returned that its judge did not pass or could not judge; none is refused for a rule that it passed.

    All rules are asked about in one request, with the texts of the reply in fences.
    """
    seen, rules = trial.observation, trial.subject.judged_rules
    if not rules or not seen.requests:
        return False
    for judged in seen.judged:
        _is_asked_well(trial, judged)
    _is_asked_once(trial)
    if seen.reply is not None:
        if trial.replied is NOTHING:
            return False
        asked = _asked_about(trial)
        if asked:
            _has_passed(trial, asked)
        elif seen.judged and seen.judged[-1].after == len(seen.requests):
            raise LawFell("a judge was asked about a reply without a text to judge")
        return True
    return _is_refused_rightly(trial)


def _asked_about(trial: Trial) -> dict[str, ToneRule]:
    """Return the rules that have a text in the reply that was delivered, by their names in a request."""
    rules = trial.subject.judged_rules
    named = {f"s{at}": rule for at, rule in enumerate(rules, 1)}
    return {name: rule for name, rule in named.items() if any(texts_of(trial.subject, rule, trial.kept))}


def _has_passed(trial: Trial, asked: dict[str, ToneRule]) -> None:
    """Look whether the delivered reply is one that the judge was shown, and found to keep every rule."""
    seen = trial.observation
    last = seen.judged[-1] if seen.judged else None
    if last is None or last.after != len(seen.requests):
        raise LawFell("a reply was returned that no judge was asked about")
    if last.found is None:
        raise LawFell("a reply was returned that the judge said nothing about")
    for name, rule in asked.items():
        least = trial.subject.thresholds[name]
        if name not in last.found:
            raise LawFell(f"a reply was returned, and no judge was asked for {rule.id}")
        if last.found[name] < least:
            raise LawFell(f"a reply was returned that keeps {rule.id} with {last.found[name]} where {least} is asked")
    _is_told(trial, last, asked)
    wanted = {text for rule in asked.values() for _, text in texts_of(trial.subject, rule, trial.kept)}
    if all(text.isascii() and text.isprintable() and text == text.strip() for text in wanted):
        shown = {piece.text for piece in _fenced(last) if isinstance(piece, Open)}
        if shown != wanted:
            raise LawFell("the judge was not shown the texts that were returned")


def _is_told(trial: Trial, last: Judged, asked: dict[str, ToneRule]) -> None:
    """Look whether what the judge found is told to the application."""
    reply = trial.observation.reply
    assert reply is not None
    assert last.found is not None
    told = [(each.rule, each.probability, each.threshold) for each in reply.judgements]
    wanted = [(r.id, float(last.found[n]), float(trial.subject.thresholds[n])) for n, r in asked.items()]
    if told != wanted:
        raise LawFell(f"the application was told {told[:3]} where the judge found {wanted[:3]}")


def _is_asked_once(trial: Trial) -> None:
    """Look whether each reply was judged by one answer, however many rules there are."""
    answered = [judged.after for judged in trial.observation.judged if judged.status == 200]
    if len(set(answered)) != len(answered):
        raise LawFell("a judge answered more than once about one reply")


def _is_asked_well(trial: Trial, judged: Judged) -> None:
    """Look at one request: who is asked, what, and where the texts of the reply stand."""
    subject, seen = trial.subject, trial.observation
    declared = subject.feature.judges
    if judged.place >= len(declared):
        raise LawFell("somebody was asked to judge who is not declared")
    judge, request = declared[judged.place], judged.request
    is_asked_as_declared(request, judge.model, subject.environment, path="/decisions" if judge.decisions else "")
    roles = [role for role, _ in request.messages]
    if roles != ["system", "user"]:
        raise LawFell(f"a judge is asked in the roles {roles[:4]}")
    tag, _ = taken_apart(request.messages[1][1])
    if not tag or any(not isinstance(piece, Open) and piece.strip() for piece in _fenced(judged)):
        raise LawFell("what is judged does not stand in fences")
    earlier = [each.body for each in seen.requests[: judged.after]]
    earlier += [each.request.body for each in seen.judged if each is not judged and each.request.at <= request.at]
    if any(tag.encode() in body for body in earlier):
        raise LawFell("the tag around what is judged is not fresh")
    value = read_strictly(seen.answers[-1]) if seen.answers else NOTHING
    system = request.messages[0][1]
    if value is not NOTHING and any(text in system for text in _foreign(trial)):
        raise LawFell("the system message to a judge holds a text of the reply or the input")
    _is_asked_all(trial, judged, system)


def _foreign(trial: Trial) -> Iterator[str]:
    return (text for text in trial.foreign_texts if text.strip())


def _is_asked_all(trial: Trial, judged: Judged, system: str) -> None:
    """Look whether each question is the one of its rule, word for word."""
    rules = trial.subject.judged_rules
    everything = {path for rule in rules for path in rule.texts}
    wanted = {f"s{at}": _question(rule, everything) for at, rule in enumerate(rules, 1)}
    lines = dict(line[2:].split(": ", 1) for line in system.splitlines() if line.startswith("- s") and ": " in line)
    if not lines or any(wanted.get(name) != line for name, line in lines.items()):
        raise LawFell("a judge is asked something else than the rules say")
    if trial.subject.feature.judges[judged.place].decisions:
        asked = [(each["type"], each["name"], each["instructions"]) for each in judged.request.content["questions"]]
        if asked != [("predicate", name, line) for name, line in lines.items()]:
            raise LawFell("the questions to a judge are not what the rules say")


def _question(rule: ToneRule, everything: set[tuple[str, ...]]) -> str:
    names = [f"`{'.'.join(path).replace('.[]', '[]')}`" for path in rule.texts]
    called = f" called {' or '.join(names)}" if set(rule.texts) != everything else ""
    match rule.kind:
        case ToneVoice(text=text):
            said = f"it is written in this voice: {text}"
        case ToneTopic(text=text):
            said = f"it is about this and nothing else: {text}"
        case ToneJudge(text=text):
            said = text
        case _:
            raise AssertionError(f"{rule.id} is not for a model to judge")
    return f"of each text{called} {_SAYS}{said}"


def _fenced(judged: Judged) -> tuple[str | Open, ...]:
    return taken_apart(judged.request.messages[1][1])[1]


def _is_refused_rightly(trial: Trial) -> bool:
    """Look whether a reply was refused for what a judge found, or did not."""
    seen, error = trial.observation, trial.observation.error
    if not isinstance(error, ReplyRefused):
        return False
    names = {rule.id for rule in trial.subject.judged_rules}
    refused = frozenset(violation.rule for violation in error.violations)
    if not refused or not refused <= names:
        return False
    last = seen.judged[-1] if seen.judged and seen.judged[-1].after == len(seen.requests) else None
    if not isinstance(error, Unjudged):
        below = frozenset[str]() if last is None else _below(trial, last)
        if refused != below:
            raise LawFell(f"a reply was refused for {_listed(refused)} where the judge refuses {_listed(below)}")
        _is_at_its_text(trial, error)
        return True
    in_time = seen.seconds < _IN_TIME * trial.subject.feature.limits.time_ms / 1000
    if last is None and in_time and not _may_be_kept_back(trial):
        raise LawFell("nobody was asked to judge, and the reply was refused for it")
    if last is not None and last.found is not None and in_time:
        raise LawFell("a reply was refused as one that could not be judged, and the judge did")
    return True


def _is_at_its_text(trial: Trial, error: ReplyRefused) -> None:
    """Look whether a breach is told at the one text that its rule is about, else at the output."""
    if trial.replied is NOTHING or trial.kept is NOTHING:
        return
    for violation in error.violations:
        places: set[str] = set()
        for rule in trial.subject.judged_rules:
            if rule.id == violation.rule:
                found = [path for path, _ in texts_of(trial.subject, rule, trial.kept)]
                places.add(found[0] if len(found) == 1 else "output")
        if violation.path not in places:
            raise LawFell(f"{violation.rule} is told at {violation.path}, and its texts are elsewhere")


def _below(trial: Trial, last: Judged) -> frozenset[str]:
    rules = {f"s{at}": rule for at, rule in enumerate(trial.subject.judged_rules, 1)}
    found = last.found or {}
    least = trial.subject.thresholds
    return frozenset(rules[name].id for name in found if name in least and found[name] < least[name])


def _may_be_kept_back(trial: Trial) -> bool:
    """Say whether a text of the reply may look like a control token to a judge that takes such for one."""
    guarded = all(SERVERS[judge.model.server].claims_roles for judge in trial.subject.feature.judges)
    said = json.dumps(trial.observation.answers[-1:])
    return not guarded and ("<" in said or "[" in said)


def _listed(names: AbstractSet[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"
