"""`promptspec evaluate`: labelled rows against the real model of a feature, under a budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from promptspec.cli.budgets import read_limits
from promptspec.cli.ending import USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption, TargetArgument

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.cli.evaluating import Chosen
    from promptspec.evaluate.results import RunResult
    from promptspec.evaluate.running import Rows
    from promptspec.live.budget import Limits

_FEW: Final = 64


def command(
    ctx: typer.Context,
    target: TargetArgument,
    file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Labelled rows to run instead of the spec's own.")
    ] = None,
    model: Annotated[str | None, typer.Option(metavar="NAME", help="A model to ask instead of the spec's.")] = None,
    calls: Annotated[int, typer.Option(metavar="N", help="At most so many calls of models.", min=1)] = 1_000,
    tokens: Annotated[int | None, typer.Option(metavar="N", help="At most so many tokens.", min=1)] = None,
    time: Annotated[str | None, typer.Option(metavar="DURATION", help="At most so long: 30s, 10m, 2h.")] = None,
    spend: Annotated[str | None, typer.Option(metavar="USD", help="At most so many US dollars; needs prices.")] = None,
    price_in: Annotated[str | None, typer.Option(metavar="USD", help="The price of a million prompt tokens.")] = None,
    price_out: Annotated[str | None, typer.Option(metavar="USD", help="The price of a million reply tokens.")] = None,
    at_once: Annotated[int, typer.Option(metavar="N", help="How many rows are under way.", min=1, max=_FEW)] = 4,
    record: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep every exchange in this new file.")] = None,
    replay: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Run a recorded run again, without a network.")
    ] = None,
    compare: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with an earlier run, row by row.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as a page, too.")] = None,
    limitations: Annotated[
        bool, typer.Option("--limitations", help="Draft `limitations` from what went wrong.")
    ] = False,
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Ask no model: try the report with made-up replies.")
    ] = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Run labelled rows through a feature with its real model, and say how often it is right."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        from promptspec.cli.evaluating import choose, earlier_of, ready, show
        from promptspec.contract.evaluating import is_closed

        _check_options(record=record, replay=replay, model=model, rehearse=rehearse, html=html)
        limits = read_limits(calls, tokens, time, spend, price_in=price_in, price_out=price_out)
        chosen = choose(ctx.obj, target, file, json=json)
        earlier = None if compare is None else earlier_of(compare)
        rows = ready(chosen)
        if rehearse:
            result = _rehearsed(ctx.obj, chosen, rows, quiet=json)
        elif replay is not None:
            result = _replayed(ctx.obj, chosen, rows, replay)
        else:
            result = _live(ctx.obj, chosen, rows, limits, at_once, model=model, record=record, quiet=json)
        closed = [field.name for field in chosen.contract.output.fields if is_closed(field.type)]
        raise typer.Exit(show(ctx.obj, result, closed, earlier=earlier, html=html, limitations=limitations, json=json))


def _check_options(
    *, record: Path | None, replay: Path | None, model: str | None, rehearse: bool, html: Path | None
) -> None:
    given = [
        name for name, is_given in (("--rehearse", rehearse), ("--replay", replay), ("--record", record)) if is_given
    ]
    if len(given) > 1:
        raise Stop(USAGE, f"`{given[0]}` and `{given[1]}` do not go together")
    if model is not None and (rehearse or replay is not None):
        raise Stop(USAGE, f"`{given[0]}` asks no model, so `--model` means nothing")
    if html is not None and not html.parent.is_dir():
        raise Stop(USAGE, f"there is no folder `{html.parent}` for the page")


def _live(
    desk: Desk,
    chosen: Chosen,
    rows: Rows,
    limits: Limits,
    at_once: int,
    *,
    model: str | None,
    record: Path | None,
    quiet: bool,
) -> RunResult:
    from dataclasses import replace

    from promptspec.cli.evaluating import heard_by, models_of, setup_of
    from promptspec.evaluate.recording import Recorder
    from promptspec.evaluate.running import Plan, run_live

    plans = models_of(desk, chosen, model, live=True)
    setup = setup_of(chosen, rows, model=model, rehearsed=False)
    if limits.calls is not None and limits.calls < setup.rows and not quiet:
        desk.warn(f"{setup.rows:,} rows, and at most {limits.calls:,} calls: `--calls` allows more")
    try:
        recorder = None if record is None else Recorder(record, setup)
    except FileExistsError:
        raise Stop(USAGE, f"`{record}` is there already", help="a recording is a file of its own") from None
    with heard_by(desk, setup.rows, recorder.keep if recorder else lambda _judged: None, quiet=quiet) as heard:
        plan = Plan(setup=setup, limits=limits, at_once=at_once, heard=heard)
        result = run_live(rows, plan, plans, desk.environment)
    if recorder is None:
        return result
    recorder.end(result)
    return replace(result, notes=(*recorder.notes, *result.notes))


def _replayed(desk: Desk, chosen: Chosen, rows: Rows, path: Path) -> RunResult:
    from dataclasses import replace

    from promptspec.cli.evaluating import changes_since, models_of, recording_of, setup_of
    from promptspec.evaluate.running import Plan, run_replay
    from promptspec.live.budget import Limits

    recording = recording_of(path)
    recorded = recording.setup
    if recorded.feature != chosen.contract.name:
        raise Stop(USAGE, f"`{path}` is a recording of `{recorded.feature}`, not of `{chosen.contract.name}`")
    plans = models_of(desk, chosen, recorded.model, live=False)
    now = setup_of(chosen, rows, model=recorded.model, rehearsed=False)
    setup = replace(now, run=recorded.run, today=recorded.today)
    result = run_replay(rows, Plan(setup=setup, limits=Limits()), plans, recording)
    notes = ("replayed: nothing was sent", *changes_since(recorded, chosen), *result.notes)
    return replace(result, notes=notes)


def _rehearsed(desk: Desk, chosen: Chosen, rows: Rows, *, quiet: bool) -> RunResult:
    from promptspec.cli.evaluating import heard_by, setup_of
    from promptspec.evaluate.running import Plan, run_rehearsal
    from promptspec.live.budget import Limits

    setup = setup_of(chosen, rows, model=None, rehearsed=True)
    with heard_by(desk, setup.rows, lambda _judged: None, quiet=quiet) as heard:
        return run_rehearsal(rows, Plan(setup=setup, limits=Limits(), heard=heard))
