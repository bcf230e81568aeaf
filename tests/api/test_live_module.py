"""A generated module with sources that change, as an application runs it: real servers, a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import promptspec
from promptspec.loading import load
from promptspec.runtime import v1 as ps
from promptspec.sources import refreshing
from sources.postgresql import server

ROOT = Path(__file__).resolve().parents[2]
FEATURE = """
feature choose {
    model "gpt-5.6-luna"
    input { film: one of films }
    output bool
    prompt {
        user "{{ film.title }}"
    }

    example "the first" {
        given { film: "a" }
        returns true
    }

    test "one that does not exist" {
        given { film: "z" }
        refuses input.film
    }
}
"""
#: What the application does: it waits for a row that comes later, and tells what it saw.
APPLICATION = """
import json, sys, time
from features.shop import FILMS, choose
from promptspec.errors import InputRefused
from promptspec.runtime import v1 as ps

begun = time.monotonic()
while not FILMS.status.unchanged and time.monotonic() - begun < 30:
    FILMS.find("a")
    time.sleep(0.05)
print("ready", flush=True)
while FILMS.find("c") is None and time.monotonic() - begun < 60:
    time.sleep(0.05)
with choose.override(model=ps.replies(True), sources="newest"):
    shown = choose.render(film="c").messages[-1].content
with choose.override(model=ps.replies(True)):
    try:
        choose.render(film="c")
        built = True
    except InputRefused as error:
        built = type(error).__name__
status = FILMS.status
print(json.dumps([shown, built, status.taken, status.failed, status.problem]), flush=True)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(sys, "path", list(sys.path))
    root = tmp_path / "project"
    root.mkdir()
    return root


def write(root: Path, source: str, settings: str = "") -> Path:
    (root / "pyproject.toml").write_text(f"[tool.promptspec]\n{settings}")
    spec = root / "shop.spec"
    text = f"source films = {source} {{\n    key id\n    label title\n    refresh 1s\n    stale 1h\n}}\n"
    spec.write_text(f"promptspec 1\n\n{text}{FEATURE}")
    return spec


def built(spec: Path, **environment: str) -> None:
    pulled = promptspec("source", "pull", spec, environment=environment)
    assert pulled.code == 0, pulled.err
    done = promptspec("build", spec, "--out", spec.parent / "features")
    assert done.code == 0, done.out + done.err


