"""Small specs for tests of the checker."""

from __future__ import annotations

import textwrap
from pathlib import Path
from tempfile import TemporaryDirectory

from promptspec.api import Compilation, compile_paths
from promptspec.contract.feature import Feature


def feature(*clauses: str, input: str = "message: text(..200)", output: str = "bool", name: str = "sort") -> str:
    """Return a feature with the usual clauses, and *clauses* each on a line."""
    lines = ['model "gpt-5.6-luna"', f"input {{ {input} }}", f"output {output}", *clauses]
    return f"feature {name} {{\n" + textwrap.indent("\n".join(lines), "    ") + "\n}\n"


def compiled(text: str, **files: str) -> Compilation:
    """Return what becomes of a spec with *text*, beside *files*: `films_csv` is called `films.csv`."""
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / ".".join(name.rsplit("_", 1))).write_text(content, encoding="utf-8")
        spec = Path(folder) / "shop.spec"
        spec.write_text(f"promptspec 1\n\n{text}", encoding="utf-8")
        return compile_paths([spec])


def said(text: str, **files: str) -> list[str]:
    """Return the code and the message of everything that is wrong with a spec."""
    return [f"{d.code} {d.message}" for d in compiled(text, **files).diagnostics]


def codes(text: str, **files: str) -> list[str]:
    """Return the codes of everything that is wrong with a spec."""
    return [line[:5] for line in said(text, **files)]


def checked(text: str, **files: str) -> Feature:
    """Return the only feature of a spec with which nothing is wrong."""
    found = compiled(text, **files)
    assert [f"{d.code} {d.message}" for d in found.diagnostics] == []
    module = found.unit("shop.spec").module
    assert module is not None
    (only,) = module.features
    return only
