"""`policy` as written to rules as checked: what the policy of a project asks of all its features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, cast

from promptspec.check.desk import Desk
from promptspec.check.waivers import sides_of
from promptspec.contract.practices import (
    ASKED,
    PRACTICES,
    AtMost,
    Bounded,
    CallerAtLeast,
    MayWaive,
    Must,
    NoneOver,
    Policy,
    PolicyRule,
    SizedKind,
    SizeUnit,
)
from promptspec.diagnostics import Label, did_you_mean
from promptspec.safety.callers import LEVELS
from promptspec.syntax import tree
from promptspec.text import Span

#: What `no … over` bounds, and the units that each is counted in; the first is meant where none is written.
_KINDS: Final = {
    "text": ("chars", "words", "bytes", "tokens"),
    "line": ("chars", "words", "bytes", "tokens"),
    "code": ("chars", "words", "bytes", "tokens"),
    "list": ("items",),
    "set": ("items",),
    "turns": ("items",),
    "image": ("bytes",),
}
#: What `… at most` bounds, and its unit: `time` is a duration, and "" a plain number.
_SUBJECTS: Final = {
    "prompt": "tokens",
    "reply": "tokens",
    "thinking": "tokens",
    "cost": "usd",
    "time": "time",
    "keep": "time",
    "retries": "",
    "repairs": "",
}
_EXAMPLES: Final = {"tokens": "800 tokens", "usd": "0.05 usd", "time": "20s", "": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """The policies of the file that the project's settings name. *spans* tell where each of their rules stands."""

    file: str
    digest: str
    policies: tuple[Policy, ...]
    spans: Mapping[PolicyRule, Span]


def check_policies(desk: Desk, file: tree.SpecFile, digest: str) -> Applied:
    """Return the policies that *file* declares; problems go to the report. *digest* is the hash of its text."""
    declared = [each for each in file.declarations if isinstance(each, tree.PolicyDeclaration)]
    if not declared and not any(each.span.file == desk.file for each in desk.report.errors):
        desk.add(
            "PS907",
            file.span,
            "this file declares no policy, and the project's settings name it as that",
            help="declare one, as in `policy company { … }`, or take `policy` out of `pyproject.toml`",
        )
    spans: dict[PolicyRule, Span] = {}
    policies: list[Policy] = []
    for declaration in declared:
        rules: list[PolicyRule] = []
        for written in declaration.rules:
            rule = _READ[written.kind](desk, written)
            if rule is None:
                continue
            before = next((each for each in rules if _says_the_same(each, rule)), None)
            if before is not None:
                desk.add(
                    "PS907",
                    written.span,
                    "the policy says this twice",
                    labels=[Label(span=spans[before], message="it is said here first")],
                    help="drop one of them",
                )
                continue
            spans[rule] = written.span
            rules.append(rule)
        policies.append(
            Policy(name=declaration.name.text, rules=tuple(rules), origin=desk.origin(declaration.name.span))
        )
    return Applied(file=desk.file, digest=digest, policies=tuple(policies), spans=spans)


def report_unapplied(desk: Desk, declared: tree.PolicyDeclaration) -> None:
    """Report a policy in a file that the project's settings do not name: nothing would hold features to it."""
    if desk.settings.policy == desk.file:
        return
    desk.add(
        "PS908",
        declared.name.span,
        f"nothing applies policy `{declared.name.text}`",
        note="the project's settings name another file" if desk.settings.policy else "",
        help=f'name this file in `pyproject.toml`: `[tool.promptspec] policy = "{desk.file}"`',
    )


def _says_the_same(one: PolicyRule, other: PolicyRule) -> bool:
    """Say whether two rules are about the same thing, so that one of them says nothing."""
    match one, other:
        case (Must(), Must()) | (MayWaive(), MayWaive()):
            shared = set(one.sides) & set(other.sides) if one.sides or other.sides else {None}
            return one.practice == other.practice and bool(shared)
        case NoneOver(), NoneOver():
            return (one.kind, one.unit) == (other.kind, other.unit)
        case AtMost(), AtMost():
            return one.subject == other.subject
        case CallerAtLeast(), CallerAtLeast():
            return True
        case _:
            return False


