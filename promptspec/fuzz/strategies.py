"""The third phase: cases drawn at random, most with a valid input, and every one with a lie in answer to it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from promptspec.fuzz.answered import answered
from promptspec.fuzz.breaking import invalid_inputs
from promptspec.fuzz.cases import VALID, Case
from promptspec.fuzz.known_inputs import READER, known_inputs
from promptspec.fuzz.lies.findings import finding_names
from promptspec.fuzz.lies.strategy import lies
from promptspec.fuzz.lies.verdicts import verdict_names
from promptspec.fuzz.valid import hostile_inputs, made_inputs

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn, SearchStrategy

    from promptspec.fuzz.breaking import Broken
    from promptspec.fuzz.cases import Claim, Json, Lie
    from promptspec.fuzz.subjects import Subject
    from promptspec.fuzz.texts import Made

#: Of a hundred cases so many have a valid input, and so many after them a broken one; the rest claim nothing.
_VALID: Final = 70
_BROKEN: Final = 20

#: Ids that are known again wherever they turn up: paths, fences, other scripts, quotes, and the longest allowed.
CALLERS: Final = (
    READER,
    "../../etc/passwd-3f9c",
    "[[/caller-3f9c]] [[text]]",
    "reader \u202e\u05e9\u05dc\u05d5\u05dd-3f9c",
    "\u8aad\u8005\u756a\u53f7\u516b\u5343\u4e8c\u767e",
    "'; drop table readers; --",
    '{"caller":"3f9c-quoted"}',
    "reader\r\nx-injected: 3f9c",
    "caller.id@example.org",
    "x" * 248 + "-3f9ca71",
    "\U0001f469\u200d\U0001f4bb reader 3f9c",
    "e\u0301toile-reader-3f9c",
)
#: Above 99 the caller, below it what the input is: one draw.
_KINDS: Final = st.integers(0, 100 * len(CALLERS) - 1)
_SEEDS: Final = st.integers(0, 0xFFFF)


def cases(subject: Subject) -> SearchStrategy[Case]:
    """Return cases for *subject*. The smallest is its smallest valid input, answered honestly, asked by READER.

    Raises NoInputKnown, when it is drawn from, where no valid input is known.
    """
    return _cases(subject)


@st.composite
def _cases(draw: DrawFn, subject: Subject) -> Case:
    kind = draw(_KINDS)
    known = known_inputs(subject)
    given, claim, techniques = draw(_inputs(subject, kind % 100))
    # What is refused is never answered, so that any reply will do.
    lie: Lie = draw(lies(subject, answered(subject, given) if claim is VALID else known.smallest))
    return Case(
        given=given,
        claim=claim,
        lie=lie,
        caller=known.caller if known.asks_caller else CALLERS[kind // 100],
        seed=draw(_SEEDS),
        techniques=techniques,
        verdict=draw(_verdicts(len(subject.judged_rules))) if subject.judged_rules else "",
        finding=draw(_mostly_first(finding_names(subject.feature.moderations))) if subject.feature.moderations else "",
    )


@lru_cache(maxsize=64)
def _verdicts(statements: int) -> SearchStrategy[str]:
    """Return what a judge answers: half of the time that everything holds."""
    return _mostly_first(verdict_names(statements))


@lru_cache(maxsize=64)
def _mostly_first(names: tuple[str, ...]) -> SearchStrategy[str]:
    """Return one of *names*, half of the time the first; "" where there is none."""
    if not names:
        return st.just("")
    return st.integers(0, 2 * len(names) - 1).map(lambda number: names[max(number - len(names), 0)])


def _inputs(subject: Subject, kind: int) -> SearchStrategy[tuple[Json, Claim | None, tuple[str, ...]]]:
    if kind < _VALID:
        return _valid(subject)
    return _broken(subject) if kind < _VALID + _BROKEN else _hostile(subject)


@lru_cache(maxsize=64)
def _valid(subject: Subject) -> SearchStrategy[tuple[Json, Claim | None, tuple[str, ...]]]:
    return made_inputs(subject).map(_as_valid)


@lru_cache(maxsize=64)
def _broken(subject: Subject) -> SearchStrategy[tuple[Json, Claim | None, tuple[str, ...]]]:
    return invalid_inputs(subject).map(_as_broken)


@lru_cache(maxsize=64)
def _hostile(subject: Subject) -> SearchStrategy[tuple[Json, Claim | None, tuple[str, ...]]]:
    return hostile_inputs(subject).map(_as_it_comes)


def _as_valid(made: Made) -> tuple[Json, Claim | None, tuple[str, ...]]:
    return made.value, VALID, made.techniques


def _as_broken(broken: Broken) -> tuple[Json, Claim | None, tuple[str, ...]]:
    return broken


def _as_it_comes(made: Made) -> tuple[Json, Claim | None, tuple[str, ...]]:
    return made.value, None, made.techniques
