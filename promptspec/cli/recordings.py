"""Recorded runs of a project, as the command line names them."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from promptspec.cli.ending import FINE, REFUSED, USAGE, Stop

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.fuzz.redteam.recording import Recording


def compare_runs(desk: Desk, paths: Sequence[Path], runs: tuple[str, str], *, json: bool) -> int:
    """Show how the second of two runs differs from the first. Return 1 where more got worse than better."""
    from promptspec.fuzz.redteam.comparing import compare
    from promptspec.fuzz.redteam.reporting import comparison_data, render_comparison
    from promptspec.project import find_project

    root = find_project(paths[0]).root
    found = compare(recording_of(root, runs[0]), recording_of(root, runs[1]))
    if json:
        from promptspec.cli.json_output import pretty

        desk.say(pretty({**comparison_data(found), "p": Decimal(repr(found.p))}))
    else:
        desk.output.write(render_comparison(found))
    return REFUSED if found.worse > found.better else FINE


def recording_of(root: Path, name: str) -> Recording:
    """Return the run *name* of the project at *root*. Stops where there is none."""
    from promptspec.fuzz.redteam.recording import Unreadable, find_recording, read_recording

    try:
        return read_recording(find_recording(recordings(root), name))
    except Unreadable as error:
        raise Stop(USAGE, str(error)) from None


def recordings(root: Path) -> Path:
    """Return the folder of a project's recordings."""
    return root / ".promptspec" / "redteam"
