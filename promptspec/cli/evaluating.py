"""What `promptspec evaluate` runs: the feature, its rows, its models, and what is written of a run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from promptspec.cli.ending import OUTSIDE, USAGE, Stop
from promptspec.ports import FileRefused

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from promptspec.api import Compilation
    from promptspec.check.labelled import LabelledRow
    from promptspec.cli.desk import Desk
    from promptspec.contract.feature import Feature
    from promptspec.evaluate.comparing import Earlier
    from promptspec.evaluate.recording import Recording
    from promptspec.evaluate.results import Judged, RunResult, Setup
    from promptspec.evaluate.running import Rows
    from promptspec.runtime.plan import OpenAI

#: A spec that does not compile is wrong usage here: exit 1 means that a level is missed.
_UNCOMPILED: Final = 2
#: Rows between two words of progress, where no bar is shown.
_TELL_EACH: Final = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The feature that is run, its labelled rows, and the name of their file."""

    running: Any
    contract: Feature
    rows: tuple[LabelledRow, ...]
    file: str
    spec: str
    read: tuple[tuple[str, str], ...]


def choose(desk: Desk, target: str, file: Path | None, *, json: bool) -> Chosen:
    """Return what `SPEC:FEATURE` and `--file` name. Stops where the spec does not compile, or there are no rows."""
    from promptspec.cli.reporting import seen_from_here, write_problems
    from promptspec.cli.targets import choose_feature, read_target

    wanted = read_target(target)
    compilation = desk.compiler.compile([wanted.path], trials=False)
    if compilation.has_errors():
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(_UNCOMPILED)
    features: Mapping[str, Any] = desk.compiler.load(compilation)
    labelled = [name for name, running in features.items() if running.contract.evaluation is not None]
    running = features[
        choose_feature(wanted, labelled if labelled and file is None and not wanted.feature else features)
    ]
    rows, name = _rows(compilation, running.contract, file)
    return Chosen(
        running=running,
        contract=running.contract,
        rows=rows,
        file=name,
        spec=running.module_contract.file,
        read=running.module_contract.read,
    )


def _rows(compilation: Compilation, feature: Feature, file: Path | None) -> tuple[tuple[LabelledRow, ...], str]:
    from promptspec.check.labelled import MOST_BYTES, read_labelled
    from promptspec.project import read_regular

    evaluation = feature.evaluation
    if file is None and evaluation is None:
        help = 'write `evaluate "golden.jsonl" { … }` into it, or name a file with `--file`'
        raise Stop(USAGE, f"`{feature.name}` has no labelled rows", help=help)
    try:
        if file is not None:
            name, data = str(file), read_regular(file.resolve(), str(file), most=MOST_BYTES)
        else:
            assert evaluation is not None
            name, data = evaluation.path, compilation.project.files.read(evaluation.path, most=MOST_BYTES)
    except FileRefused as refused:
        raise Stop(USAGE, refused.message) from None
    labelled = read_labelled(data, name)
    if labelled.problems:
        more = len(labelled.problems) - 1
        raise Stop(USAGE, labelled.problems[0], help=f"{more:,} more lines have problems" if more else "")
    return labelled.rows, name


def ready(chosen: Chosen) -> Rows:
    """Return the rows, each passed through its own feature. Stops at one that the feature refuses."""
    from promptspec.evaluate.running import Rows, Unfit

    evaluation = chosen.contract.evaluation
    targets = [target.field for target in evaluation.targets] if evaluation else []
    try:
        rows = Rows(chosen.running, chosen.rows, targets)
    except Unfit as unfit:
        raise Stop(USAGE, f"`{chosen.file}`: {unfit}", help="mend the row, or the rule that it breaks") from None
    if not rows.fields:
        raise Stop(
            USAGE,
            f"no field of `{chosen.contract.name}` can be compared with a label",
            help="name the texts that are to be compared letter by letter in an `evaluate` clause",
        )
    return rows


def setup_of(chosen: Chosen, rows: Rows, *, model: str | None, rehearsed: bool) -> Setup:
    """Return what a new run is asked to do."""
    import secrets
    from datetime import UTC, datetime

    from promptspec import __version__
    from promptspec.evaluate.results import Setup

    now = datetime.now(UTC)
    evaluation = chosen.contract.evaluation
    targets = evaluation.targets if evaluation else ()
    measured = tuple(field.name for field in rows.fields)
    return Setup(
        run=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}",
        version=__version__,
        spec=chosen.spec,
        feature=chosen.contract.name,
        file=chosen.file,
        rows=len(chosen.rows),
        today=now.date().isoformat(),
        read=chosen.read,
        measured=measured,
        deciding=tuple(target.field for target in targets) or measured,
        targets=tuple((target.field, str(target.share)) for target in targets),
        model=model,
        rehearsed=rehearsed,
    )