def _must(desk: Desk, rule: tree.PolicyRule) -> Must | None:
    if rule.subject.text == "caller":
        desk.add("PS907", rule.subject.span, "callers have levels", help="write `caller at least signed_in`")
        return None
    if not _is_known(desk, rule.subject, ASKED, "clause that a policy asks for"):
        return None
    sides = sides_of(desk, rule.subject, rule.targets, "PS907")
    return None if sides is None else Must(practice=rule.subject.text, sides=sides, origin=desk.origin(rule.span))


def _may_waive(desk: Desk, rule: tree.PolicyRule) -> MayWaive | None:
    if not _is_known(desk, rule.subject, PRACTICES, "practice"):
        return None
    sides = sides_of(desk, rule.subject, rule.targets, "PS907")
    return None if sides is None else MayWaive(practice=rule.subject.text, sides=sides, origin=desk.origin(rule.span))


def _none_over(desk: Desk, rule: tree.PolicyRule) -> NoneOver | None:
    kind = rule.subject.text
    if not _is_known(desk, rule.subject, _KINDS, "kind of type that has a size"):
        return None
    units = _KINDS[kind]
    if kind == "image":
        amount = rule.amount.bytes if isinstance(rule.amount, tree.SizeLiteral) else None
        unit, example = "bytes" if rule.unit is None else rule.unit.text, "no image over 4mb"
        sized = amount is not None and rule.unit is None
    else:
        amount = _whole(rule.amount)
        unit = units[0] if rule.unit is None else rule.unit.text
        example = f"no {kind} over 2_000 chars" if len(units) > 1 else f"no {kind} over 20"
        sized = amount is not None and unit in units and (len(units) > 1) == (rule.unit is not None)
    if not sized or amount is None:
        desk.add("PS907", rule.span, f"this is no size of {_article(kind)}", help=f"write `{example}`")
        return None
    origin = desk.origin(rule.span)
    return NoneOver(kind=cast("SizedKind", kind), most=amount, unit=cast("SizeUnit", unit), origin=origin)


def _at_most(desk: Desk, rule: tree.PolicyRule) -> AtMost | None:
    subject = rule.subject.text
    if not _is_known(desk, rule.subject, _SUBJECTS, "thing that a policy bounds"):
        return None
    wanted = _SUBJECTS[subject]
    unit = rule.unit.text if rule.unit else ""
    most: Decimal | None = None
    if wanted == "time":
        if isinstance(rule.amount, tree.DurationLiteral) and not unit:
            most = Decimal(rule.amount.milliseconds)
    elif unit == wanted and isinstance(rule.amount, tree.NumberLiteral) and rule.amount.value >= 0:
        most = rule.amount.value if wanted == "usd" or _whole(rule.amount) is not None else None
    if most is None:
        help = f"write `{subject} at most {_EXAMPLES[wanted]}`"
        desk.add("PS907", rule.span, f"this is no bound of `{subject}`", help=help)
        return None
    return AtMost(subject=cast("Bounded", subject), most=most, origin=desk.origin(rule.span))


def _at_least(desk: Desk, rule: tree.PolicyRule) -> CallerAtLeast | None:
    if not _is_known(desk, rule.subject, ("caller",), "thing that has levels"):
        return None
    assert rule.level is not None
    if not _is_known(desk, rule.level, LEVELS, "caller"):
        return None
    return CallerAtLeast(level=rule.level.text, origin=desk.origin(rule.span))


_READ: Final[dict[str, Callable[[Desk, tree.PolicyRule], PolicyRule | None]]] = {
    "must": _must,
    "may_waive": _may_waive,
    "no": _none_over,
    "at_most": _at_most,
    "at_least": _at_least,
}


def _is_known(desk: Desk, name: tree.Name, known: Mapping[str, object] | tuple[str, ...], what: str) -> bool:
    """Say whether *name* is one of *known*; else it is reported that there is no such *what*."""
    if name.text in known:
        return True
    listed = ", ".join(f"`{each}`" for each in known)
    help = did_you_mean(name.text, known) or f"there is {listed}" if len(known) > 1 else f"write {listed}"
    desk.add("PS907", name.span, f"`{name.text}` is no {what}", help=help)
    return False


def _whole(amount: object) -> int | None:
    """Return a whole number that is not negative, None for anything else."""
    if not isinstance(amount, tree.NumberLiteral) or amount.value != int(amount.value) or amount.value < 0:
        return None
    return int(amount.value)


def _article(kind: str) -> str:
    return f"{'an' if kind == 'image' else 'a'} {kind}"
