"""A sabotage: one way in which promptspec could fail to enforce something, and what the fuzzer finds of it."""

from __future__ import annotations

import gc
import importlib
import inspect
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast
from unittest.mock import patch

from promptspec.fuzz.laws import LAWS
from promptspec.fuzz.profiles import PROFILES
from promptspec.fuzz.running import Plan, fuzz_feature, prepare
from promptspec.fuzz.subjects import Subject
from quality.builds import Edit, features

if TYPE_CHECKING:
    from promptspec.fuzz.cases import Case, Phase
    from promptspec.fuzz.profiles import Profile
    from promptspec.runtime.feature import Feature as Running

SEEDS: Final = (0, 1, 2)

Name: TypeAlias = Literal[
    "everything",
    "talk",
    "weigh",
    "own",
    "say",
    "tell",
    "look",
    "flow",
    "please",
    "guarded",
    "seek",
    "hold",
    "mean",
    "meter",
    "lenient",
]
#: Whether a rule is gone, or still there and one too lax or too strict.
Way: TypeAlias = Literal["removed", "off by one"]


@dataclass(frozen=True, slots=True)
class Patch:
    """A function or method of the runtime, `module:name` or `module:Class.name`, becomes what *make* makes of it."""

    target: str
    make: Callable[[Any], Any]

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Patch it. Raises AttributeError where there is no such function."""
        module, _, path = self.target.partition(":")
        owner: Any = importlib.import_module(module)
        *steps, name = path.split(".")
        for step in steps:
            owner = getattr(owner, step)
        held: Any = inspect.getattr_static(owner, name)
        inner = held.fget if isinstance(held, property) else getattr(held, "func", held)
        made = self.make(inner)
        _takes_the_same(self.target, inner, made)
        with patch.object(owner, name, property(made) if isinstance(held, property) else made):
            yield


def _takes_the_same(target: str, inner: Any, made: Any) -> None:
    """Raise AssertionError where *made* cannot be called as *inner* is: its TypeError would pass for a catch."""
    if not (inspect.isroutine(inner) and callable(made)):
        return
    parameters = inspect.signature(inner).parameters.values()
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = [p for p in parameters if p.kind is p.KEYWORD_ONLY]
    taken = inspect.signature(made)
    for least in (True, False):
        places = [p.name for p in positional if p.default is p.empty or not least]
        names = {p.name: None for p in keywords if p.default is p.empty or not least}
        try:
            taken.bind(*places, **names)
        except TypeError as error:
            raise AssertionError(f"what is put in place of {target} cannot be called as it is: {error}") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sabotage:
    """One way to break *feature*, by changing its module or by patching the runtime.

    *law* must fall for it, also where no other law judges. *rule* names the kind of rule of the compiler that is
    broken and *way* how; a sabotage of the runtime that stands for no such rule has none.
    """

    name: str
    law: str
    feature: Name
    edits: tuple[Edit, ...] = ()
    patches: tuple[Patch, ...] = ()
    rule: str = ""
    way: Way = "removed"

    @contextmanager
    def built(self) -> Iterator[Running[Any]]:
        """Yield the feature in its sabotaged form."""
        with ExitStack() as stack:
            for each in self.patches:
                stack.enter_context(each.applied())
            yield stack.enter_context(features(self.edits))[self.feature]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catch:
    """What brought a sabotage to light: the law, after how many cases, and how the page tells of the case."""

    law: str
    cases: int
    phase: Phase
    told: str


def caught(sabotage: Sabotage, seed: int, *, likely: str = "") -> Catch | None:
    """Run the profile `pr` from *seed* against *sabotage* until its law falls; None where it survives.

    No other law judges, so that what is caught is caught by the law that makes the claim. Of the cases that nobody
    draws, those that the page tells of as *likely* are run first, since any of them that brings the law down shows
    what a run of all in their order would show; that run follows where none of them does.
    """
    prepared = prepared_cases(sabotage.feature)
    first = tuple(case for case in prepared if likely and told(case) == likely)
    with sabotage.built() as running:
        if first and (catch := _caught(running, sabotage.law, replace(PROFILES["pr"], phases=()), first)) is not None:
            return catch
        return _caught(running, sabotage.law, replace(PROFILES["pr"], seed=seed), prepared)


def told(case: Case) -> str:
    """Return how the page tells of a case: its phase, and the liar or the technique of it."""
    if case.lie.liar != "honest":
        return f"{case.phase}: {case.lie.liar}: {case.lie.form}"
    return f"{case.phase}: {case.techniques[0]}" if case.techniques else case.phase


@cache
def prepared_cases(name: Name) -> tuple[Case, ...]:
    """Return the examples and boundaries of a feature, made once a process, while nothing is broken.

    They follow from the contract, which no sabotage changes.
    """
    with features() as found:
        cases = tuple(prepare(Subject(found[name]), Plan(profile=PROFILES["pr"])))
    gc.freeze()  # they live to the end, and looking through them each time takes long
    return cases


def _caught(running: Running[Any], law: str, profile: Profile, prepared: tuple[Case, ...]) -> Catch | None:
    plan = Plan(profile=profile, laws={law: LAWS[law]}, first=True, prepared=prepared)
    result = fuzz_feature(running, plan)
    if not result.fallen:
        return None
    fallen = result.fallen[0]
    return Catch(law=fallen.law, cases=result.cases, phase=fallen.case.phase, told=told(fallen.case))


def all_catches(sabotage: Sabotage, *, likely: str = "") -> tuple[Catch, ...]:
    """Return what caught *sabotage* from each seed, up to the first from which it survives.

    Examples and boundaries do not depend on the seed, so what they catch is caught from every seed alike and is run
    once.
    """
    first = caught(sabotage, SEEDS[0], likely=likely)
    if first is None:
        return ()
    if first.phase in ("examples", "boundaries"):
        return (first,) * len(SEEDS)
    found = [first]
    for seed in SEEDS[1:]:
        catch = caught(sabotage, seed, likely=likely)
        if catch is None:
            break
        found.append(catch)
    return tuple(found)


def method(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return what makes a patch of *function*, which is given the original before its own arguments."""

    def make(original: Any) -> Any:
        def sabotaged(*arguments: Any, **keywords: Any) -> Any:
            return function(original, *arguments, **keywords)

        taken = inspect.signature(function)
        cast("Any", sabotaged).__signature__ = taken.replace(parameters=list(taken.parameters.values())[1:])
        return cast("Any", sabotaged)

    return make
