"""A sabotage: one way in which promptspec could fail to enforce something, and what the fuzzer finds of it."""

from __future__ import annotations

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
    from promptspec.fuzz.results import FeatureResult
    from promptspec.runtime.feature import Feature as Running

SEEDS: Final = (0, 1, 2)

Name: TypeAlias = Literal["everything", "talk", "weigh", "own", "say", "tell", "look", "flow", "please"]
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
        with patch.object(owner, name, property(made) if isinstance(held, property) else made):
            yield


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
    """What brought a sabotage to light: the law, after how many cases, and the case that did it."""

    law: str
    cases: int
    phase: Phase
    technique: str
    liar: str


def caught(sabotage: Sabotage, seed: int) -> Catch | None:
    """Run the profile `pr` from *seed* against *sabotage* until its law falls; None where it survives.

    No other law judges, so that what is caught is caught by the law that makes the claim.
    """
    prepared_cases(sabotage.feature)
    with sabotage.built() as running:
        return _caught(running, sabotage.law, seed)


@cache
def prepared_cases(name: Name) -> tuple[Case, ...]:
    """Return the examples and boundaries of a feature, made once a process, while nothing is broken.

    They follow from the contract, which no sabotage changes.
    """
    with features() as found:
        return tuple(prepare(Subject(found[name]), Plan(profile=PROFILES["pr"])))


def _caught(running: Running[Any], law: str, seed: int) -> Catch | None:
    plan = Plan(
        profile=replace(PROFILES["pr"], seed=seed),
        laws={law: LAWS[law]},
        first=True,
        prepared=prepared_cases(cast("Name", running.plan.name)),
    )
    return _catch_of(fuzz_feature(running, plan))


def _catch_of(result: FeatureResult) -> Catch | None:
    if not result.fallen:
        return None
    fallen = result.fallen[0]
    case = fallen.case
    told = f"{case.lie.liar}: {case.lie.form}" if case.lie.liar != "honest" else ""
    return Catch(
        law=fallen.law,
        cases=result.cases,
        phase=case.phase,
        technique=case.techniques[0] if case.techniques else "",
        liar=told,
    )


def all_catches(sabotage: Sabotage) -> tuple[Catch, ...]:
    """Return what caught *sabotage* from each seed, up to the first from which it survives.

    Examples and boundaries do not depend on the seed, so what they catch is caught from every seed alike and is run
    once.
    """
    first = caught(sabotage, SEEDS[0])
    if first is None:
        return ()
    if first.phase in ("examples", "boundaries"):
        return (first,) * len(SEEDS)
    found = [first]
    for seed in SEEDS[1:]:
        catch = caught(sabotage, seed)
        if catch is None:
            break
        found.append(catch)
    return tuple(found)


def method(function: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return what makes a patch of *function*, which is given the original before its own arguments."""

    def make(original: Any) -> Any:
        def sabotaged(*arguments: Any, **keywords: Any) -> Any:
            return function(original, *arguments, **keywords)

        return cast("Any", sabotaged)

    return make
