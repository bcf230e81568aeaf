"""Builds of everything.spec: as the compiler makes it, and with the text of its module changed."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

from promptspec.api import compile_paths
from promptspec.building import build_all

if TYPE_CHECKING:
    from promptspec.runtime.feature import Feature

HERE: Final = Path(__file__).parent
_PROJECT: Final = """\
[tool.promptspec]
hosts = ["models.example.org"]
env = ["NEAR_URL", "NEAR_KEY"]
functions = ["shop.safety:judge"]
"""
_NUMBERS: Final = itertools.count()


@dataclass(frozen=True, slots=True)
class Edit:
    """The text *old* of the emitted module becomes *new*.

    *old* must stand exactly once in the class called *within*, or in the whole module where none is named.
    """

    old: str
    new: str
    within: str = ""

    def applied(self, text: str) -> str:
        """Return *text* with the change. Raises ValueError where there is no such place, or more than one."""
        begin = text.index(f"\nclass {self.within}(") if self.within else 0
        end = text.find("\n\n\n", begin) if self.within else len(text)
        section = text[begin:end]
        count = section.count(self.old)
        if count != 1:
            raise ValueError(f"{self.old!r} stands {count} times in {self.within or 'the module'}")
        return text[:begin] + section.replace(self.old, self.new) + text[end:]


@cache
def built() -> Path:
    """Return the folder of the package, built once a process."""
    folder = Path(tempfile.mkdtemp(prefix="promptspec-quality-"))
    project = folder / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(_PROJECT)
    for path in HERE.iterdir():
        if path.suffix in (".spec", ".csv", ".json", ".txt"):
            shutil.copy(path, project)
    compilation = compile_paths([project / "everything.spec"])
    assert not compilation.has_errors(), [str(found) for found in compilation.diagnostics]
    build_all(compilation, folder / "built")
    return folder / "built"


@cache
def module_text() -> str:
    """Return the text of the module as the compiler emits it."""
    return (built() / "everything.py").read_text(encoding="utf-8")


@contextmanager
def features(edits: Sequence[Edit] = ()) -> Iterator[dict[str, Feature[Any]]]:
    """Yield the features, by name, of a package of their own, in which the module was changed by *edits*."""
    text = module_text()
    for edit in edits:
        text = edit.applied(text)
    package = f"promptspec_quality_{next(_NUMBERS)}"
    folder = built().parent / package
    shutil.copytree(built(), folder)
    (folder / "everything.py").write_text(text, encoding="utf-8")
    try:
        module = _imported(package, folder)
        names = (
            *("everything", "talk", "weigh", "own", "say", "tell", "look"),
            *("flow", "please", "guarded", "seek", "hold", "mean", "meter", "lenient"),
        )
        yield {name: getattr(module, name) for name in names}
    finally:
        for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
            del sys.modules[name]
        shutil.rmtree(folder, ignore_errors=True)


def _imported(package: str, folder: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        package, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[package] = module
    spec.loader.exec_module(module)
    return importlib.import_module(f"{package}.everything")
