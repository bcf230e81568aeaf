"""`waive` as written to waivers as checked: which practice is left out, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from promptspec.check.clauses import Clauses
from promptspec.check.desk import Desk
from promptspec.contract.practices import PRACTICES, SIDES, Side, Waiver
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree

#: The levels of callers that are somebody.
_KNOWN_CALLERS: Final = ("signed_in", "verified")


def sides_of(desk: Desk, practice: tree.Name, targets: Sequence[tree.Name], code: str) -> tuple[Side, ...] | None:
    """Return the sides that *targets* name, both where there are none; None after a report under *code*."""
    if practice.text != "moderate":
        if targets:
            desk.add(code, targets[0].span, f"`{practice.text}` has no sides", help=f"write `{practice.text}` alone")
            return None
        return ()
    found: dict[Side, None] = {}
    for target in targets:
        side: Side | None = next((each for each in SIDES if each == target.text), None)
        if side is None:
            desk.add(
                code,
                target.span,
                f"`{target.text}` cannot be moderated",
                help=did_you_mean(target.text, SIDES) or "write `input`, `output`, or both",
            )
            return None
        found[side] = None
    return tuple(side for side in SIDES if not found or side in found)


def standing(clauses: Clauses, practice: str, side: Side | None = None) -> tree.Clause | None:
    """Return the clause by which a feature follows *practice*, on *side* where it has sides; None where it does not."""
    if practice == "moderate":
        moderations = clauses.all(tree.ModerateClause)
        return next((each for each in moderations if side in {target.text for target in each.targets}), None)
    return _STANDING[practice](clauses)


def _case(kind: str) -> Callable[[Clauses], tree.Clause | None]:
    return lambda clauses: next((each for each in clauses.all(tree.CaseClause) if each.kind == kind), None)


def _limit(name: str) -> Callable[[Clauses], tree.Clause | None]:
    def found(clauses: Clauses) -> tree.Clause | None:
        limits = clauses.one(tree.LimitsClause)
        return limits if limits and any(each.name.text == name for each in limits.limits) else None

    return found


def _known_caller(clauses: Clauses) -> tree.Clause | None:
    caller = clauses.one(tree.CallerClause)
    return caller if caller and caller.level.text in _KNOWN_CALLERS else None


_STANDING: Final[dict[str, Callable[[Clauses], tree.Clause | None]]] = {
    "attack": _case("attack"),
    "review": lambda clauses: clauses.one(tree.ReviewClause),
    "tone": lambda clauses: clauses.one(tree.ToneClause) or clauses.one(tree.ToneUse),
    "example": lambda clauses: _case("example")(clauses) or clauses.one(tree.ExamplesFrom),
    "caller": _known_caller,
    "report": lambda clauses: clauses.one(tree.ReportClause),
    "limitations": lambda clauses: clauses.one(tree.LimitationsClause),
    "evaluate": lambda clauses: clauses.one(tree.EvaluateClause),
    "sample": lambda clauses: clauses.one(tree.SampleClause),
    "test": _case("test"),
    "keep": lambda clauses: clauses.one(tree.KeepClause),
    "calls": _limit("calls"),
    "spend": _limit("spend"),
}


def check_waivers(desk: Desk, clauses: Clauses) -> tuple[Waiver, ...]:
    """Return what a feature waives.

    A clause of the feature is stronger than a waiver of its defaults, which then falls away; a waiver beside the clause
    that it waives is reported otherwise.
    """
    found: list[Waiver] = []
    first: dict[tuple[str, Side | None], tree.WaiveClause] = {}
    for clause in sorted(clauses.all(tree.WaiveClause), key=clauses.is_shared):
        practice = clause.practice.text
        if practice not in PRACTICES:
            desk.add(
                "PS904",
                clause.practice.span,
                f"there is no practice `{practice}` to waive",
                help=did_you_mean(practice, PRACTICES) or f"practices are {', '.join(f'`{p}`' for p in PRACTICES)}",
            )
            continue
        sides = sides_of(desk, clause.practice, clause.targets, "PS904")
        if not clause.because.value.strip():
            desk.add(
                "PS904",
                clause.because.span,
                f"nothing says why `{practice}` is waived",
                help="say it to whoever signs the feature off: the card prints it",
            )
            continue
        if sides is None:
            continue
        asked: tuple[Side | None, ...] = sides or (None,)
        left: tuple[Side | None, ...] = tuple(side for side in asked if _may_stand(desk, clauses, clause, side, first))
        if left:
            found.append(
                Waiver(
                    practice=practice,
                    sides=tuple(side for side in left if side is not None),
                    because=clause.because.value.strip(),
                    origin=desk.origin(clause.span),
                )
            )
    return tuple(sorted(found, key=lambda waiver: (PRACTICES.index(waiver.practice), waiver.sides)))


def _may_stand(
    desk: Desk,
    clauses: Clauses,
    clause: tree.WaiveClause,
    side: Side | None,
    first: dict[tuple[str, Side | None], tree.WaiveClause],
) -> bool:
    """Say whether *clause* waives its practice on *side*; where it contradicts what the feature says, that is told."""
    practice = clause.practice.text
    named = f"{practice} {side}" if side else practice
    waived = standing(clauses, practice, side)
    if waived is not None:
        if not clauses.is_shared(clause) or clauses.is_shared(waived):
            desk.add(
                "PS905",
                clause.span,
                f"`{named}` is waived, and stands in the feature",
                labels=[Label(span=waived.span, message="this is what is waived")],
                help="drop one of them",
            )
        return False
    before = first.setdefault((practice, side), clause)
    if before is clause:
        return True
    if not clauses.is_shared(clause) or clauses.is_shared(before):
        desk.add(
            "PS206",
            clause.span,
            f"`{named}` is waived twice",
            labels=[Label(span=before.span, message="it is waived here first")],
            help="drop one of them",
        )
    return False
