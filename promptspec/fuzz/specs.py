"""A run over all features of some specs: their own tests, then the laws of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from promptspec import __version__
from promptspec.fuzz.results import FeatureResult, RunResult, Trouble
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.fuzz.workers import side_by_side
from promptspec.loading import function_of, materialize
from promptspec.trials.tests import run_test

if TYPE_CHECKING:
    from types import ModuleType

    from promptspec.api import Compilation
    from promptspec.contract.feature import Feature, Module
    from promptspec.fuzz.progress import Progress
    from promptspec.fuzz.workers import Work


def features_of(compilation: Compilation) -> list[tuple[Module, Feature]]:
    """Return the features of the specs that were named, in the order of the files."""
    return [
        (unit.module, feature)
        for unit in compilation.units
        if unit.module is not None and unit.file in compilation.named
        for feature in unit.module.features
    ]


def fuzz_specs(compilation: Compilation, plan: Plan, progress: Progress, *, features: Sequence[str] = ()) -> RunResult:
    """Put the features of *compilation* to the test, or those whose names are in *features*.

    The specs have no errors. Ctrl-C ends the run: what was found so far is returned, with `finished` false.
    """
    plan = replace(plan, root=compilation.project.root)
    modules = materialize(compilation)
    results: list[FeatureResult] = []
    finished = True
    for module, feature in features_of(compilation):
        if features and feature.name not in features:
            continue
        try:
            results.append(_fuzzed(module, feature, modules[module.file], plan, progress))
        except KeyboardInterrupt:
            finished = False
            break
        if not results[-1].finished:
            finished = False
            break
    return _run_result(plan, results, plan.notes, finished=finished)


def fuzz_specs_in_processes(
    compilation: Compilation, plan: Plan, listen: Callable[[], Progress], *, features: Sequence[str] = (), jobs: int
) -> RunResult:
    """As `fuzz_specs`, with *jobs* features at a time; *listen* is called once their processes have begun."""
    plan = replace(plan, root=compilation.project.root)
    modules = materialize(compilation)
    wanted = [found for found in features_of(compilation) if not features or found[1].name in features]
    if min(jobs, len(wanted)) <= 1:
        return fuzz_specs(compilation, plan, listen(), features=features)
    works: list[Work] = [partial(_worked, module, feature, modules[module.file], plan) for module, feature in wanted]
    sizes = [_size(feature) for _, feature in wanted]
    results, notes = side_by_side(works, min(jobs, len(works)), listen, sizes=sizes)
    finished = len(results) == len(wanted) and all(result.finished for result in results)
    return _run_result(plan, results, [*plan.notes, *notes], finished=finished)


def _size(feature: Feature) -> int:
    """Return a guess at how long a feature takes: what says more has more cases, and each may be asked more often."""
    return len(repr(feature)) * (1 + feature.limits.repairs)


def _worked(
    module: Module, feature: Feature, running: ModuleType, plan: Plan, progress: Progress
) -> tuple[FeatureResult, tuple[str, ...]]:
    """Put one feature to the test in a process of its own, whose notes are told beside the result."""
    mine = replace(plan, notes=[])
    return _fuzzed(module, feature, running, mine, progress), tuple(mine.notes)


def _run_result(plan: Plan, results: Sequence[FeatureResult], notes: Sequence[str], *, finished: bool) -> RunResult:
    return RunResult(
        version=__version__,
        profile=plan.profile.name,
        seed=plan.profile.seed,
        features=tuple(results),
        notes=tuple(dict.fromkeys(notes)),
        finished=finished,
    )


def _fuzzed(module: Module, feature: Feature, running: ModuleType, plan: Plan, progress: Progress) -> FeatureResult:
    function = function_of(running, feature.name)
    troubles = [
        Trouble(kind=case.kind, title=case.title, line=case.origin.line, message=result.message)
        for case in feature.cases
        if case.kind == "test" and not (result := run_test(module, feature, case, function)).passed
    ]
    result = fuzz_feature(function, plan, progress)
    troubles = [*troubles, *result.troubles]
    attacked = result.finished and "examples" in plan.profile.phases
    names = tuple(_went_well(feature, troubles, attacked=attacked))
    return replace(result, troubles=tuple(troubles), names=names)


def _went_well(feature: Feature, troubles: Sequence[Trouble], *, attacked: bool) -> Iterator[str]:
    """Yield the names of the examples and tests that went as they say, and of attacks where all were tried."""
    amiss = {(trouble.kind, trouble.title) for trouble in troubles}
    parts = [("example", example.title) for example in feature.examples]
    parts += [(case.kind, case.title) for case in feature.cases if attacked or case.kind != "attack"]
    for kind, title in parts:
        if (kind, title) not in amiss:
            yield f'{kind} "{title}"'
