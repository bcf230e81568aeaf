"""`promptspec redteam`: the attacks of the fuzzer against the real models of specs, under a budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from promptspec.cli.budgets import read_limits
from promptspec.cli.ending import FINE, OUTSIDE, REFUSED, USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption, PathsArgument
from promptspec.cli.recordings import compare_runs, recording_of, recordings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from promptspec.api import Compilation
    from promptspec.cli.desk import Desk
    from promptspec.fuzz.redteam.results import RunResult, Setup, Tried
    from promptspec.fuzz.redteam.running import Plan, Target
    from promptspec.live.budget import Limits

#: A spec that does not compile.
_UNCOMPILED: Final = 2
#: The largest corpus, in bytes.
_MOST_CORPUS: Final = 256 * 1024 * 1024
_FEW: Final = 64
#: Attempts between two words of progress.
_TELL_EACH: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the command line says of a run."""

    limits: Limits
    at_once: int
    seed: int
    repeat: int
    features: Sequence[str]
    techniques: Sequence[str]
    model: str | None
    judge: str | None
    seeds: Path | None


def command(
    ctx: typer.Context,
    paths: PathsArgument = [Path()],  # noqa: B006  Typer copies it
    calls: Annotated[int, typer.Option(metavar="N", help="At most so many calls of models.", min=1)] = 100,
    tokens: Annotated[int | None, typer.Option(metavar="N", help="At most so many tokens.", min=1)] = None,
    time: Annotated[str | None, typer.Option(metavar="DURATION", help="At most so long: 30s, 10m, 2h.")] = None,
    spend: Annotated[str | None, typer.Option(metavar="USD", help="At most so many US dollars; needs prices.")] = None,
    price_in: Annotated[str | None, typer.Option(metavar="USD", help="The price of a million prompt tokens.")] = None,
    price_out: Annotated[str | None, typer.Option(metavar="USD", help="The price of a million reply tokens.")] = None,
    at_once: Annotated[int, typer.Option(metavar="N", help="How many attempts are under way.", min=1, max=_FEW)] = 4,
    seed: Annotated[int, typer.Option(metavar="N", help="Where a repeatable run begins.", min=0)] = 0,
    repeat: Annotated[int, typer.Option(metavar="N", help="Attempts with each technique.", min=1, max=1_000)] = 1,
    feature: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this feature; may be repeated.")
    ] = None,
    technique: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this technique; may be repeated.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="A model to attack instead of the spec's.")] = None,
    judge: Annotated[
        str | None, typer.Option(metavar="MODEL", help="A model that is asked what rules cannot decide.")
    ] = None,
    seeds: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Try the cases and texts of these JSON lines too.")
    ] = None,
    replay: Annotated[
        str | None, typer.Option(metavar="RUN", help="Make the attempts of a recorded run again, without a network.")
    ] = None,
    compare: Annotated[
        tuple[str, str] | None, typer.Option(metavar="RUN RUN", help="Compare two recorded runs, pair by pair.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> None:
    """Attack the real models of specs under a budget; every exchange is recorded and can be replayed."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        _needs_fuzzer()
        if compare is not None:
            raise typer.Exit(compare_runs(ctx.obj, paths, compare, json=json))
        asked = _Asked(
            limits=read_limits(calls, tokens, time, spend, price_in=price_in, price_out=price_out),
            at_once=at_once,
            seed=seed,
            repeat=repeat,
            features=feature or (),
            techniques=technique or (),
            model=model,
            judge=judge,
            seeds=seeds,
        )
        compilation = _compiled(ctx.obj, paths, json=json)
        result = (
            _attack(ctx.obj, compilation, asked, quiet=json)
            if replay is None
            else _replay(ctx.obj, compilation, asked, replay)
        )
        _show(ctx.obj, result, json=json)
        raise typer.Exit(_code(result))


def _needs_fuzzer() -> None:
    from importlib.util import find_spec

    if find_spec("hypothesis") is None:
        raise Stop(OUTSIDE, "the fuzzer is not installed", help='pip install "promptspec[fuzz]"')


def _compiled(desk: Desk, paths: list[Path], *, json: bool) -> Compilation:
    from promptspec.cli.progress import progress_of
    from promptspec.cli.reporting import seen_from_here, write_problems

    with progress_of(desk, paths, quiet=json) as progress:
        compilation = desk.compiler.compile(paths, trials=False, progress=progress)
    if compilation.has_errors():
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(_UNCOMPILED)
    return compilation


def _attack(desk: Desk, compilation: Compilation, asked: _Asked, *, quiet: bool) -> RunResult:
    from dataclasses import replace

    from promptspec.diagnostics.foreign import escape
    from promptspec.fuzz.redteam.recording import Recorder
    from promptspec.fuzz.redteam.running import run_live

    setup = _setup(asked)
    targets, notes = _targets(desk, compilation, setup)
    _check_keys(desk, targets)
    plan, more = _plan(asked, setup)
    _check_attempts(targets, plan)
    recorder = Recorder(recordings(compilation.project.root), setup)
    if not quiet:
        desk.warn(f"recording to {escape(str(recorder.path))}")
    result = run_live(targets, _heard(desk, plan, recorder, quiet=quiet), desk.environment)
    recorder.end(result)
    return replace(result, notes=(*notes, *more, *recorder.notes, *result.notes))


def _replay(desk: Desk, compilation: Compilation, asked: _Asked, name: str) -> RunResult:
    from dataclasses import replace

    from promptspec.fuzz.redteam.running import run_replay

    recording = recording_of(compilation.project.root, name)
    targets, notes = _targets(desk, compilation, recording.setup)
    plan, more = _plan(asked, recording.setup)
    result = run_replay(targets, plan, recording)
    return replace(result, notes=(*notes, *more, *result.notes))


def _setup(asked: _Asked) -> Setup:
    import secrets
    from datetime import UTC, datetime

    from promptspec import __version__
    from promptspec.fuzz.redteam.results import Setup

    now = datetime.now(UTC)
    return Setup(
        run=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        version=__version__,
        seed=asked.seed,
        repeat=asked.repeat,
        today=now.date().isoformat(),
        features=tuple(asked.features),
        techniques=tuple(asked.techniques),
        model=asked.model,
        judge=asked.judge,
    )


def _targets(desk: Desk, compilation: Compilation, setup: Setup) -> tuple[tuple[Target, ...], list[str]]:
    """Return what is attacked, and a sentence about each feature that asks no model."""
    from promptspec.fuzz.redteam.running import targets_of

    features: Mapping[str, Any] = desk.compiler.load(compilation)
    if not features:
        raise Stop(USAGE, "there is no feature to attack")
    _check_names("feature", setup.features, list(features))
    chosen = [running for name, running in features.items() if not setup.features or name in setup.features]
    targets = targets_of(chosen, setup)
    if not targets:
        raise Stop(USAGE, "no feature asks a model", help="`--model NAME` names one to ask")
    asking = {target.subject.name for target in targets}
    return targets, [
        f"{running.plan.name} asks no model and is left out" for running in chosen if running.plan.name not in asking
    ]


def _check_keys(desk: Desk, targets: Sequence[Target]) -> None:
    """Stop where a feature has no model that can be asked, before anything is sent."""
    from promptspec.cli.models import check_judges, stage_for

    for target in targets:
        if missing := stage_for(target.plans, desk.environment, model=None).missing:
            names = " and ".join(missing)
            raise Stop(OUTSIDE, f"`{target.subject.name}` cannot ask its model: {names} is not set")
        check_judges(target.subject.running.plan, desk.environment)


def _check_names(what: str, given: Sequence[str], known: list[str]) -> None:
    from difflib import get_close_matches

    for name in given:
        if name not in known:
            near = get_close_matches(name[:_FEW], known, n=1)
            raise Stop(USAGE, f"there is no {what} `{name[:_FEW]}`", help=f"did you mean `{near[0]}`?" if near else "")


def _plan(asked: _Asked, setup: Setup) -> tuple[Plan, list[str]]:
    from promptspec.fuzz.redteam.running import Plan

    if asked.seeds is None:
        return Plan(setup=setup, limits=asked.limits, at_once=asked.at_once), []
    from promptspec.fuzz.corpus import read_corpus
    from promptspec.project import read_regular

    data = read_regular(asked.seeds.resolve(), str(asked.seeds), most=_MOST_CORPUS)
    corpus = read_corpus(data.decode("utf-8", "replace").split("\n"))
    return Plan(setup=setup, limits=asked.limits, at_once=asked.at_once, corpus=corpus), list(corpus.notes)


def _check_attempts(targets: Sequence[Target], plan: Plan) -> None:
    """Stop where there is nothing to try: the technique is unknown, or no feature has an input to put it into."""
    from promptspec.fuzz.redteam.running import attempts_on

    if attempts_on(targets, plan):
        return
    if plan.setup.techniques:
        from promptspec.fuzz.attacks.registry import MUTATORS, SEEDS

        _check_names("technique", plan.setup.techniques, [each.name for each in (*SEEDS, *MUTATORS)])
    raise Stop(USAGE, "there is nothing to try", help="give each feature an example, and an open text in its input")


def _heard(desk: Desk, plan: Plan, recorder: Any, *, quiet: bool) -> Plan:
    """Return *plan*, with each attempt written down, and now and then a word of how far the run is."""
    from dataclasses import replace

    made = fell = 0

    def heard(tried: Tried) -> None:
        nonlocal made, fell
        recorder.keep(tried)
        made += 1
        fell += tried.verdict == "fell"
        if not quiet and made % _TELL_EACH == 0:
            desk.warn(f"{made} attempts, {fell} fell")

    return replace(plan, heard=heard)


def _show(desk: Desk, result: RunResult, *, json: bool) -> None:
    from promptspec.fuzz.redteam.reporting import data_of, render_text

    if json:
        from json import dumps

        desk.say(dumps(data_of(result), indent=2, default=str))
    else:
        desk.output.write(render_text(result))


def _code(result: RunResult) -> int:
    if result.fell:
        return REFUSED
    return OUTSIDE if result.ended or not result.judged else FINE
