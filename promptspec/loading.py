"""Specs to running functions: the very text that `build` writes, from the user's cache."""

from __future__ import annotations

import importlib
import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from promptspec.api import Compilation, compile_paths
from promptspec.building import build
from promptspec.errors import SpecError
from promptspec.project import Unusable
from promptspec.runtime.feature import Feature


class Loaded:
    """The features of some specs, as attributes: `specs.suggest_films`."""

    def __init__(self, compilation: Compilation, modules: dict[str, ModuleType]) -> None:
        self._compilation = compilation
        self._modules = modules
        self._features = dict(self._found())

    def _found(self) -> Iterator[tuple[str, Feature[Any]]]:
        for unit in self._compilation.units:
            if unit.module is None or unit.file not in self._modules:
                continue
            for feature in unit.module.features:
                yield feature.name, function_of(self._modules[unit.file], feature.name)

    @property
    def features(self) -> dict[str, Feature[Any]]:
        """The functions by the names of the features."""
        return dict(self._features)

    def module(self, file: str) -> ModuleType:
        """Return the module of the spec *file*, named relative to the project's root."""
        return self._modules[file]

    def __getattr__(self, name: str) -> Feature[Any]:
        try:
            return self._features[name]
        except KeyError:
            raise AttributeError(f"there is no feature `{name}`") from None

    def __dir__(self) -> list[str]:
        return sorted(self._features)


def function_of(module: ModuleType, name: str) -> Feature[Any]:
    """Return the function of the feature called *name* in a generated module."""
    values = cast("dict[str, object]", vars(module)).values()
    features = (cast("Feature[Any]", value) for value in values if isinstance(value, Feature))
    return next(feature for feature in features if feature.plan.name == name and feature.plan.module == module.__name__)


def load(path: Path | str) -> Loaded:
    """Compile a spec, or all specs below a folder, and return their features.

    What runs is the text that `promptspec build` writes. Raises SpecError with the diagnostics where something is
    wrong, and Unusable where there is no such file.
    """
    compilation = compile_paths([Path(path)])
    if compilation.has_errors():
        from promptspec.diagnostics.terminal import render_terminal

        shown = render_terminal(compilation.diagnostics, compilation.texts, colour=False, width=100)
        raise SpecError(shown, diagnostics=compilation.diagnostics)
    return Loaded(compilation, materialize(compilation))


def materialize(compilation: Compilation) -> dict[str, ModuleType]:
    """Build *compilation* into the user's cache, import its modules, and return them by spec."""
    total = sha256()
    for unit in compilation.units:
        total.update(f"{unit.file}\0{unit.code}\0".encode())
    package = f"promptspec_{total.hexdigest()[:24]}"
    folder = cache_folder() / "loaded"
    build(compilation, folder / package)
    _forget_old(folder, keep=package)
    importlib.invalidate_caches()
    _import_package(package, folder / package)
    return {
        unit.file: importlib.import_module(".".join((package, *compilation.modules[unit.file])))
        for unit in compilation.units
        if unit.code is not None
    }


def _import_package(package: str, folder: Path) -> None:
    """Import *package* from *folder* and from nowhere else.

    Its name can be computed from the specs, so a search by `sys.path` would run what a project lays in its way.
    """
    if package in sys.modules:
        return
    spec = spec_from_file_location(package, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[package] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[package]
        raise


def _forget_old(folder: Path, *, keep: str) -> None:
    """Remove packages that no process has loaded for a month; loading one renews it."""
    os.utime(folder / keep)
    limit = time.time() - 30 * 86_400
    for old in folder.glob("promptspec_*"):
        if old.stat().st_mtime < limit:
            shutil.rmtree(old, ignore_errors=True)


def cache_folder() -> Path:
    """Return this user's cache folder, made with mode 0700. Raises Unusable where somebody else could write in it."""
    base = os.environ.get("PROMPTSPEC_CACHE") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "promptspec"
    )
    folder = Path(base)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except OSError as error:
        raise Unusable(f"the cache folder `{folder}` cannot be made: {error.strerror}") from None
    if hasattr(os, "getuid") and (status.st_uid != os.getuid() or stat.S_IMODE(status.st_mode) & 0o022):
        raise Unusable(f"others can write in the cache folder `{folder}`: `chmod 700` it, or set `PROMPTSPEC_CACHE`")
    return folder