def models_of(desk: Desk, chosen: Chosen, model: str | None, *, live: bool) -> tuple[OpenAI, ...]:
    """Return the models that are asked. Stops where there is none, or, before a *live* run, no key to ask it with."""
    from promptspec.cli.models import check_judges, stage_for
    from promptspec.live.wires import plans_of

    plans = plans_of(chosen.running.plan.models, model=model)
    if not plans:
        help = "`--model NAME` names one to ask; `--rehearse` tries the report without one"
        raise Stop(USAGE, f"`{chosen.contract.name}` asks no model", help=help)
    if live and (missing := stage_for(plans, desk.environment, model=None).missing):
        names = " and ".join(missing)
        help = "set it; or try the report without a model: `--rehearse`"
        raise Stop(OUTSIDE, f"`{chosen.contract.name}` cannot ask its model: {names} is not set", help=help)
    if live:
        check_judges(chosen.running.plan, desk.environment)
    return plans


def recording_of(path: Path) -> Recording:
    """Return a recorded run. Stops where the file is none."""
    from promptspec.evaluate.recording import Unreadable, read_recording

    try:
        return read_recording(path)
    except Unreadable as error:
        raise Stop(USAGE, str(error)) from None


def changes_since(recorded: Setup, chosen: Chosen) -> list[str]:
    """Return a sentence for each file that the recorded run was made from and that is another one now."""
    before, now = dict(recorded.read), dict(chosen.read)
    changed = sorted(name for name in before.keys() | now.keys() if before.get(name) != now.get(name))
    return [f"the recording is of another version: `{name}` has changed since" for name in changed]


def earlier_of(path: Path) -> Earlier:
    """Return an earlier run to compare with. Stops where the file is none."""
    from promptspec.evaluate.comparing import read_earlier
    from promptspec.evaluate.recording import Unreadable

    try:
        return read_earlier(path)
    except Unreadable as error:
        raise Stop(USAGE, str(error)) from None


@contextmanager
def heard_by(
    desk: Desk, count: int, record: Callable[[Judged], None], *, quiet: bool
) -> Generator[Callable[[Judged], None]]:
    """Yield what hears of each row: it is recorded, and now and then a word is said of how far the run is."""
    from promptspec.cli.progress import bar_of

    done = right = 0
    shows: AbstractContextManager[Callable[[], None] | None] = bar_of(desk, count, quiet=quiet)
    with shows as advance:

        def heard(judged: Judged) -> None:
            nonlocal done, right
            record(judged)
            done += 1
            right += bool(judged.right) and all(judged.right.values())
            if advance is not None:
                advance()
            elif not quiet and done % _TELL_EACH == 0:
                desk.warn(f"{done} of {count} rows, {right} right in every field")

        yield heard


def show(
    desk: Desk,
    result: RunResult,
    closed: Sequence[str],
    *,
    earlier: Earlier | None,
    html: Path | None,
    limitations: bool,
    json: bool,
) -> int:
    """Write all reports of a run and return the exit code."""
    from promptspec.evaluate.comparing import compare
    from promptspec.evaluate.recording import Unreadable
    from promptspec.evaluate.scores import figures_of

    figures = figures_of(result, closed)
    comparison, told = None, result
    if earlier is not None:
        from dataclasses import replace

        try:
            comparison = compare(earlier, result)
        except Unreadable as error:
            told = replace(result, notes=(*result.notes, f"not compared: {error}"))
    if html is not None:
        from promptspec.evaluate.html import render_html

        html.write_text(render_html(told, figures, comparison), encoding="utf-8")
    if json:
        from promptspec.cli.json_output import pretty
        from promptspec.evaluate.data import data_of

        desk.say(pretty(data_of(told, figures, comparison)))
    else:
        from promptspec.evaluate.terminal import render_text

        desk.output.write(render_text(told, figures, comparison))
    if limitations and not json:
        from promptspec.evaluate.limitations import clause_of, draft_of

        lines = () if result.setup.rehearsed else draft_of(figures)
        nothing = "a rehearsal" if result.setup.rehearsed else "no group lies clearly below the others, which"
        desk.say("")
        desk.say("a draft, for a person to edit:" if lines else f"{nothing} gives nothing to draft")
        if lines:
            desk.say(clause_of(lines))
    return _code(result, figures)


def _code(result: RunResult, figures: Any) -> int:
    from promptspec.cli.ending import FINE, REFUSED
    from promptspec.evaluate.wording import verdict_of

    return {"met": FINE, "none": FINE, "missed": REFUSED, "open": OUTSIDE}[verdict_of(result, figures)]
