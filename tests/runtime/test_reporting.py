"""Reports: whose they are, how many there may be, and that they are kept or refused."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

import promptspec
from check.specs import codes, feature, said
from codegen.specs import compiled, emitted, loaded, write_spec
from promptspec.errors import InputRefused, LedgerUnavailable, LimitReached, ModelUnavailable, Suspended
from promptspec.ledger import callers, outbox, reports, texts
from promptspec.ledger.chain import verify
from promptspec.ledger.opening import LEDGER, Ledger, ledger_of
from promptspec.ledger.tables import ENTRIES, OUTBOX, REPORTS, TEXTS
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.runtime.reporting import MOST_TEXT, areport, report
from promptspec.safety.callers import ID_KEY, Anyone, Session, SignedIn, hash_of
from promptspec.safety.forwarding import FORWARD

ADA, EVE = SignedIn("ada@example.org"), SignedIn("eve@example.org")
SPEC = """
    feature ask {
        model "gpt-5.6-luna"
        caller CALLER

        input { question: text(..200) }
        output text(..200)
        report to "mailto:desk@shop.example.org" SHOW
    }
"""


class Model:
    """A model that is no script, so that calls are made in earnest."""

    name = "m"

    async def ask(self, ask: Any, **_: Any) -> Any:
        from promptspec.models.port import Answer, Usage

        return Answer(text='{"answer": "Hello"}', model="m", usage=Usage())


@pytest.fixture
def world(tmp_path: Path) -> World:
    environment = {ID_KEY: "k1:0123456789abcdef", LEDGER: str(tmp_path / "ledger.db"), FORWARD: "0"}
    return replace(HOST, environment=environment)


def ask(folder: Path, caller: str = "session", show: str = "") -> Any:
    (folder / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["shop.example.org"]\n')
    return loaded(folder, SPEC.replace("CALLER", caller).replace("SHOW", show)).ask


def replied(tmp_path: Path, world: World, caller: Anyone = ADA, *, level: str = "session", show: str = "") -> str:
    """Return the id of a reply that *caller* got."""
    called = ask(tmp_path, level, show)
    with called.override(model=Model(), world=world, ledger=ledger_of(world.environment)):
        return called.call(question="Hi?", caller=caller).id


def counted(ledger: Ledger) -> tuple[int, int]:
    with ledger.reading() as connection:
        found = [connection.execute(select(func.count()).select_from(each)).scalar_one() for each in (REPORTS, OUTBOX)]
    return found[0], found[1]


def test_a_report_is_kept_with_its_message_and_its_line_in_the_trail(tmp_path: Path, world: World) -> None:
    reply = replied(tmp_path, world, show="{ show reply }")
    id = report(reply, "It is\r\nwrong.\u200b", ADA, world=world)
    assert id.startswith("p_")
    assert len(id) == 2 + 32
    with ledger_of(world.environment).reading() as connection:
        found = reports.find(connection, id)
        assert found is not None
        assert (found.reply, found.state, found.feature) == (reply, "open", "a.spec:ask")
        assert found.caller == hash_of(ADA, world.environment)
        assert texts.read(connection, id, None) == {"report": "It is\nwrong."}
        message = connection.execute(select(OUTBOX)).one()
        assert message.target == "mailto:desk@shop.example.org"
        assert json.loads(message.body) == {"hosts": ["shop.example.org"], "shows_reply": True}
        last = connection.execute(select(ENTRIES).order_by(ENTRIES.c.seq.desc()).limit(1)).one()
        assert (last.kind, last.subject) == ("reported", id)
        assert texts.differs(connection, id, json.loads(last.facts)["texts"], None) is None
        assert "wrong" not in last.facts
        assert verify(connection).broken is None


def test_asynchronous_code_reports_too(tmp_path: Path, world: World) -> None:
    reply = replied(tmp_path, world)
    assert asyncio.run(areport(reply, "It is wrong.", ADA, world=world)).startswith("p_")


def test_nobody_learns_which_replies_there_are(tmp_path: Path, world: World) -> None:
    reply = replied(tmp_path, world)
    refused: set[tuple[str, str]] = set()
    for id in (reply, "r_" + "0" * 32, "", "x" * 900, "é", "\0", None):
        for caller in (EVE, Session(ADA.id), Anyone(), None):
            with pytest.raises(InputRefused) as raised:
                report(id, "It is wrong.", caller, world=world)  # type: ignore[arg-type]
            refused.add((str(raised.value), raised.value.violations[0].rule))
            assert raised.value.__context__ is None
    assert len(refused) == 1
    assert counted(ledger_of(world.environment)) == (0, 0)


def test_a_reply_of_a_feature_without_reports_cannot_be_reported(tmp_path: Path, world: World) -> None:
    called: Any = loaded(tmp_path, SPEC.replace("CALLER", "session").replace("report to", "keep 30d #")).ask
    with called.override(model=Model(), world=world, ledger=ledger_of(world.environment)):
        reply = called.call(question="Hi?", caller=ADA).id
    with pytest.raises(InputRefused, match="can be reported"):
        report(reply, "It is wrong.", ADA, world=world)


def test_a_reply_to_anyone_is_reported_by_who_knows_its_id(tmp_path: Path, world: World) -> None:
    reply = replied(tmp_path, world, Anyone(), level="anyone")
    assert report(reply, "It is wrong.", world=world)
    assert report(reply, "It is wrong.", EVE, world=world)


def test_a_caller_reports_a_reply_of_before_keys_were_rotated(tmp_path: Path, world: World) -> None:
    reply = replied(tmp_path, world)
    rotated = {**world.environment, ID_KEY: "k2:fedcba9876543210,k1:0123456789abcdef"}
    assert report(reply, "It is wrong.", ADA, world=replace(world, environment=rotated))
    without = {key: value for key, value in world.environment.items() if key != ID_KEY}
    with pytest.raises(ModelUnavailable, match="PROMPTSPEC_ID_KEY"):
        report(reply, "It is wrong.", ADA, world=replace(world, environment=without))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("", "too_short"),
        (" \n\t", "too_short"),
        ("\u200b", "too_short"),
        ("x" * (MOST_TEXT + 1), "too_long"),
        ("x" * 1_000_000, "too_long_raw"),
        ("a\0b", "control"),
        ("a\ud800b", "surrogate"),
        (b"It is wrong.", "type"),
        (None, "type"),
    ],
)
def test_a_text_that_is_none_is_refused(tmp_path: Path, world: World, text: Any, rule: str) -> None:
    reply = replied(tmp_path, world)
    with pytest.raises(InputRefused) as raised:
        report(reply, text, ADA, world=world)
    (violation,) = raised.value.violations
    assert (violation.path, violation.rule) == ("text", rule)
    assert counted(ledger_of(world.environment)) == (0, 0)
    assert report(reply, "x" * MOST_TEXT, ADA, world=world)


def test_a_reply_is_reported_five_times_and_a_caller_reports_twenty_times_an_hour(tmp_path: Path, world: World) -> None:
    at = datetime(2026, 11, 27, 12, tzinfo=UTC)

    class Clock:
        monotonic = HOST.clock.monotonic
        today = HOST.clock.today

        def now(self) -> datetime:
            return at

    world = replace(world, clock=Clock())
    ids = [replied(tmp_path, world) for _ in range(6)]
    for reply in ids[:4]:
        for _ in range(5):
            report(reply, "It is wrong.", ADA, world=world)
    with pytest.raises(LimitReached):
        report(ids[4], "It is wrong.", ADA, world=world)
    other = replied(tmp_path, world, EVE)
    report(other, "It is wrong.", EVE, world=world)
    at += timedelta(hours=1)
    with pytest.raises(LimitReached):
        report(ids[0], "It is wrong.", ADA, world=world)
    assert report(ids[4], "It is wrong.", ADA, world=world)


def test_a_suspended_caller_reports_nothing(tmp_path: Path, world: World) -> None:
    reply = replied(tmp_path, world)
    with ledger_of(world.environment).writing() as connection:
        callers.suspend(connection, [hash_of(ADA, world.environment) or ""], at=1, by="x", reason="")

    class Clock:
        """A clock for which nothing was read before."""

        monotonic = HOST.clock.monotonic
        now = HOST.clock.now
        today = HOST.clock.today

    with pytest.raises(Suspended):
        report(reply, "It is wrong.", ADA, world=replace(world, clock=Clock()))


def test_what_cannot_be_written_is_not_taken(tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(LedgerUnavailable, match="no ledger is named"):
        report("r_1", "It is wrong.", world=replace(world, environment={}))
    reply = replied(tmp_path, world)

    def full(*_: object, **__: object) -> None:
        raise LedgerUnavailable("the disk is full")

    monkeypatch.setattr(outbox, "put", full)
    with pytest.raises(LedgerUnavailable, match="full"):
        report(reply, "It is wrong.", ADA, world=world)
    assert counted(ledger_of(world.environment)) == (0, 0)
    with ledger_of(world.environment).reading() as connection:
        assert connection.execute(select(TEXTS.c.name).where(TEXTS.c.name == "report")).all() == []


def test_a_stand_in_has_its_replies_reported_where_it_wrote_them(tmp_path: Path) -> None:
    called = ask(tmp_path, "anyone")
    with called.override(model=promptspec.replies("Hello")):
        reply = called.call(question="Hi?")
        assert report(reply.id, "It is wrong.", world=replace(HOST, environment={FORWARD: "0"}))
    with pytest.raises(LedgerUnavailable):
        report(reply.id, "It is wrong.", world=replace(HOST, environment={FORWARD: "0"}))


def test_a_secret_key_seals_what_is_said(tmp_path: Path, world: World) -> None:
    world = replace(world, environment={**world.environment, "PROMPTSPEC_LEDGER_KEY": "k" * 32})
    reply = replied(tmp_path, world)
    id = report(reply, "It is wrong.", ADA, world=world)
    with ledger_of(world.environment).reading() as connection:
        content = connection.execute(select(TEXTS.c.content).where(TEXTS.c.owner == id)).scalar_one()
    assert b"wrong" not in bytes(content)


# In the spec


def test_reports_have_no_stream(tmp_path: Path) -> None:
    assert "`report` is decided on the whole reply" in ask(tmp_path).no_stream


@pytest.mark.parametrize(
    "target",
    [
        "mailto:", "mailto:desk", "mailto:a@shop.example.org,b@shop.example.org",
        "mailto:a@shop.example.org?cc=b@x.org", "mailto:<a@shop.example.org>", "MAILTO:a@shop.example.org", "https://shop.example.org/r?x=1",
        "https://u:p@shop.example.org/r", "https://shop.example.org/r#x", "https://shop.example.org:0/r", "ftp://x/y",
        "", "javascript:alert(1)", "https://" + "a" * 2_000,
    ],
)  # fmt: skip
def test_a_target_that_is_none_is_refused(tmp_path: Path, target: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["shop.example.org"]\n')
    spec = SPEC.replace("CALLER", "session").replace("SHOW", "")
    found = compiled(tmp_path, spec.replace("mailto:desk@shop.example.org", target))
    assert [each.code for each in found.diagnostics] == ["PS930"]


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("mailto:desk@example.org", "PS807"),
        ("mailto:desk@shop.example.org.evil.com", "PS807"),
        ("https://evil.com/r", "PS807"),
        ("http://shop.example.org/r", "PS807"),
        ("mailto:desk@SHOP.example.org", ""),
        ("https://shop.example.org:8443/r", ""),
    ],
)
def test_the_project_lists_the_host(tmp_path: Path, target: str, code: str) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["shop.example.org"]\n')
    path = write_spec(tmp_path, SPEC.replace("CALLER", "session").replace("SHOW", ""))
    path.write_text(path.read_text().replace("mailto:desk@shop.example.org", target))
    found = promptspec_check(path)
    assert [each.code for each in found] == ([code] if code else [])


def promptspec_check(path: Path) -> Any:
    from promptspec.api import compile_paths

    return compile_paths([path]).diagnostics


def test_a_feature_has_one_address_for_reports() -> None:
    twice = feature('report to "mailto:a@example.org"\n    report to "mailto:b@example.org"')
    assert "PS204" in codes(twice) or "`report`" in " ".join(said(twice))


def test_a_module_says_where_reports_go(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\nhosts = ["shop.example.org", "other.example.org"]\n')
    spec = SPEC.replace("CALLER", "session")
    plain, shown = (emitted(tmp_path, spec.replace("SHOW", show)) for show in ("", "{ show reply }"))
    target = 'report=ps.ReportTo(target="mailto:desk@shop.example.org", hosts=("shop.example.org",)'
    assert f"{target})," in plain
    assert "shows_reply" not in plain
    assert "shows_reply=True," in shown
