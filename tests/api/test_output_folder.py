"""The folder that modules are built to: whose files it holds, and what modules are called."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codegen.specs import write_spec
from promptspec.api import compile_paths
from promptspec.building import build
from promptspec.project import Unusable

SPEC = """
feature {name} {{
    model "m"
    input {{ note: line(..20) }}
    output bool
}}
"""


def write(folder: Path, names: tuple[str, ...]) -> None:
    for at, name in enumerate(names):
        write_spec(folder, SPEC.format(name=f"feature_{at}"), name)


@pytest.mark.parametrize("name", ["__init__.py", "a.py"])
def test_a_file_that_somebody_wrote_by_hand_is_not_overwritten(tmp_path: Path, name: str) -> None:
    write(tmp_path / "p", ("a.spec", "b.spec"))
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("# by hand\n")
    with pytest.raises(Unusable, match="was not written by promptspec"):
        build(compile_paths([tmp_path / "p"]), out)
    assert [(each.name, each.read_text()) for each in out.iterdir()] == [(name, "# by hand\n")]


def test_an_empty_file_gives_way(tmp_path: Path) -> None:
    write(tmp_path / "p", ("a.spec",))
    out = tmp_path / "out"
    out.mkdir()
    (out / "__init__.py").touch()
    assert out / "__init__.py" in build(compile_paths([tmp_path / "p"]), out)


def test_a_module_has_a_name_that_python_bears_and_packages_do_not_use(tmp_path: Path) -> None:
    stems = ("2024", "_MODULES", "__dir__", "__getattr__", "__path__", "import_module", "class", "TYPE_CHECKING", "ü")
    write(tmp_path / "p", (*(f"{stem}.spec" for stem in stems), "3/x.spec"))
    build(compile_paths([tmp_path / "p"]), tmp_path / "out")
    script = (
        f"import out, out._3; print([type(getattr(out, f'feature_{{at}}')).__name__ for at in range({len(stems)})])"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str([f"Feature{at}" for at in range(9)])
