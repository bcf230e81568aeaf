"""Loading runs the text that `build` writes, from the user's own cache, and nothing that lies in its way."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from codegen.specs import compiled, loaded, write_spec
from promptspec.api import compile_paths
from promptspec.errors import SpecError
from promptspec.loading import cache_folder, load, materialize
from promptspec.project import Unusable
from promptspec.runtime.v1 import Session, wires

SPEC = """
feature greet {
    model "m"
    input { name: line(..20) }
    output line(..20)
}
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))


def test_a_package_of_the_same_name_on_the_path_is_not_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compilation = compiled(tmp_path / "one", SPEC)
    package = materialize(compilation)["a.spec"].__name__.split(".")[0]
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        del sys.modules[name]
    trap = tmp_path / "trap" / package
    trap.mkdir(parents=True)
    (trap / "__init__.py").write_text("raise SystemExit('the project ran')\n")
    monkeypatch.syspath_prepend(str(tmp_path / "trap"))
    module = materialize(compilation)["a.spec"]
    assert Path(str(module.__file__)).is_relative_to(tmp_path / "cache")


def test_what_runs_is_what_build_writes(tmp_path: Path) -> None:
    compilation = compiled(tmp_path / "p", SPEC)
    module = materialize(compilation)["a.spec"]
    assert Path(str(module.__file__)).read_text() == compilation.units[0].code


def test_a_changed_spec_is_loaded_anew(tmp_path: Path) -> None:
    first = loaded(tmp_path / "p", SPEC)
    second = loaded(tmp_path / "p", SPEC.replace("..20", "..30"))
    with first.greet.override(model=wires('{"answer": "x"}')), second.greet.override(model=wires('{"answer": "y"}')):
        assert first.greet.call_fields({"name": "a"}, caller=Session("s")).value == "x"
        assert second.greet.call_fields({"name": "a" * 30}, caller=Session("s")).value == "y"


def test_a_spec_with_errors_raises_spec_error_with_the_diagnostics(tmp_path: Path) -> None:
    path = write_spec(tmp_path / "p", SPEC.replace("(..20)", ""))
    with pytest.raises(SpecError) as caught:
        load(path)
    assert caught.value.diagnostics


def test_the_cache_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    assert cache_folder().stat().st_mode & 0o777 == 0o700


def test_a_cache_folder_that_others_can_write_in_is_refused(tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    os.chmod(tmp_path / "cache", 0o777)
    with pytest.raises(Unusable, match="others can write"):
        cache_folder()


def test_specs_whose_modules_would_be_one_file_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    write_spec(folder, SPEC, "a-b.spec")
    write_spec(folder, SPEC.replace("greet", "meet"), "a_b.spec")
    assert [d.code for d in compile_paths([folder]).diagnostics] == ["PS208"]


def test_a_spec_beside_a_folder_of_its_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    write_spec(folder, SPEC, "a.spec")
    write_spec(folder, SPEC.replace("greet", "meet"), "a/b.spec")
    assert [d.code for d in compile_paths([folder]).diagnostics] == ["PS208"]


def test_specs_below_a_folder_without_settings_compile_together(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    write_spec(folder, SPEC, "b.spec")
    write_spec(folder, SPEC.replace("greet", "meet"), "a/c.spec")
    (folder / "pyproject.toml").unlink()
    (folder / "a" / "pyproject.toml").unlink(missing_ok=True)
    assert not compile_paths([folder]).has_errors()


@pytest.mark.parametrize(
    "settings", ["a = " + "[" * 20_000, "a = " + "9" * 5_000, "a = \x00", "[tool.promptspec]\nx=1"]
)
def test_hostile_settings_are_one_line_of_complaint(tmp_path: Path, settings: str) -> None:
    path = write_spec(tmp_path / "p", SPEC)
    (tmp_path / "p" / "pyproject.toml").write_text(settings)
    with pytest.raises(Unusable) as caught:
        compile_paths([path])
    assert "\n" not in str(caught.value)


def test_a_chain_of_thousands_of_used_files_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    for number in range(1_500):
        write_spec(folder, f'use E{number + 1} from "f{number + 1}.spec"\nenum E{number} {{ a }}\n', f"f{number}.spec")
    write_spec(folder, "enum E1500 { a }\n", "f1500.spec")
    assert compile_paths([folder / "f0.spec"]).has_errors()


def test_a_feature_that_two_files_declare_is_not_picked_by_chance(tmp_path: Path) -> None:
    head = 'promptspec 1\n\nfeature greet {\n    model "m"\n    caller anyone\n'
    text = head + "    input { name: line(..20) }\n    output text(..80)\n}\n"
    (tmp_path / "one.spec").write_text(text)
    (tmp_path / "two.spec").write_text(text)
    loaded = load(tmp_path)
    assert loaded.features == {}
    with pytest.raises(AttributeError, match="several files"):
        loaded.greet  # noqa: B018
