"""`promptspec fuzz`: hostile cases and lying models against every law of every feature."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from promptspec.cli.ending import FINE, OUTSIDE, REFUSED, USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption, PathsArgument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptspec.api import Compilation
    from promptspec.cli.desk import Desk
    from promptspec.fuzz.cases import Case
    from promptspec.fuzz.failures import Failure
    from promptspec.fuzz.progress import Progress
    from promptspec.fuzz.results import Fallen, RunResult
    from promptspec.fuzz.running import Plan
    from promptspec.fuzz.subjects import Subject

#: A spec that does not compile.
_UNCOMPILED: Final = 2
#: The largest corpus, in bytes.
_MOST_CORPUS: Final = 256 * 1024 * 1024


def command(
    ctx: typer.Context,
    paths: PathsArgument = [Path()],  # noqa: B006  Typer copies it
    profile: Annotated[str, typer.Option(metavar="NAME", help="How hard to look: dev, pr or nightly.")] = "dev",
    seed: Annotated[
        int | None, typer.Option(metavar="N", help="Where the profile pr, which is repeatable, begins; 0.", min=0)
    ] = None,
    law: Annotated[list[str] | None, typer.Option(metavar="NAME", help="Only this law; may be repeated.")] = None,
    feature: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Only this feature; may be repeated.")
    ] = None,
    phase: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this phase: examples, boundaries, search or sequences."),
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page for people.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit's XML.")] = None,
    sarif: Annotated[Path | None, typer.Option(metavar="FILE", help="Write SARIF for code scanning.")] = None,
    jsonl: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JSON lines for programs.")] = None,
    export: Annotated[Path | None, typer.Option(metavar="FILE", help="Write every case as a JSON line.")] = None,
    seeds: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Try the cases and texts of these JSON lines too.")
    ] = None,
    jobs: Annotated[
        int, typer.Option(metavar="N", help="Features at a time; 0 for as many as there are processors.", min=0)
    ] = 0,
    replay: Annotated[
        str | None, typer.Option(metavar="ID", help="Try one failure again; says FIXED or FAILED.")
    ] = None,
    format: FormatOption = Format.TEXT,
) -> None:
    """Show that hostile input and hostile replies cannot break what specs declare; no network, no model."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json), ExitStack() as stack:
        _needs_hypothesis()
        stack.enter_context(_apart())
        compilation = _compiled(ctx.obj, paths, json=json)
        if replay is not None:
            raise typer.Exit(_replay(ctx.obj, compilation, replay, json=json))
        plan = _plan(compilation, profile, seed, law or [], phase or [])
        _check_features(compilation, feature or [])
        if seeds is not None:
            plan = _with_corpus(plan, seeds)
        exported = None if export is None else _Exported(export)
        if exported is not None:
            plan = replace(plan, heard=exported.hear)
        # Cases are written down in their order, which side by side they have not.
        result = _run(ctx.obj, compilation, plan, feature or [], jobs=1 if exported else jobs, json=json)
        texts = {name: text.content for name, text in compilation.texts.items()}
        unwritten = [] if exported is None else list(exported.close())
        unwritten += _write_reports(result, texts, {"html": html, "junit": junit, "sarif": sarif, "jsonl": jsonl})
        _show(ctx.obj, result, texts, unwritten, json=json)
        raise typer.Exit(_exit_of(result, unwritten))


def _run(desk: Desk, compilation: Compilation, plan: Plan, features: list[str], *, jobs: int, json: bool) -> RunResult:
    from promptspec.fuzz.specs import fuzz_specs_in_processes
    from promptspec.fuzz.workers import usable_processes
    from promptspec.project import Unusable

    with ExitStack() as stack:
        listen = partial(_progress, desk, stack, json=json)
        try:
            return fuzz_specs_in_processes(
                compilation, plan, listen, features=features, jobs=jobs or usable_processes()
            )
        except Unusable as error:
            raise Stop(OUTSIDE, str(error)) from None


def _exit_of(result: RunResult, unwritten: list[str]) -> int:
    if not result.holds:
        return REFUSED
    return FINE if result.finished and not unwritten else OUTSIDE


def _apart() -> AbstractContextManager[None]:
    """Keep what Hypothesis writes for itself out of the project."""
    from promptspec.fuzz.keeping import notes_of_hypothesis
    from promptspec.keeping import cache_folder
    from promptspec.project import Unusable

    try:
        return notes_of_hypothesis(cache_folder() / "hypothesis")
    except Unusable as error:
        raise Stop(OUTSIDE, str(error)) from None


def _progress(desk: Desk, stack: ExitStack, *, json: bool) -> Progress:
    """Return what tells of the run while it runs: a moving line on a terminal, plain lines elsewhere."""
    from promptspec.fuzz.progress import Silent
    from promptspec.fuzz.reports.live import LiveProgress, PlainProgress

    if json:
        return Silent()
    if desk.colours(desk.errors):
        return stack.enter_context(LiveProgress(desk.errors))
    return PlainProgress(desk.errors)


def _needs_hypothesis() -> None:
    from importlib.util import find_spec

    if find_spec("hypothesis") is None:
        raise Stop(OUTSIDE, "the fuzzer is not installed", help='pip install "promptspec[fuzz]"')


def _compiled(desk: Desk, paths: list[Path], *, json: bool) -> Compilation:
    from promptspec.cli.progress import progress_of
    from promptspec.cli.reporting import seen_from_here, write_problems

    with progress_of(desk, paths, quiet=json) as progress:
        compilation = desk.compiler.compile(paths, trials=True, progress=progress)
    if compilation.has_errors():
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(_UNCOMPILED)
    return compilation


