"""The compiler as the command line uses it: loaded when first needed, its complaints turned into ours."""

from __future__ import annotations

import gc
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from promptspec.cli.ending import USAGE, Stop

if TYPE_CHECKING:
    from promptspec.api import Compilation
    from promptspec.diagnostics.model import Diagnostic
    from promptspec.keeping import Kept
    from promptspec.text import SpecText
    from promptspec.trials import TestResult

Progress = Callable[[str], None]


class Compiler(Protocol):
    """What commands ask for. Each raises Stop for paths that cannot be used."""

    def spec_files(self, paths: Sequence[Path]) -> Sequence[Path]:
        """Return the specs that the paths name."""
        ...

    def compile(self, paths: Sequence[Path], *, trials: bool, progress: Progress | None = None) -> Compilation:
        """Return what became of the specs that the paths name; with *trials*, their examples are tried too."""
        ...

    def format(self, content: str, file: str) -> tuple[str | None, Sequence[Diagnostic], SpecText]:
        """Return the canonical text, or None where the spec does not parse, and what is wrong with it."""
        ...

    def build(self, compilation: Compilation, out: Path) -> Sequence[Path]:
        """Write the modules and return the files that were written."""
        ...

    def kept(self, paths: Sequence[Path], out: Path) -> Kept | None:
        """Return what is kept of a build of the same specs where nothing has changed since, or None."""
        ...

    def stale(self, compilation: Compilation, out: Path) -> Sequence[Path]:
        """Return the files that are missing or differ from what would be written."""
        ...

    def load(self, compilation: Compilation) -> Mapping[str, Any]:
        """Return the features of the specs that were named, by their names, ready to be called."""
        ...

    def snapshots(self, compilation: Compilation) -> Mapping[tuple[str, str], Path]:
        """Return the snapshot files of all sources that have one, by spec and name; what is missing is built."""
        ...

    def run_tests(self, compilation: Compilation) -> Sequence[TestResult]:
        """Run the examples, tests and attacks."""
        ...


class RealCompiler:
    """The compiler of this package."""

    def spec_files(self, paths: Sequence[Path]) -> Sequence[Path]:
        from promptspec.api import spec_files

        with _usable():
            return spec_files(paths)

    def compile(self, paths: Sequence[Path], *, trials: bool, progress: Progress | None = None) -> Compilation:
        from promptspec.api import compile_paths
        from promptspec.trials import check_paths

        with _usable(), _uncollected():
            return (check_paths if trials else compile_paths)(paths, progress=progress)

    def format(self, content: str, file: str) -> tuple[str | None, Sequence[Diagnostic], SpecText]:
        from promptspec.api import format_text

        return format_text(content, file)

    def build(self, compilation: Compilation, out: Path) -> Sequence[Path]:
        from promptspec import keeping
        from promptspec.building import build_all

        with _usable(), _uncollected():
            built = build_all(compilation, out)
        keeping.keep("build", compilation, built.hashes, out=out)
        return built.written

    def kept(self, paths: Sequence[Path], out: Path) -> Kept | None:
        from promptspec import keeping

        return keeping.find("build", paths, out)

    def stale(self, compilation: Compilation, out: Path) -> Sequence[Path]:
        from promptspec.building import stale

        with _usable():
            return stale(compilation, out)

    def load(self, compilation: Compilation) -> Mapping[str, Any]:
        from promptspec.loading import function_of, materialize

        with _usable():
            modules = materialize(compilation)
        return {
            feature.name: function_of(modules[unit.file], feature.name)
            for unit in compilation.units
            if unit.module is not None and unit.file in compilation.named
            for feature in unit.module.features
        }

    def snapshots(self, compilation: Compilation) -> Mapping[tuple[str, str], Path]:
        from promptspec.loading import snapshot_files

        with _usable():
            return snapshot_files(compilation)

    def run_tests(self, compilation: Compilation) -> Sequence[TestResult]:
        from promptspec.trials import run_tests

        with _usable():
            return run_tests(compilation)


@contextmanager
def _uncollected() -> Generator[None]:
    """Leave the garbage collector out: a compilation keeps nearly all that it makes, and little of it in cycles."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@contextmanager
def _usable() -> Generator[None]:
    from promptspec.project import Unusable

    try:
        yield
    except Unusable as error:
        raise Stop(USAGE, str(error)) from None
