"""Sabotages of reviews and of what the ledger keeps: of the emitted rules, and of the runtime."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from quality.builds import Edit
from quality.sabotage import Patch, Sabotage, Way, method

_HOLDS: Final = "review_holds"
_RECHECKED: Final = "held_is_rechecked"
_KEEPS: Final = "ledger_keeps_its_word"
_LOGBOOK: Final = "promptspec.runtime.logbook:Logbook"
_HELD: Final = "promptspec.runtime.held:Held"


def _emitted(name: str, rule: str, way: Way, old: str, new: str, law: str = _HOLDS) -> Sabotage:
    return Sabotage(name=name, law=law, feature="hold", rule=rule, way=way, edits=(Edit(old, new, "Hold"),))


def _patched(name: str, law: str, target: str, function: Callable[..., Any]) -> Sabotage:
    return Sabotage(name=name, law=law, feature="hold", patches=(Patch(target, method(function)),))


# The runtime


def _always_let_through(original: Any, self: Any, happened: Any) -> Any:
    """Deliver what must be reviewed."""
    return original(self, replace(happened, must_be_reviewed=False))


def _always_held(original: Any, self: Any, happened: Any) -> Any:
    return original(self, replace(happened, must_be_reviewed=True))


def _decided(state: str) -> Callable[..., Any]:
    def filed(original: Any, self: Any, at: int) -> Any:
        """Take every ticket for one that was let through, if it is *state*."""
        found = original(self, at)
        return replace(found, state="approved") if found.state == state else found

    return filed


def _unchecked(original: Any, call: Any, kept: Any) -> Any:
    """Deliver what the ledger has, whatever it is."""
    from promptspec.errors import Stale

    try:
        return original(call, kept)
    except Stale:
        from promptspec.models.port import Usage
        from promptspec.runtime.replies import Reply

        return Reply(
            value=kept.value, id=kept.id, model="", usage=Usage(), warnings=(), guarantees=call.feature.guarantees,
            rehearsed=False,
        )  # fmt: skip


def _let_through_unchecked(original: Any, self: Any, filed: Any) -> Any:
    """Deliver a reply of which nothing is looked at, where it does not hold."""
    from promptspec.errors import Stale
    from promptspec.models.port import Usage
    from promptspec.runtime.replies import Reply

    try:
        return original(self, filed)
    except Stale:
        return Reply(
            value=None, id=filed.reply, model="", usage=Usage(), warnings=(), guarantees=self._feature.guarantees,
            rehearsed=False,
        )  # fmt: skip


def _checked_but_at_release(original: Any, self: Any, answer: Any) -> Any:
    """Check what a model says, and not what a person let through."""
    from promptspec.errors import ReplyRefused
    from promptspec.runtime.calling import Checked

    try:
        return original(self, answer)
    except ReplyRefused:
        if self.logbook is not None:
            raise
        output = self.feature.plan.output.model_construct(letter="x", refund=1)
        return Checked(answer=answer, output=output, dropped=(), judging=None)


def _no_difference(_original: Any, _connection: Any, _owner: Any, _hashes: Any, _seal: Any) -> None:
    """Believe the texts of the ledger."""
    return


def _never_drawn(_original: Any, _self: Any, _share: Any, _happened: Any) -> bool:
    return False


def _no_texts(_original: Any, _self: Any, _happened: Any, _at: int) -> list[Any]:
    return []


def _without_prompt(original: Any, self: Any, happened: Any, at: int) -> list[Any]:
    return [each for each in original(self, happened, at) if each.name != "prompt"]


def _for_a_day_less(original: Any, self: Any, at: int) -> int:
    return original(self, at) - 86_400_000


def _not_reported(_original: Any, _self: Any) -> None:
    return None


def _unwritten(_original: Any, _connection: Any, _entries: Any) -> None:
    return


def _in_clear(self: Any, content: bytes, owner: str, name: str) -> bytes:
    return content


def _takes_clear(_original: Any) -> Any:
    return _in_clear


_ADDRESS: Final = """hosts=("models.example.org",),
                shows_reply=True"""
_HOSTS: Final = """callback="https://models.example.org/decided",
                hosts=("models.example.org",),"""
_CALLBACK: Final = 'callback="https://models.example.org/decided",'
_CLEAR: Final = Patch("promptspec.ledger.texts:Seal.close", _takes_clear)

_REPORT: Final = """\
            report=ps.ReportTo(
                target="https://models.example.org/reports",
                hosts=("models.example.org",),
                shows_reply=True,
            ),
