"""Sources outside of the project, as specs name them: nothing is contacted, nothing imported."""

from __future__ import annotations

import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from check.specs import codes, feature, said
from promptspec.api import Compilation, compile_paths
from promptspec.building import build_all, stale
from promptspec.contract.encoding import decode, encode
from promptspec.contract.models import Environment
from promptspec.diagnostics.terminal import render_terminal
from sources.origins import NOW, pull

SETTINGS = (
    '[tool.promptspec]\nenv = ["DB"]\nhosts = ["db.example.org", "geo.example.org", "127.0.0.1:8080"]\n'
    'functions = ["shop_of_checks:films", "shop_of_checks:others", "shop.films:Shop.open_films"]\n'
)
FILMS = feature(input="film: one of films")


def source(written: str, *settings: str) -> str:
    lines = "".join(f"    {each}\n" for each in ("key id", "label title", *settings))
    return f"source films = {written} {{\n{lines}}}\n" + FILMS


PYTHON = 'python("shop_of_checks:films")'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a callable that nothing but a pull may import."""
    root = tmp_path / "project"
    root.mkdir()
    (root / "pyproject.toml").write_text(SETTINGS)
    (root / "shop_of_checks.py").write_text(
        "def films():\n    return [{'id': 'a', 'title': 'Alien'}, {'id': 'b', 'title': 'Brazil'}]\n"
    )
    monkeypatch.syspath_prepend(str(root))
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    sys.modules.pop("shop_of_checks", None)
    return root


def compiled(root: Path, text: str) -> Compilation:
    (root / "shop.spec").write_text(f"promptspec 1\n\n{text}", encoding="utf-8")
    return compile_paths([root / "shop.spec"])


def told(root: Path, text: str) -> list[str]:
    return [f"{each.code} {each.message}" for each in compiled(root, text).diagnostics]


def pulled(root: Path, text: str) -> Compilation:
    """Pull the source of *text*, then compile it."""
    checked = compiled(root, text).unit("shop.spec").checked
    assert checked is not None
    source = checked.scope.live["films"]
    pull(source, root / source.path, now=NOW, environment={}, root=root)
    return compiled(root, text)


# Snapshots


def test_without_a_snapshot_the_help_says_what_to_run(project: Path) -> None:
    (found,) = compiled(project, source(PYTHON)).diagnostics
    assert (found.code, found.message) == ("PS811", "source `films` was not pulled yet")
    assert found.help == ("run `promptspec source pull shop.spec:films`",)
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "diagnostics" / "PS811.md"
    shown = render_terminal((found,), compiled(project, source(PYTHON)).texts, colour=False, width=100)
    assert "\n".join(shown.splitlines()[:7]) in page.read_text(encoding="utf-8")
    assert "shop_of_checks" not in sys.modules


def test_with_a_snapshot_a_spec_compiles_and_builds_without_its_origin(project: Path, tmp_path: Path) -> None:
    found = pulled(project, source(PYTHON))
    assert [each.message for each in found.diagnostics] == []
    sys.modules.pop("shop_of_checks", None)
    (project / "shop_of_checks.py").write_text("raise RuntimeError('never imported')\n")
    found = compiled(project, source(PYTHON))
    build_all(found, tmp_path / "out")
    assert stale(found, tmp_path / "out") == ()
    assert "shop_of_checks" not in sys.modules
    module = found.unit("shop.spec").module
    assert module is not None
    (films,) = module.sources
    assert (films.size, films.pulled, films.trusted) == (2, "2026-11-27T12:00:00Z", False)
    assert decode(encode(module)) == module


def test_another_snapshot_makes_the_module_stale(project: Path, tmp_path: Path) -> None:
    text = source(PYTHON)
    build_all(pulled(project, text), tmp_path / "out")
    live = compiled(project, text).unit("shop.spec").checked
    assert live is not None
    later = NOW.replace(day=28)
    pull(live.scope.live["films"], project / "snapshots/films.sqlite", now=later, environment={}, root=project)
    again = compiled(project, text)
    names = {path.name.split(".")[0] for path in stale(again, tmp_path / "out")}
    assert names == {"shop", "films"}
    build_all(again, tmp_path / "out")
    assert stale(again, tmp_path / "out") == ()


def test_a_pin_is_judged_as_that_of_a_file(project: Path) -> None:
    text = source(PYTHON, 'pin "sha256:00"')
    pulled(project, text)
    assert told(project, text) == ["PS804 `snapshots/films.sqlite` is not the snapshot that is pinned"]


def test_a_snapshot_that_somebody_changed_is_told(project: Path) -> None:
    text = source(PYTHON)
    pulled(project, text)
    path = project / "snapshots/films.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE entries SET c1 = 'Aliens' WHERE position = 1")
    connection.close()
    assert told(project, text) == ["PS811 the snapshot of `films` was changed after it was pulled"]
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("UPDATE entries SET c1 = printf('%0300d', 1) WHERE position = 2")
    connection.close()
    assert told(project, text) == ["PS802 `snapshots/films.sqlite`: row 2: title: the cell is longer than 200 chars"]
    path.write_bytes(b"x" * 100)
    assert told(project, text) == ["PS811 the snapshot of `films` is damaged"]


def test_a_source_that_changed_is_pulled_again(project: Path) -> None:
    pulled(project, source(PYTHON))
    text = source(PYTHON, "columns { year: int(1900..2100) }")
    assert told(project, text) == ["PS811 the snapshot of `films` was pulled from another origin, or for other columns"]
    text = source('python("shop_of_checks:others")')
    assert told(project, text) == ["PS811 the snapshot of `films` was pulled from another origin, or for other columns"]


@pytest.mark.parametrize("kind", ["link", "fifo", "folder"])
def test_a_snapshot_that_is_no_file_of_the_project_is_not_opened(project: Path, tmp_path: Path, kind: str) -> None:
    (project / "snapshots").mkdir()
    place = project / "snapshots" / "films.sqlite"
    if kind == "link":
        (tmp_path / "films.sqlite").write_bytes(b"x")
        place.symlink_to(tmp_path / "films.sqlite")
    elif kind == "fifo":
        os.mkfifo(place)
    else:
        place.mkdir()
    expected = {"link": "PS119", "fifo": "PS118", "folder": "PS118"}
    assert [line[:5] for line in told(project, source(PYTHON))] == [expected[kind]]


def test_keys_of_the_snapshot_are_known(project: Path) -> None:
    text = source(PYTHON).replace("one of films", 'one of films = "c"')
    assert [each.message for each in pulled(project, text).diagnostics] == ["`films` has no key `c`"]


# Declarations


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('sql("postgresql://db.example.org/shop", "select id, title from film")', "PS811"),
        ('sql(env("DB"), "with a as (select 1) select id, title from film")', "PS811"),
        ('sql("sqlite:///data/shop.db", "select id, title from film")', "PS811"),
        ('http("https://geo.example.org/films.json")', "PS811"),
        ('http("http://127.0.0.1:8080/films")', "PS811"),
        ('http(env("DB"))', "PS811"),
        ('python("shop.films:Shop.open_films")', "PS811"),
        ('sql("postgresql://reader:pa55@db.example.org/shop", "select id from film")', "PS805"),
        ('sql("postgresql://db.example.org/shop?password=x", "select id from film")', "PS805"),
        ('sql("postgresql://db.example.org/shop?host=evil.example.org", "select id from film")', "PS803"),
        ('sql("postgresql://other.example.org/shop", "select id from film")', "PS807"),
        ('sql("mysql://db.example.org/shop", "select id from film")', "PS803"),
        ('sql("sqlite:////etc/shop.db", "select id from film")', "PS119"),
        ('sql("sqlite:///../shop.db", "select id from film")', "PS119"),
        ('sql(env("OTHER"), "select id from film")', "PS806"),
        ('sql(env("DB"), "delete from film")', "PS803"),
        ('sql(env("DB"), "select id from film; drop table film")', "PS803"),
        ('sql(env("DB"))', "PS803"),
        ('sql(env("DB"), env("DB"))', "PS803"),
        ('http("https://other.example.org/films.json")', "PS807"),
        ('http("http://geo.example.org/films.json")', "PS807"),
        ('http("https://user:pa55@geo.example.org/films.json")', "PS805"),
        ('http("https://geo.example.org/films.json?token=1")', "PS805"),
        ('http("geo.example.org/films.json")', "PS803"),
        ('http("https://geo.example.org/a", "https://geo.example.org/b")', "PS803"),
        ('python("shop.films")', "PS803"),
        ('python("shop films:open")', "PS803"),
        ('python(env("DB"))', "PS803"),
        ('pyton("shop:films")', "PS803"),
    ],
)
def test_an_origin_is_judged_as_it_is_written(project: Path, written: str, expected: str) -> None:
    assert [line[:5] for line in told(project, source(written))] == [expected]


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("refresh 10m", "PS812 a source from `csv` has no `refresh`"),
        ("time 2s", "PS812 a source from `csv` has no `time`"),
    ],
)
def test_a_file_has_no_setting_of_an_origin(setting: str, message: str) -> None:
    assert said(source('csv("films.csv")', setting), films_csv="id,title\n1,x\n") == [message]


def test_trust_open_may_be_written_out() -> None:
    assert codes(source('csv("films.csv")', "trust open"), films_csv="id,title\n1,x\n") == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (("trust curated",), "PS812 a source from `python` cannot be `trust curated`"),
        (("stale 1d",), "PS803 `stale` says how long rows serve while `refresh` fails, and there is no `refresh`"),
        (("refresh 10m", "stale 10m"), "PS803 `stale` is longer than `refresh`"),
        (("refresh 10",), "PS803 `refresh` does not take this"),
        (("refresh 500ms",), "PS803 `refresh` does not take this"),
        (("time 2h",), "PS803 `time` does not take this"),
        (("trust me",), "PS803 `trust` does not take this"),
        (('select "$[*]"',), "PS803 `select` is for json"),
    ],
)
def test_settings_that_do_not_go_together_are_told(project: Path, settings: tuple[str, ...], message: str) -> None:
    assert told(project, source(PYTHON, *settings)) == [message]


def test_a_file_of_sqlite_that_the_spec_names_is_not_refreshed(project: Path) -> None:
    written = 'sql("sqlite:///data/shop.db", "select id, title from film")'
    assert told(project, source(written, "refresh 10m")) == [
        "PS812 a file of SQLite that the spec names has no `refresh`"
    ]


def test_times_and_hosts_stand_in_the_contract(project: Path) -> None:
    found = compiled(project, source('sql(env("DB"), "select id, title from film")', "refresh 10m", 'pin "x"'))
    checked = found.unit("shop.spec").checked
    assert checked is not None
    live = checked.scope.live["films"].live
    assert live is not None
    assert live.arguments == (Environment(name="DB"), "select id, title from film")
    assert (live.time_ms, live.refresh_ms, live.stale_ms, live.pin) == (30_000, 600_000, 6_000_000, "x")
    assert live.hosts == ("127.0.0.1:8080", "db.example.org", "geo.example.org")
    found = compiled(project, source('http("https://geo.example.org/a")', "refresh 10m", "stale 1d", "time 2s"))
    checked = found.unit("shop.spec").checked
    assert checked is not None
    live = checked.scope.live["films"].live
    assert live is not None
    assert live == replace(live, time_ms=2_000, refresh_ms=600_000, stale_ms=86_400_000, hosts=("geo.example.org",))


def test_a_kind_that_a_package_brings_is_known_by_its_name_alone(project: Path, tmp_path: Path) -> None:
    package = project / "sheets-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: sheets\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text("[promptspec.sources]\nsheet = nowhere_at_all:read\n")
    assert told(project, source('sheet("https://sheets.example.org/7")')) == ["PS811 source `films` was not pulled yet"]
    assert told(project, source("sheet()"))[0].startswith("PS803 `sheet` takes something")
    assert "nowhere_at_all" not in sys.modules
