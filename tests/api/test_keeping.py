"""Kept work counts only while nothing that it rests on has changed, by content."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from codegen.specs import write_spec
from promptspec import keeping
from promptspec.api import Compilation
from promptspec.building import build_all
from promptspec.errors import SpecError
from promptspec.loading import load
from promptspec.runtime.v1 import Session, wires
from promptspec.trials import check_paths

SPEC = """
source films = csv("films.csv") {
    trust curated
    key id
    label title
    columns { title: line(..40) }
}
feature pick {
    model "m"
    input { film: one of films }
    output bool
}
"""
FILMS = "id,title\na,First\nb,Second\n"
# An input that the prompt does not show is worth a warning.
WARNED = """
feature greet {
    model "m"
    input { name: line(..20) }
    output line(..20)
    prompt { user "Say hello." }
}
"""


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    keeping._compiler.cache_clear()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "p"
    write_spec(folder, SPEC)
    (folder / "pyproject.toml").write_text("[tool.promptspec]\n")
    (folder / "films.csv").write_text(FILMS)
    return folder


def done(project: Path, out: Path) -> Compilation:
    """Build as the command does, and keep it."""
    compilation = check_paths([project])
    keeping.keep("build", compilation, build_all(compilation, out).hashes, out=out)
    return compilation


def replace_in_silence(path: Path, old: bytes, new: bytes) -> None:
    """Change a file and leave its size and times as they were."""
    before = path.stat()
    data = path.read_bytes()
    assert old in data
    assert len(old) == len(new)
    path.write_bytes(data.replace(old, new))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def test_what_has_not_changed_is_found(project: Path, tmp_path: Path) -> None:
    done(project, tmp_path / "out")
    assert keeping.find("build", [project], tmp_path / "out") is not None
    assert keeping.find("build", [project / "a.spec"], tmp_path / "out") is not None


CHANGES: dict[str, Callable[[Path, Path], object]] = {
    "a byte of a spec": lambda p, _: replace_in_silence(p / "a.spec", b"pick", b"pack"),
    "a byte of a source": lambda p, _: replace_in_silence(p / "films.csv", b"First", b"Fifth"),
    "a source that is gone": lambda p, _: (p / "films.csv").unlink(),
    "another spec": lambda p, _: (p / "b.spec").write_text(f"promptspec 1\n{WARNED}"),
    "a setting": lambda p, _: (p / "pyproject.toml").write_text('[tool.promptspec]\nenv = ["A"]\n'),
    "a byte of a module": lambda _, out: (
        replace_in_silence(out / "a.py", b"First", b"Fifth")
        if b"First" in (out / "a.py").read_bytes()
        else replace_in_silence(out / "a.py", b"pick", b"pack")
    ),
    "a contract that is gone": lambda _, out: (out / "a.contract.json").unlink(),
    "a byte of a snapshot": lambda _, out: replace_in_silence(next(out.glob("*.sqlite")), b"First", b"Fifth"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_any_change_counts_whatever_the_times_of_files_say(
    project: Path, tmp_path: Path, change: Callable[[Path, Path], None]
) -> None:
    done(project, tmp_path / "out")
    change(project, tmp_path / "out")
    assert keeping.find("build", [project], tmp_path / "out") is None


def test_a_source_that_leads_out_of_the_project_is_not_followed(project: Path, tmp_path: Path) -> None:
    done(project, tmp_path / "out")
    (tmp_path / "films.csv").write_text(FILMS)
    (project / "films.csv").unlink()
    (project / "films.csv").symlink_to(tmp_path / "films.csv")
    assert keeping.find("build", [project], tmp_path / "out") is None


def test_another_day_compiler_task_or_folder_finds_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(project, tmp_path / "out")
    assert keeping.find("build", [project], tmp_path / "other") is None
    assert keeping.find("load", [project]) is None
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "_day", lambda: "2000-01-01")
        assert keeping.find("build", [project], tmp_path / "out") is None
    with monkeypatch.context() as patched:
        patched.setattr(keeping, "_compiler", lambda: "another")
        assert keeping.find("build", [project], tmp_path / "out") is None
    assert keeping.find("build", [project], tmp_path / "out") is not None


def test_an_installed_library_makes_another_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = keeping._compiler()
    keeping._compiler.cache_clear()
    (tmp_path / "lark-9.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert keeping._compiler() != before
    keeping._compiler.cache_clear()


def test_warnings_are_told_again(tmp_path: Path) -> None:
    write_spec(tmp_path / "p", WARNED)
    compilation = done(tmp_path / "p", tmp_path / "out")
    assert compilation.diagnostics
    assert not compilation.has_errors()
    kept = keeping.find("build", [tmp_path / "p"], tmp_path / "out")
    assert kept is not None
    assert kept.diagnostics == compilation.diagnostics
    assert all(kept.texts[each.span.file] == compilation.texts[each.span.file] for each in kept.diagnostics)


def test_errors_are_never_kept(project: Path, tmp_path: Path) -> None:
    (project / "films.csv").write_text("id,title\na,First\na,Second\n")
    compilation = check_paths([project])
    assert compilation.has_errors()
    keeping.keep("build", compilation, {}, out=tmp_path / "out")
    assert not (tmp_path / "cache" / "kept").exists()
    for _ in range(2):
        with pytest.raises(SpecError):
            load(project)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"made_with": 1}', "\udc80"])
def test_a_record_that_is_none_is_no_record(project: Path, tmp_path: Path, text: str) -> None:
    done(project, tmp_path / "out")
    (record,) = (tmp_path / "cache" / "kept").iterdir()
    record.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert keeping.find("build", [project], tmp_path / "out") is None


def test_a_record_lies_where_its_owner_alone_can_write_and_is_json(project: Path, tmp_path: Path) -> None:
    done(project, tmp_path / "out")
    folder = tmp_path / "cache" / "kept"
    assert folder.stat().st_mode & 0o777 == 0o700
    (record,) = folder.iterdir()
    assert set(json.loads(record.read_text())["read"]) == {"a.spec", "films.csv"}


def test_nothing_is_kept_or_found_in_a_folder_that_others_can_write_in(project: Path, tmp_path: Path) -> None:
    done(project, tmp_path / "out")
    (tmp_path / "cache").chmod(0o777)
    assert keeping.find("build", [project], tmp_path / "out") is None
    done(project, tmp_path / "out")


def test_records_go_after_a_month(project: Path, tmp_path: Path) -> None:
    old = tmp_path / "cache" / "kept" / "old.json"
    old.parent.mkdir(parents=True)
    (tmp_path / "cache").chmod(0o700)
    old.write_text("{}")
    os.utime(old, (0, 0))
    done(project, tmp_path / "out")
    assert not old.exists()


def test_what_was_loaded_before_runs_without_the_compiler(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load(project)
    monkeypatch.setitem(sys.modules, "promptspec.api", None)  # an import of it fails
    second = load(project)
    assert dir(second) == dir(first) == ["pick"]
    with second.pick.override(model=wires('{"answer": true}')):
        assert second.pick.call_fields({"film": "a"}, caller=Session("s")).value is True
    assert second.pick is first.pick


def test_a_loaded_package_that_was_changed_is_made_again(project: Path, tmp_path: Path) -> None:
    load(project)
    (module,) = (tmp_path / "cache" / "loaded").glob("*/a.py")
    module.write_text("raise SystemExit('not what was built')\n")
    for name in [name for name in sys.modules if name.startswith("promptspec_")]:
        del sys.modules[name]
    assert load(project).pick.plan.name == "pick"
