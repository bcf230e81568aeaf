"""Specs in a folder of their own, compiled, built and loaded."""

from __future__ import annotations

import textwrap
from pathlib import Path

from promptspec.api import Compilation, compile_paths
from promptspec.loading import Loaded, load

HEAD = "promptspec 1\n\n"


def write_spec(folder: Path, text: str, name: str = "a.spec") -> Path:
    """Write a spec, its header added where it has none, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = folder / "pyproject.toml"
    if not settings.exists():
        settings.write_text("[tool.promptspec]\n")
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    text = textwrap.dedent(text).lstrip("\n")
    path.write_text(text if text.startswith("promptspec ") else HEAD + text)
    return path


def compiled(folder: Path, text: str) -> Compilation:
    """Return what becomes of one spec."""
    return compile_paths([write_spec(folder, text)])


def emitted(folder: Path, text: str) -> str:
    """Return the text of the module of one spec that has no errors."""
    compilation = compiled(folder, text)
    assert not compilation.has_errors(), [str(d.message) for d in compilation.diagnostics]
    code = compilation.units[0].code
    assert code is not None
    return code


def loaded(folder: Path, text: str) -> Loaded:
    """Return the features of one spec."""
    return load(write_spec(folder, text))


def codes(compilation: Compilation) -> list[str]:
    """Return the codes of all diagnostics."""
    return [each.code for each in compilation.diagnostics]
