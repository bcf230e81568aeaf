"""`promptspec reports`: what callers said of replies, and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from cli.terminal import Seen, promptspec
from promptspec.ledger.opening import LEDGER, open_ledger
from promptspec.ledger.tables import ENTRIES, TEXTS
from promptspec.loading import load
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.runtime.overrides import replies
from promptspec.runtime.reporting import report
from promptspec.safety.callers import ID_KEY, SignedIn
from promptspec.safety.forwarding import FORWARD
from safety.servers import App, app_server

SPEC = """promptspec 1

enum Mood {
    calm,
    upset,
}

## Answers a customer.
feature answer_customer {
    model "gpt-5.6-luna"
    caller signed_in

    input {
        question: text(1..500)
        mood: Mood
        since: date?
    }

    # What goes out.
    output {
        answer: text(..400)
        certain: decimal(0..1, 2)
    }

    report to "URL"
}
"""
ADA = SignedIn("ada@example.org")
INPUT = {"question": 'Is "it"\nthere? ${x} }', "mood": "upset", "since": "2026-01-31"}
REPLY = {"answer": "It is {here}.", "certain": 0.5}
SAID = "It is not\x1b[2J here,\nand you know it."


@pytest.fixture
def app() -> Iterator[App]:
    with app_server() as running:
        yield running


@pytest.fixture
def spec(project: Path, app: App) -> Path:
    (project / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["127.0.0.1"]\n')
    path = project / "shop.spec"
    path.write_text(SPEC.replace("URL", app.url))
    return path


@pytest.fixture
def world(tmp_path: Path) -> World:
    environment = {ID_KEY: "k1:0123456789abcdef", LEDGER: str(tmp_path / "ledger.db"), FORWARD: "0"}
    return replace(HOST, environment=environment)


@pytest.fixture
def filed(spec: Path, world: World) -> str:
    feature: Any = load(spec).answer_customer
    ledger = open_ledger(world.environment[LEDGER])
    with feature.override(model=replies(REPLY), world=world, ledger=ledger):
        reply = feature.call_fields(INPUT, caller=ADA)
    return report(reply.id, SAID.replace("\x1b", "!"), ADA, world=world)


def run(world: World, *arguments: object, stdin: str = "", terminal: bool = False) -> Seen:
    return promptspec("reports", *arguments, environment=dict(world.environment), stdin=stdin, terminal=terminal)


def kinds(world: World) -> list[str]:
    with open_ledger(world.environment[LEDGER]).reading() as connection:
        return list(connection.execute(select(ENTRIES.c.kind).order_by(ENTRIES.c.seq)).scalars())


def test_reports_are_listed_shown_sent_and_closed(world: World, filed: str, app: App) -> None:
    listed = run(world, "list")
    assert listed.code == 0
    assert filed in listed.out
    assert "shop.spec:answer_customer  not sent yet, tried 0 times" in listed.out
    assert "1 not sent yet" in listed.out

    app.status = 500
    failed = run(world, "send")
    assert failed.code == 3
    assert "the host answered with status 500" in failed.err
    assert "tried 1 time: the host answered with status 500" in run(world, "list").out
    app.status = 200
    assert run(world, "send").out == "1 sent, 0 not yet\n"
    assert json.loads(run(world, "send", "--json").out) == {"sent": 0, "waiting": 0, "problems": {}}

    shown = run(world, "show", filed, "--by", "eve")
    assert shown.code == 0
    assert "open, sent" in shown.out
    assert "It is not![2J here,\nand you know it.\n" in shown.out
    assert "  mood: upset" in shown.out
    assert "  answer: It is {here}." in shown.out
    assert ADA.id not in shown.out
    data = json.loads(run(world, "show", filed, "--json").out)
    assert data["input"] == INPUT
    assert data["output"] == {"answer": "It is {here}.", "certain": 0.5}

    assert run(world, "close", filed, "--by", "eve", "--reason", "was\x1b lost").code == 0
    assert run(world, "close", filed).code == 1
    assert "no reports" in run(world, "list").out
    assert filed in run(world, "list", "--state", "closed").out
    assert "reason   was\\u{1B} lost" in run(world, "show", filed).out
    seen = kinds(world)
    assert seen[:4] == ["delivered", "reported", "message_sent", "report_seen"]
    assert seen.count("report_closed") == 1
    assert seen.count("report_seen") == 3


def test_what_is_not_kept_any_more_is_told_so(world: World, filed: str, spec: Path, tmp_path: Path) -> None:
    with open_ledger(world.environment[LEDGER]).writing() as connection:
        connection.execute(delete(TEXTS))
    shown = run(world, "show", filed)
    assert shown.code == 0
    assert "The text is not kept any more." in shown.out
    assert shown.out.count("not kept any more") == 3
    assert run(world, "to-test", filed, spec, "--out", tmp_path / "x.spec", "--yes").code == 1


def test_a_report_becomes_a_test_that_fails_until_a_rule_refuses_the_reply(
    world: World, filed: str, spec: Path
) -> None:
    out = spec.parent / "reported.spec"
    assert run(world, "to-test", filed, spec, "--out", out).code == 2  # nobody is there to say yes
    assert run(world, "to-test", filed, spec, "--out", out, stdin="n\n", terminal=True).code == 130
    assert not out.exists()
    seen = run(world, "to-test", filed, spec, "--out", out, stdin="y\n", terminal=True)
    assert seen.code == 0, seen.err
    text = out.read_text()
    assert f'    test "reported: {filed}" {{\n' in text
    assert "# What goes out." in text
    assert "example" not in text.replace("example.org", "")
    assert ADA.id not in text
    assert promptspec("fmt", "--check", out).code == 0
    failed = promptspec("test", out)
    assert failed.code == 1
    assert "1 failed" in failed.out
    out.write_text(text.replace("    report to", '    ensure certain >= 0.9 else "is certain"\n\n    report to'))
    assert promptspec("test", out).code == 0
    # A file that exists is left alone.
    before = out.read_text()
    assert run(world, "to-test", filed, spec, "--out", out, "--yes").code == 2
    assert out.read_text() == before


def test_a_test_is_written_for_the_spec_of_the_report_alone(world: World, filed: str, spec: Path) -> None:
    other = spec.parent / "other.spec"
    other.write_text(spec.read_text())
    assert run(world, "to-test", filed, other, "--out", spec.parent / "new.spec", "--yes").code == 1
    assert not (spec.parent / "new.spec").exists()


def test_what_is_not_there_is_told_so(world: World, filed: str, spec: Path, tmp_path: Path) -> None:
    assert run(world, "show", "p_0").code == 1
    assert run(world, "close", "p_0").code == 1
    assert run(world, "to-test", "p_0", spec, "--out", tmp_path / "x.spec").code == 1
    assert run(world, "list", "--state", "x").code == 2
    nowhere = replace(world, environment={**world.environment, LEDGER: str(tmp_path / "none.db")})
    for command in ("list", "send"):
        seen = run(nowhere, command)
        assert seen.code == 3
        assert "there is no ledger" in seen.err


def test_a_test_that_the_spec_of_today_cannot_hold_is_not_written(world: World, filed: str, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("mood: Mood", "mood: image(..1mb)"))
    out = spec.parent / "reported.spec"
    seen = run(world, "to-test", filed, spec, "--out", out, "--yes")
    assert seen.code == 1
    assert "error[PS118]" in seen.err
    assert not out.exists()
