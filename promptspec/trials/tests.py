"""The `test` blocks of a spec, run without a network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast

from promptspec.api import Compilation
from promptspec.contract.feature import Case, Feature, Module
from promptspec.contract.json_text import json_text
from promptspec.errors import CallerRefused, InputRefused, PromptspecError, ReplyRefused
from promptspec.loading import function_of, materialize
from promptspec.runtime.feature import Feature as Running
from promptspec.runtime.overrides import Rehearse, Replies, StandIn, Wires
from promptspec.trials.calls import caller_of, let_through, quiet_world
from promptspec.trials.plain import alike, output_of, written


@dataclass(frozen=True, slots=True, kw_only=True)
class TestResult:
    """What came of one test or example; *message* says why it failed."""

    __test__ = False  # not for pytest to collect

    title: str
    kind: str
    feature: str
    file: str
    line: int
    passed: bool
    message: str = ""


def run_tests(compilation: Compilation) -> tuple[TestResult, ...]:
    """Run the tests of all files that were named, in the order of the files."""
    modules = materialize(compilation)
    results: list[TestResult] = []
    for unit in compilation.units:
        if unit.module is None or unit.file not in compilation.named:
            continue
        for feature in unit.module.features:
            running = function_of(modules[unit.file], feature.name)
            for case in feature.cases:
                if case.kind == "test":
                    results.append(run_test(unit.module, feature, case, running))
    return tuple(results)


def run_test(module: Module, feature: Feature, case: Case, running: Running[Any]) -> TestResult:
    """Run one test on the feature's function."""
    message = _failure(module, feature, case, running)
    return TestResult(
        title=case.title,
        kind=case.kind,
        feature=feature.name,
        file=case.origin.file,
        line=case.origin.line,
        passed=message is None,
        message=message or "",
    )


def _stand_in(case: Case) -> StandIn:
    if case.wire is not None:
        return Wires((case.wire,))
    if case.has_replies:
        return Replies((written(case.replies),))
    return Rehearse()


def _failure(module: Module, feature: Feature, case: Case, running: Running[Any]) -> str | None:
    """Return why the test fails, or None."""
    caller = caller_of(case.level or feature.caller, case.caller)
    try:
        with running.override(model=_stand_in(case), world=quiet_world(case.today)):
            reply = let_through(running.call_fields(written(case.given), caller=caller))
    except PromptspecError as error:
        return _judge_refusal(case, error)
    if case.has_refuses:
        return f"expected `{case.refuses or 'it'}` to be refused, and it was accepted"
    plain = output_of(module, feature, reply.value)
    expected = written(case.returns)
    wanted = {"answer": expected} if feature.bare else expected
    if alike(wanted, plain):
        return None
    return f"expected {_shown(wanted, feature.bare)}, and the call returned {_shown(plain, feature.bare)}"


def _judge_refusal(case: Case, error: PromptspecError) -> str | None:
    told = "; ".join(map(str, error.violations)) or error.detail or error.code
    if not case.has_refuses:
        return f"the call was refused: {told}"
    if case.refuses is None:
        return None
    if case.refuses == "caller":
        return None if isinstance(error, CallerRefused) else f"expected the caller to be refused, and got: {told}"
    wanted = _wanted(case.refuses)
    if isinstance(error, InputRefused | ReplyRefused) and any(_covers(wanted, v.path) for v in error.violations):
        return None
    return f"expected `{case.refuses}` to be refused, and got: {told}"


def _wanted(path: str) -> str:
    return path if path.split(".")[0] in ("input", "output", "reply") else f"input.{path}"


def _covers(wanted: str, path: str) -> bool:
    """Say whether *path* is *wanted* or inside of it; indexes do not count."""
    plain = re.sub(r"\[\d+\]", "", path)
    return plain == wanted or plain.startswith(wanted + ".")


def _shown(value: object, bare: bool) -> str:
    text = json_text(cast("dict[str, object]", value)["answer"] if bare else value)
    return text if len(text) <= 200 else text[:199] + "…"
