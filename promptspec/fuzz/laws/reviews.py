"""Laws about what a person decides on, and what the ledger has of a call."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from promptspec.contract.keeping import KEPT_MS, is_kept
from promptspec.errors import LedgerUnavailable
from promptspec.fuzz.reference import OutOfFragment, must_be_reviewed
from promptspec.fuzz.trial import LawFell
from promptspec.live.strict_json import NOTHING

if TYPE_CHECKING:
    from promptspec.contract.safety import ReportTo, Review
    from promptspec.fuzz.gates import Written
    from promptspec.fuzz.trial import Trial
    from promptspec.ledger.tickets import Ticket

_ALL: Final = Decimal(100)


def review_holds(trial: Trial) -> bool:
    """What must be reviewed is held, as declared, and comes out only after a decision; nothing else is held.

    Nothing comes out that was rejected, and copies for the desk are made as declared.
    """
    feature, seen = trial.subject.feature, trial.observation
    if feature.review is None and feature.sample is None:
        return False
    if isinstance(seen.error, LedgerUnavailable):
        raise LawFell("the ledger in memory was not to be had")
    written = seen.written
    if written is None:
        return False
    for each in written.early:
        if each != _CHANGED:
            raise LawFell(f"a held reply came out {each}")
    expected = _expected(trial)
    if expected is True and not seen.held:
        raise LawFell("a reply was delivered that a person had to decide on")
    if expected is False and seen.held:
        raise LawFell("a reply was held that nobody has to decide on")
    if feature.review is not None and seen.held:
        _is_filed_as_declared(feature.review, written)
    if feature.sample is not None and feature.sample.share == _ALL and not seen.held:
        _is_copied(written)
    return True


#: What a gate says of a value in the ledger that does not hold: it belongs to the law below.
_CHANGED: Final = "although the value in the ledger does not hold"


def held_is_rechecked(trial: Trial) -> bool:
    """What a person let through passes every check again before it is delivered, or is refused as stale."""
    written = trial.observation.written
    if written is None or not trial.observation.held:
        return False
    if _CHANGED in written.early:
        raise LawFell(f"a held reply came out {_CHANGED}")
    return True


def ledger_keeps_its_word(trial: Trial) -> bool:
    """Each reply is in the ledger before anybody has it; texts are kept as long as declared, and no secret in clear."""
    feature, written = trial.subject.feature, trial.observation.written
    if not is_kept(feature) or written is None:
        return False
    if not {"delivered", "held"} & set(written.entries):
        raise LawFell("a reply was delivered that is not in the ledger")
    if set(written.texts) != {"input", "prompt", "reply"}:
        raise LawFell(f"the ledger keeps {', '.join(sorted(written.texts)) or 'nothing'} of a call")
    until = written.at + (feature.keep_ms or KEPT_MS)
    for name, (content, kept) in written.texts.items():
        if abs(kept - until) > _SKEW:
            raise LawFell(f"the {name} of a call is kept for another time than declared")
        if feature.secrets and _is_json(content):
            raise LawFell("a secret stands in the ledger in clear")
    _can_be_reported_as_declared(feature.report, written)
    return True


def _can_be_reported_as_declared(report: ReportTo | None, written: Written) -> None:
    found = None if written.reporting is None else json.loads(written.reporting)
    declared = None
    if report is not None:
        declared = {"target": report.target, "hosts": list(report.hosts), "shows_reply": report.shows_reply}
    if found != declared:
        raise LawFell("reports on a reply go, or tell, otherwise than declared")


def _is_json(content: bytes) -> bool:
    try:
        json.loads(content)
    except ValueError:
        return False
    return True


#: What the clock of a case may have moved while the call ran, in milliseconds.
_SKEW: Final = 60_000


def _expected(trial: Trial) -> bool | None:
    """Return whether the reply must be reviewed, None where the reference does not know."""
    subject = trial.subject
    if trial.replied is NOTHING:
        return None
    try:
        return must_be_reviewed(
            subject.module,
            subject.feature,
            trial.case.given,
            trial.replied,
            rows=subject.rows,
            today=trial.input.today,
            caller=trial.case.caller,
            finds=subject.finds(trial.case.given),
        )
    except (OutOfFragment, ValueError):
        return None


def _is_filed_as_declared(review: Review, written: Written) -> None:
    ticket = next((each for each in written.tickets if each.kind == "review"), None)
    if ticket is None:
        raise LawFell("a reply was held, and no ticket is on the desk")
    for what, found, declared in (
        ("another desk", ticket.desk, review.by),
        ("other inputs to show", ticket.show, review.show),
        ("another end", ticket.otherwise, review.otherwise),
        ("another callback", ticket.callback, review.callback),
        ("other hosts for its callback", ticket.hosts, review.hosts),
        ("another time", _time(ticket), review.within_ms),
        ("another state", ticket.state, "held"),
    ):
        if found != declared:
            raise LawFell(f"a ticket has {what} than the spec declares")


def _time(ticket: Ticket) -> int | None:
    return None if ticket.until is None else ticket.until - ticket.at


def _is_copied(written: Written) -> None:
    if not any(each.kind == "sample" for each in written.tickets):
        raise LawFell("no copy of a reply is on the desk")