def run(root: Path, change: Any, **environment: str) -> list[Any]:
    """Run the application; *change* is called once it has renewed its rows a first time."""
    path = os.pathsep.join([str(root), str(ROOT)])
    with subprocess.Popen(
        [sys.executable, "-c", APPLICATION],
        cwd=root,
        env={**os.environ, "PYTHONPATH": path, "PROMPTSPEC_SNAPSHOTS": str(root / "kept"), **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            change()
            return json.loads(process.stdout.readline())
        finally:
            process.kill()


def judged(told: list[Any]) -> None:
    shown, was_built, taken, failed, problem = told
    assert "Casino" in shown
    assert was_built == "InputRefused"
    assert (taken, failed, problem) == (1, 0, "")


def test_an_application_renews_rows_from_a_web_server(project: Path) -> None:
    rows = [{"id": "a", "title": "Alien"}, {"id": "b", "title": "Brazil"}]
    asked: list[Mapping[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(dict(self.headers))
            body, tag = json.dumps(rows).encode(), f'"{len(rows)}"'
            same = self.headers.get("If-None-Match") == tag
            self.send_response(304 if same else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("ETag", tag)
            self.send_header("Content-Length", "0" if same else str(len(body)))
            self.end_headers()
            self.wfile.write(b"" if same else body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        threading.Thread(target=web.serve_forever, daemon=True).start()
        host = f"127.0.0.1:{web.server_address[1]}"
        built(write(project, f'http("http://{host}/films")', f'hosts = ["{host}"]\n'))
        judged(run(project, lambda: rows.append({"id": "c", "title": "Casino"})))
        web.shutdown()
    # The pull and the first refresh send nothing that they did not keep themselves.
    assert [each.get("If-None-Match") for each in asked[:2]] == [None, None]
    assert '"2"' in {each.get("If-None-Match") for each in asked} or len(asked) == 3


def test_an_application_renews_rows_from_postgresql(project: Path) -> None:
    with server() as running:
        running.run("create table film (id text, title text); insert into film values ('a', 'Alien'), ('b', 'Brazil')")
        spec = write(
            project,
            'sql(env("SHOP_DB"), "select id, title from film order by id")',
            'env = ["SHOP_DB"]\nhosts = ["127.0.0.1"]\n',
        )
        built(spec, SHOP_DB=running.url)
        module = (project / "features" / "shop.py").read_text(encoding="utf-8")
        assert 'ps.Env("SHOP_DB")' in module
        assert running.url not in module
        judged(run(project, lambda: running.run("insert into film values ('c', 'Casino')"), SHOP_DB=running.url))


SHORTLIST = """
feature suggest {
    model "gpt-5.6-luna"
    input { wish: text(1..200) }
    find hits = films near wish top 1
    output one of hits
}
"""


def test_a_refresh_of_many_rows_is_found_by_a_shortlist(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_SNAPSHOTS", str(project / "kept"))
    origin = project / "origin_of_this_test.py"
    origin.write_text("def films():\n    return [{'id': f'k{at}', 'title': f'Film {at}'} for at in range(1_200)]\n")
    spec = write(project, 'python("origin_of_this_test:films")', 'functions = ["origin_of_this_test:films"]\n')
    spec.write_text(spec.read_text(encoding="utf-8").replace(FEATURE, SHORTLIST), encoding="utf-8")
    built(spec)
    sys.modules.pop("origin_of_this_test", None)
    origin.write_text("def films():\n    return [{'id': f'k{at}', 'title': f'Film {at}'} for at in range(1_500)]\n")
    loaded = load(spec)
    source = loaded.suggest.plan.sources[0]
    deadline = time.monotonic() + 30
    while len(source.newest()) < 1_500 and time.monotonic() < deadline:
        time.sleep(0.05)
    with loaded.suggest.override(model=ps.wires('{"answer": 1}'), sources="newest"):
        assert loaded.suggest(wish="film 1407", caller=ps.SignedIn("u1")).id == "k1407"


def test_check_test_and_stand_ins_contact_nobody(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "origin_of_this_test.py").write_text("def films():\n    return [{'id': 'a', 'title': 'Alien'}]\n")
    spec = write(project, 'python("origin_of_this_test:films")', 'functions = ["origin_of_this_test:films"]\n')
    built(spec)
    (project / "origin_of_this_test.py").write_text("raise RuntimeError('contacted')\n")
    sys.modules.pop("origin_of_this_test", None)

    def watch(self: object, changing: object) -> None:
        raise AssertionError("an origin is watched")

    monkeypatch.setattr(refreshing.Refresher, "watch", watch)
    assert promptspec("check", spec).code == 0
    assert promptspec("build", spec, "--check", "--out", project / "features").code == 0
    assert promptspec("test", spec).code == 0
    assert promptspec("fuzz", spec, "--profile", "dev", "--law", "world_is_closed").code == 0
    assert promptspec("source", "status", spec).code == 0
    choose = load(spec).choose
    with choose.override(model=ps.replies(True)):
        assert choose(film="a", caller=ps.SignedIn("u1")) is True
    monkeypatch.setenv("PROMPTSPEC_REHEARSE", "1")
    choose(film="a", caller=ps.SignedIn("u1"))
    assert "origin_of_this_test" not in sys.modules


@pytest.fixture(autouse=True)
def forget() -> Iterator[None]:
    yield
    sys.modules.pop("origin_of_this_test", None)
