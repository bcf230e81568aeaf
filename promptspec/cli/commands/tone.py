"""`promptspec tone calibrate`: how right a rule of tone is on texts that a person has labelled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from promptspec.cli.ending import FINE, INTERRUPTED, OUTSIDE, REFUSED, USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption, TargetArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from promptspec.cli.desk import Desk
    from promptspec.runtime.feature import Feature
    from promptspec.runtime.opinions import Judged
    from promptspec.runtime.toning import Tone
    from promptspec.trials.calibration import Calibration, Labelled

#: The largest file of labelled lines, in bytes.
_MOST_BYTES: Final = 256 * 1024 * 1024
#: Lines between two words of progress.
_TELL_EACH: Final = 25
_MOST_AT_ONCE: Final = 64
_MOST_SHOWN: Final = 64


def command(
    ctx: typer.Context,
    what: Annotated[str, typer.Argument(metavar="calibrate", help="What to do with a rule.", show_default=False)],
    target: TargetArgument,
    rule: Annotated[str, typer.Option(metavar="NAME", help="A rule: judge, judge:2, topic, voice, emoji …")] = "judge",
    labelled: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='JSON lines: {"text": "…", "holds": true}.', show_default=False),
    ] = None,
    calls: Annotated[int, typer.Option(metavar="N", help="At most so many requests to the judge.", min=1)] = 100,
    at_once: Annotated[
        int, typer.Option(metavar="N", help="How many texts are under way.", min=1, max=_MOST_AT_ONCE)
    ] = 4,
    format: FormatOption = Format.TEXT,
) -> None:
    """Calibrate a rule of tone: precision, recall and how sure both are, on texts that a person has labelled."""
    json = format is Format.JSON
    with ending(ctx.obj, json=json):
        if what != "calibrate":
            raise Stop(
                USAGE, f"there is no `tone {what[:_MOST_SHOWN]}`", help="write `promptspec tone calibrate SPEC:FEATURE`"
            )
        if labelled is None:
            raise Stop(
                USAGE, "there is nothing to calibrate on", help="name a file of labelled lines: `--labelled FILE`"
            )
        raise typer.Exit(_calibrate(ctx.obj, target, rule, labelled, calls=calls, at_once=at_once, json=json))


def _calibrate(desk: Desk, target: str, name: str, path: Path, *, calls: int, at_once: int, json: bool) -> int:
    from promptspec.cli.calibrating import data_of, render
    from promptspec.cli.calling import open_feature
    from promptspec.cli.models import stage_for
    from promptspec.ports import FileRefused
    from promptspec.project import read_regular
    from promptspec.runtime.opinions import Judged
    from promptspec.trials.calibration import Calibration, read_labelled

    feature: Any = open_feature(desk, target, json=json)
    rule = _rule(feature, name)
    try:
        lines, broken = read_labelled(read_regular(path.resolve(), str(path), most=_MOST_BYTES))
    except FileRefused as refused:
        raise Stop(USAGE, refused.message) from None
    if not lines:
        told = f": line {broken[0].line}: {broken[0].why}" if broken else ""
        raise Stop(REFUSED, f"`{path}` has no labelled texts{told}", help='a line is {"text": "…", "holds": true}')
    stage = stage_for([judge.model for judge in feature.plan.judges], desk.environment, model=None)
    if isinstance(rule, Judged) and stage.missing:
        message = f"the judge cannot be asked: {' and '.join(stage.missing)} is not set"
        raise Stop(OUTSIDE, message, help="set it; counted rules need no key")
    calibration = Calibration(
        feature, rule, stage.world, calls=calls, at_once=at_once, heard=None if json else _heard(desk, len(lines))
    )
    interrupted = _run(calibration, lines)
    if json:
        from promptspec.cli.json_output import pretty

        desk.say(pretty(data_of(name, calibration, lines, broken)))
    else:
        for line in render(name, calibration, lines, broken):
            desk.say(line)
    if interrupted:
        return INTERRUPTED
    if len(calibration.found) < len(lines) or all(each.holds is None for each in calibration.found.values()):
        return OUTSIDE
    return REFUSED if broken else FINE


def _rule(feature: Feature[Any], name: str) -> Judged | Tone:
    """Return the rule called *name*. Stops where there is none that could be calibrated."""
    from promptspec.diagnostics import did_you_mean
    from promptspec.trials.calibration import rules_of

    known = rules_of(feature)
    rule = known.get(name.removesuffix(":1"))
    if rule is None:
        near = did_you_mean(name, known)
        listed = ", ".join(f"`{each}`" for each in known)
        raise Stop(
            USAGE,
            f"the feature has no rule `{name[:_MOST_SHOWN]}` that can be calibrated",
            help=near[0] if near else f"it has {listed}" if known else "a model judges what stands under `judge by`",
        )
    return rule


def _run(calibration: Calibration, lines: tuple[Labelled, ...]) -> bool:
    """Put the rule to *lines*; say whether it was interrupted."""
    import asyncio

    try:
        asyncio.run(calibration.run(lines))
    except KeyboardInterrupt:
        return True
    return False


def _heard(desk: Desk, count: int) -> Callable[[int], None]:
    def heard(done: int) -> None:
        if done % _TELL_EACH == 0:
            desk.warn(f"{done} of {count} texts")

    return heard