def _plan(compilation: Compilation, profile: str, seed: int | None, laws: list[str], phases: list[str]) -> Plan:
    from promptspec.fuzz.failures import FOLDER, Failures
    from promptspec.fuzz.keeping import Kept
    from promptspec.fuzz.laws import LAWS
    from promptspec.fuzz.profiles import PHASES, PROFILES
    from promptspec.fuzz.running import Plan

    _check_names("profile", [profile], list(PROFILES))
    _check_names("law", laws, list(LAWS))
    _check_names("phase", phases, list(PHASES))
    chosen = PROFILES[profile]
    if seed is not None and not chosen.repeatable:
        raise Stop(USAGE, f"a run of the profile `{profile}` draws afresh each time", help="--seed is for --profile pr")
    kept = tuple(each for each in PHASES if not phases or each in phases)
    folder = compilation.project.root / FOLDER
    notes: list[str] = []
    return Plan(
        profile=replace(chosen, seed=seed or 0, phases=kept),
        laws={name: law for name, law in LAWS.items() if not laws or name in laws},
        failures=Failures(folder),
        database=None if chosen.repeatable else Kept(folder / "examples", notes),
        notes=notes,
    )


def _check_names(what: str, given: list[str], known: list[str]) -> None:
    from difflib import get_close_matches

    for name in given:
        if name not in known:
            near = get_close_matches(name[:64], known, n=1)
            meant = f"did you mean `{near[0]}`?" if near else f"there are {', '.join(known)}"
            raise Stop(USAGE, f"there is no {what} `{name[:64]}`", help=meant)


def _check_features(compilation: Compilation, named: list[str]) -> None:
    from promptspec.fuzz.specs import features_of

    known = [feature.name for _, feature in features_of(compilation)]
    if not known:
        raise Stop(USAGE, "there is no feature to put to the test")
    _check_names("feature", named, known)


def _with_corpus(plan: Plan, path: Path) -> Plan:
    from promptspec.fuzz.corpus import read_corpus
    from promptspec.project import read_regular

    data = read_regular(path.resolve(), str(path), most=_MOST_CORPUS)
    corpus = read_corpus(data.decode("utf-8", "replace").split("\n"))
    plan.notes.extend(corpus.notes)
    return replace(plan, corpus=corpus.cases_of)


class _Exported:
    """The file of `--export`. Raises OSError where it cannot be begun."""

    def __init__(self, path: Path) -> None:
        from promptspec.fuzz.corpus import Export

        self._path = path
        self._export = Export(path.open("w", encoding="ascii"))

    def hear(self, case: Case, subject: Subject) -> None:
        """Write a case down."""
        self._export.hear(case, subject)

    def close(self) -> Iterator[str]:
        """Close the file, and yield why not all of it was written."""
        self._export.close()
        if self._export.error is not None:
            yield _unwritten(self._path, self._export.error)


def _replay(desk: Desk, compilation: Compilation, id: str, *, json: bool) -> int:
    from promptspec.fuzz.failures import Failures, Unreplayable
    from promptspec.fuzz.replaying import replay
    from promptspec.fuzz.reports.jsonl import render_replay

    try:
        failure = Failures.of_project(compilation.project.root).find(id)
        fallen = replay(compilation, failure)
    except Unreplayable as error:
        raise Stop(USAGE, str(error)) from None
    if json:
        desk.output.write(render_replay(failure.id, failure.law, failure.feature, fallen))
    else:
        _show_replay(desk, compilation, failure, fallen)
    return FINE if fallen is None else REFUSED


def _show_replay(desk: Desk, compilation: Compilation, failure: Failure, fallen: Fallen | None) -> None:
    from promptspec.diagnostics.foreign import escape

    if fallen is None:
        desk.say(f"{desk.paint('FIXED', 'green', desk.output)}  {escape(failure.feature)}: {failure.law} holds")
        return
    from promptspec.fuzz.reports.terminal import failure_text

    texts = {name: text.content for name, text in compilation.texts.items()}
    desk.say(failure_text(fallen, specs=texts, width=desk.width))
    desk.say(f"{desk.paint('FAILED', 'bold red', desk.output)}  {escape(failure.feature)}: {failure.law}")


def _write_reports(result: RunResult, texts: Mapping[str, str], files: Mapping[str, Path | None]) -> Iterator[str]:
    """Write every report that was asked for, and yield why one could not be."""
    for kind, path in files.items():
        if path is not None:
            try:
                path.write_text(_rendered(kind, result, texts), encoding="utf-8")
            except OSError as error:
                yield _unwritten(path, error)


def _unwritten(path: Path, error: OSError) -> str:
    return f"`{path}` cannot be written: {error.strerror or type(error).__name__}"


def _rendered(kind: str, result: RunResult, texts: Mapping[str, str]) -> str:
    from promptspec.fuzz import reports

    match kind:
        case "html":
            return reports.render_html(result, texts)
        case "junit":
            return reports.render_junit(result)
        case "sarif":
            return reports.render_sarif(result)
        case _:
            return reports.render_jsonl(result)


def _show(desk: Desk, result: RunResult, texts: Mapping[str, str], unwritten: list[str], *, json: bool) -> None:
    from promptspec.diagnostics.foreign import escape

    if json:
        told = replace(result, notes=(*result.notes, *unwritten))
        desk.output.write(_rendered("jsonl", told, texts))
        return
    from promptspec.fuzz.reports.terminal import render_terminal

    shown = render_terminal(result, specs=texts, width=desk.width, colour=desk.colours(desk.output))
    desk.output.write(shown)
    for each in unwritten:
        desk.warn(f"{desk.paint('error', 'bold red', desk.errors)}: {escape(each)}")
