"""Laws about the tools that read a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from promptspec.api import compile_paths
from promptspec.fuzz.hermetic import watched
from promptspec.fuzz.trial import LawFell

if TYPE_CHECKING:
    from promptspec.fuzz.trial import Trial


def check_is_hermetic(trial: Trial) -> bool:
    """Compiling the spec uses no network, starts nothing, runs no code of the project and opens nothing outside."""
    spec = trial.subject.take_spec()
    if spec is None:
        return False
    with watched(spec.root) as seen:
        compile_paths([spec.path])
    if seen:
        raise LawFell(f"compiling {trial.subject.module.file} came to {', '.join(dict.fromkeys(seen))}")
    return True
