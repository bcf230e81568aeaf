"""Specs to running functions: the very text that `build` writes, from the user's cache."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
import time
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec import keeping
from promptspec.errors import SpecError
from promptspec.keeping import cache_folder as cache_folder
from promptspec.runtime.feature import AnyFeature, Feature

if TYPE_CHECKING:
    from promptspec.api import Compilation
    from promptspec.building import Built


#: In place of a file: several declare the feature.
_SEVERAL: Final = ""


class Loaded:
    """The features of some specs, as attributes: `specs.suggest_films`. A module runs when it is first touched.

    *modules* names the module of each spec, *features* the spec of each feature.
    """

    def __init__(self, modules: Mapping[str, str], features: Mapping[str, str]) -> None:
        self._modules = modules
        self._features = features

    @property
    def features(self) -> dict[str, Feature[Any]]:
        """The functions by the names of the features."""
        return {name: getattr(self, name) for name, file in self._features.items() if file != _SEVERAL}

    def module(self, file: str) -> ModuleType:
        """Return the module of the spec *file*, named relative to the project's root."""
        return importlib.import_module(self._modules[file])

    def __getattr__(self, name: str) -> Feature[Any]:
        file = self._features.get(name)
        if file is None:
            raise AttributeError(f"there is no feature `{name}`")
        if file == _SEVERAL:
            raise AttributeError(f"several files declare a feature `{name}`: take it from `.module(file)`")
        return function_of(self.module(file), name)

    def __dir__(self) -> list[str]:
        return sorted(self._features)


def function_of(module: ModuleType, name: str) -> Feature[Any]:
    """Return the function of the feature called *name* in a generated module."""
    values = cast("dict[str, object]", vars(module)).values()
    features = (cast("Feature[Any]", value) for value in values if isinstance(value, AnyFeature))
    return next(feature for feature in features if feature.plan.name == name and feature.plan.module == module.__name__)


def load(path: Path | str) -> Loaded:
    """Compile a spec, or all specs below a folder, and return their features.

    What runs is the text that `promptspec build` writes. Raises SpecError with the diagnostics where something is
    wrong, and Unusable where there is no such file.
    """
    kept = keeping.find("load", [Path(path)])
    if kept is not None:
        folder = Path(kept.more["folder"])
        _import_package(folder.name, folder)
        return Loaded(kept.more["modules"], kept.more["features"])
    from promptspec.api import compile_paths

    compilation = compile_paths([Path(path)])
    if compilation.has_errors():
        from promptspec.diagnostics.terminal import render_terminal

        shown = render_terminal(compilation.diagnostics, compilation.texts, colour=False, width=100)
        raise SpecError(shown, diagnostics=compilation.diagnostics)
    folder, built = _place(compilation)
    modules = _modules(compilation, folder.name)
    features: dict[str, str] = {}
    for unit in compilation.units:
        for feature in unit.module.features if unit.module else ():
            features[feature.name] = unit.file if feature.name not in features else _SEVERAL
    more = {"folder": str(folder), "modules": modules, "features": features}
    keeping.keep("load", compilation, built.hashes, more=more)
    return Loaded(modules, features)


def materialize(compilation: Compilation) -> dict[str, ModuleType]:
    """Build *compilation* into the user's cache, import its modules, and return them by spec."""
    folder, _ = _place(compilation)
    return {file: importlib.import_module(name) for file, name in _modules(compilation, folder.name).items()}


def snapshot_files(compilation: Compilation) -> dict[tuple[str, str], Path]:
    """Build *compilation* into the user's cache; return the files of its snapshots by spec and name of the source."""
    from promptspec.codegen.records import snapshot_name

    folder, _ = _place(compilation)
    return {
        (unit.file, source.name): folder.joinpath(*compilation.modules[unit.file][:-1], snapshot_name(source))
        for unit in compilation.units
        if unit.module is not None and unit.code is not None
        for source in unit.module.sources
        if source.kind != "rows" and source.origin.file == unit.file
    }


def _place(compilation: Compilation) -> tuple[Path, Built]:
    """Build *compilation* into the user's cache, and return where its package is, which is imported."""
    from promptspec.building import build_all

    total = sha256()
    for unit in compilation.units:
        total.update(f"{unit.file}\0{unit.code}\0".encode())
    package = f"promptspec_{total.hexdigest()[:24]}"
    folder = cache_folder() / "loaded"
    built = build_all(compilation, folder / package, owned=True)
    _forget_old(folder, keep=package)
    importlib.invalidate_caches()
    _import_package(package, folder / package)
    return folder / package, built


def _modules(compilation: Compilation, package: str) -> dict[str, str]:
    """Return the full name of each spec's module."""
    return {
        unit.file: ".".join((package, *compilation.modules[unit.file]))
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
