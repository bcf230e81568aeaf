"""`review`, `sample`, `keep` and `secret`: who sees replies, and what is kept of calls, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from promptspec.check.addresses import may_reach
from promptspec.check.desk import Desk
from promptspec.check.rules import Rules
from promptspec.contract.safety import Otherwise, Review, Sample
from promptspec.contract.types import Record
from promptspec.diagnostics import Label, did_you_mean
from promptspec.ledger.opening import is_installed
from promptspec.models.origins import listed_for, read_origin
from promptspec.syntax import tree
from promptspec.text import Span

_HOUR: Final = 3_600_000
_DAY: Final = 24 * _HOUR
#: The least and the most that a review may wait, and that texts may be kept, in milliseconds.
_WITHIN: Final = (1_000, 365 * _DAY)
_KEEP: Final = (_HOUR, 3_650 * _DAY)
_MOST_URL: Final = 2_000
_SETTINGS: Final = {
    "within": "within 4h",
    "by": 'by "support-leads"',
    "otherwise": "otherwise withhold",
    "callback": 'callback "https://app.example.org/decided"',
}
_OTHERWISE: Final[dict[str, Otherwise]] = {"withhold": "withhold", "release": "release"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the four clauses come to."""

    review: Review | None
    sample: Sample | None
    keep_ms: int | None
    secrets: tuple[str, ...]


class Reviews:
    """Checks the four clauses of one feature; problems go to the report."""

    def __init__(self, desk: Desk, rules: Rules, input: Record, output: Record, *, bare: bool) -> None:
        self._desk = desk
        self._rules = rules
        self._input = input
        self._output = output
        self._bare = bare

    def check(
        self,
        review: tree.ReviewClause | None,
        sample: tree.SampleClause | None,
        keep: tree.KeepClause | None,
        secret: tree.SecretClause | None,
    ) -> Kept:
        """Return what the clauses ask for."""
        for word, clause in (("review", review), ("sample", sample), ("keep", keep)):
            if clause is not None and not is_installed():
                self._desk.add(
                    "PS921",
                    clause.span,
                    f"`{word}` needs the ledger, which is not installed",
                    help="install `promptspec[ledger]`",
                )
        return Kept(
            review=None if review is None else self._review(review),
            sample=None if sample is None else self._sample(sample),
            keep_ms=None if keep is None else self._keep(keep),
            secrets=() if secret is None else self._fields(secret.fields, "PS922"),
        )

    def _review(self, clause: tree.ReviewClause) -> Review | None:
        when = None
        if clause.when is not None:
            when = self._rules.of_reply(clause.when, self._input, self._output, bare=self._bare)
            if when is None:
                return None
        settings = self._settings(clause.settings)
        within = settings.get("within")
        otherwise = settings.get("otherwise")
        within_ms = None if within is None else self._duration(within, "within", _WITHIN, "PS920")
        if otherwise is not None and within is None:
            self._problem(otherwise, "`otherwise` says what happens when time runs out", "add `within 4h`")
        callback = self._callback(settings.get("callback"))
        origin = read_origin(callback)
        return Review(
            when=when,
            show=self._fields(clause.show, "PS920"),
            within_ms=within_ms,
            by=self._desk_name(settings.get("by")),
            otherwise="withhold" if otherwise is None else self._otherwise(otherwise),
            callback=callback,
            hosts=() if origin is None else listed_for(origin, self._desk.settings.hosts),
            origin=self._desk.origin(clause.span),
        )

    def _settings(self, written: Sequence[tree.Setting]) -> dict[str, tree.Setting]:
        found: dict[str, tree.Setting] = {}
        for setting in written:
            name = setting.name.text
            if name not in _SETTINGS:
                self._desk.add(
                    "PS920",
                    setting.name.span,
                    f"a review has no `{name}`",
                    help=did_you_mean(name, _SETTINGS)
                    or "a review has `show`, `within`, `by`, `otherwise` and `callback`",
                )
            elif name in found:
                self._desk.add(
                    "PS920",
                    setting.name.span,
                    f"`{name}` is set twice",
                    labels=[Label(span=found[name].name.span, message="first set here")],
                    help="drop one of them",
                )
            else:
                found[name] = setting
        return found

    def _desk_name(self, setting: tree.Setting | None) -> str:
        if setting is None:
            return ""
        value = setting.value
        if (
            not isinstance(value, tree.StringLiteral)
            or not 1 <= len(value.value) <= 200
            or not value.value.isprintable()
        ):
            self._problem(setting, "`by` names a desk in 1 to 200 characters", f"write `{_SETTINGS['by']}`")
            return ""
        return value.value

    def _otherwise(self, setting: tree.Setting) -> Otherwise:
        value = setting.value
        word = value.name if isinstance(value, tree.WordLiteral) else ""
        if word not in _OTHERWISE:
            self._problem(setting, "`otherwise` is `withhold` or `release`", f"write `{_SETTINGS['otherwise']}`")
        return _OTHERWISE.get(word, "withhold")

    def _callback(self, setting: tree.Setting | None) -> str:
        if setting is None:
            return ""
        value = setting.value
        url = value.value if isinstance(value, tree.StringLiteral) and len(value.value) <= _MOST_URL else ""
        origin = read_origin(url)
        if origin is None:
            self._problem(setting, "`callback` is a plain https address", f"write `{_SETTINGS['callback']}`")
            return ""
        return url if may_reach(self._desk, setting.span, origin) else ""

    def _duration(self, setting: tree.Setting, name: str, bounds: tuple[int, int], code: str) -> int | None:
        value = setting.value
        if isinstance(value, tree.DurationLiteral) and bounds[0] <= value.milliseconds <= bounds[1]:
            return value.milliseconds
        self._desk.add(
            code,
            setting.span,
            f"`{name}` is a time from 1s to 365d",
            help=f"write `{_SETTINGS[name]}`",
        )
        return None

    def _problem(self, setting: tree.Setting, message: str, help: str) -> None:
        self._desk.add("PS920", setting.span, message, help=help)

    def _sample(self, clause: tree.SampleClause) -> Sample | None:
        share = clause.share.value
        if not Decimal(0) < share <= Decimal(100):
            self._desk.add("PS922", clause.span, "a sample is more than 0% and at most 100%", help="write `sample 2%`")
            return None
        return Sample(share=share, origin=self._desk.origin(clause.span))

    def _keep(self, clause: tree.KeepClause) -> int | None:
        milliseconds = clause.duration.milliseconds
        if not _KEEP[0] <= milliseconds <= _KEEP[1]:
            self._desk.add("PS922", clause.span, "texts are kept from 1h to 3650d", help="write `keep 30d`")
            return None
        return milliseconds

    def _fields(self, names: Sequence[tree.Name], code: str) -> tuple[str, ...]:
        known = [field.name for field in self._input.fields]
        found: list[str] = []
        seen: dict[str, Span] = {}
        for name in names:
            if name.text not in known:
                self._desk.add(
                    code,
                    name.span,
                    f"there is no input `{name.text}`",
                    help=did_you_mean(name.text, known) or "name fields of the input",
                )
            elif name.text in seen:
                self._desk.add(
                    code,
                    name.span,
                    f"`{name.text}` is named twice",
                    labels=[Label(span=seen[name.text], message="first named here")],
                    help="drop one of them",
                )
            else:
                found.append(name.text)
                seen[name.text] = name.span
        return tuple(found)