"""

REVIEWS: Final[tuple[Sabotage, ...]] = (
    _emitted("review-gone", "review", "removed", "return (y.refund > 50)", "return False"),
    _emitted("review-off-by-one", "review", "off by one", "return (y.refund > 50)", "return (y.refund > 51)"),
    _emitted("review-show-gone", "Review.show", "removed", 'show=("complaint",),', ""),
    _emitted("review-show-more", "Review.show", "off by one", 'show=("complaint",)', 'show=("complaint", "paid")'),
    _emitted("review-within-gone", "Review.within", "removed", "within=14400.0,", ""),
    _emitted("review-within-longer", "Review.within", "off by one", "within=14400.0", "within=14401.0"),
    _emitted("review-desk-gone", "Review.by", "removed", 'by="leads",', ""),
    _emitted("review-desk-another", "Review.by", "off by one", 'by="leads"', 'by="lead"'),
    _emitted("review-release-gone", "Review.releases", "removed", "releases=True,", ""),
    _emitted(
        "review-callback-gone", "Review.callback", "removed", 'callback="https://models.example.org/decided",', ""
    ),
    _emitted("review-callback-another", "Review.callback", "off by one", "org/decided", "org/decide"),
    _emitted("review-no-host", "Review.hosts", "removed", _HOSTS, _CALLBACK),
    _emitted("review-more-hosts", "Review.hosts", "off by one", _HOSTS, _HOSTS.replace("(", '("evil.example.org", ')),
    _emitted("sample-gone", "Keeping.sample", "removed", 'sample=Decimal("100"),', ""),
    _emitted("sample-smaller", "Keeping.sample", "off by one", 'sample=Decimal("100")', 'sample=Decimal("50")'),
    _emitted("keep-forever", "Keeping.seconds", "removed", "seconds=604800.0", "seconds=1e12", _KEEPS),
    _emitted("keep-a-day-less", "Keeping.seconds", "off by one", "seconds=604800.0", "seconds=518400.0", _KEEPS),
    _emitted("seal-gone", "Keeping.seals", "removed", "seals=True,", "", _KEEPS),
    _emitted("report-gone", "Keeping.report", "removed", _REPORT, "", _KEEPS),
    _emitted("report-nowhere", "ReportTo.target", "removed", '"https://models.example.org/reports"', '""', _KEEPS),
    _emitted("report-elsewhere", "ReportTo.target", "off by one", "org/reports", "org/report", _KEEPS),
    _emitted("report-to-no-host", "ReportTo.hosts", "removed", _ADDRESS, "hosts=(), shows_reply=True", _KEEPS),
    _emitted(
        "report-to-more-hosts",
        "ReportTo.hosts",
        "off by one",
        _ADDRESS,
        'hosts=("models.example.org", "example.org"), shows_reply=True',
        _KEEPS,
    ),
    _emitted("report-without-the-reply", "ReportTo.shows_reply", "removed", "shows_reply=True,", "", _KEEPS),
    _patched("report-not-written", _KEEPS, f"{_LOGBOOK}._reporting", _not_reported),
    _patched("review-never", _HOLDS, f"{_LOGBOOK}.write", _always_let_through),
    _patched("review-always", _HOLDS, f"{_LOGBOOK}.write", _always_held),
    _patched("held-comes-out-early", _HOLDS, f"{_HELD}._filed", _decided("held")),
    _patched("rejected-comes-out", _HOLDS, f"{_HELD}._filed", _decided("rejected")),
    _patched("held-is-not-rechecked", _RECHECKED, "promptspec.runtime.held:released", _unchecked),
    _patched("changed-texts-come-out", _HOLDS, "promptspec.ledger.texts:differs", _no_difference),
    _patched("let-through-unchecked", _RECHECKED, f"{_HELD}._let_through", _let_through_unchecked),
    _patched("checked-but-at-release", _RECHECKED, "promptspec.runtime.calling:Call.check", _checked_but_at_release),
    _patched("sample-never-drawn", _HOLDS, f"{_LOGBOOK}._is_drawn", _never_drawn),
    _patched("texts-not-kept", _KEEPS, f"{_LOGBOOK}._texts", _no_texts),
    _patched("prompt-not-kept", _KEEPS, f"{_LOGBOOK}._texts", _without_prompt),
    _patched("kept-a-day-less", _KEEPS, f"{_LOGBOOK}._until", _for_a_day_less),
    Sabotage(name="sealed-in-clear", law=_KEEPS, feature="hold", patches=(_CLEAR,)),
    _patched("delivered-unwritten", _KEEPS, "promptspec.ledger.chain:append", _unwritten),
)
