"""Reports reach whom the spec names: at least once, whatever is down, and with nothing that was not to be told."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from promptspec.ledger import outbox, reports
from promptspec.ledger.chain import verify
from promptspec.ledger.opening import LEDGER, Ledger, ledger_of
from promptspec.ledger.outbox import LAST_PAUSE, LEASE
from promptspec.ledger.tables import ENTRIES, REPLIES, TEXTS
from promptspec.ledger.texts import Kept, keep
from promptspec.ports import World
from promptspec.runtime.host import HOST
from promptspec.runtime.reporting import report
from promptspec.safety.callers import ID_KEY, SignedIn, hash_of
from promptspec.safety.forwarding import FORWARD, Forwarder, send_in_background
from promptspec.safety.mail import MAIL_SERVER
from safety.servers import Certificates, app_server, certificates, free_port, mail_server

ADA = SignedIn("ada@example.org")
TEXT = "It says that 2 + 2 = 5.\nPlease look, Ünï."
REPLY = '{"answer": "2 + 2 = 5"}'
MAILBOX = "mailto:desk@shop.example.org"


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 27, 12, tzinfo=UTC)

    def monotonic(self) -> float:
        return self.at.timestamp()

    def now(self) -> datetime:
        return self.at

    def today(self) -> object:
        return self.at.date()


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    found = certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(found.authority))
    return found


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def world(tmp_path: Path, clock: Clock) -> World:
    environment = {ID_KEY: "k1:0123456789abcdef", LEDGER: str(tmp_path / "ledger.db"), FORWARD: "0"}
    return replace(HOST, environment=environment, clock=clock)


def with_mail(world: World, port: int, *, scheme: str = "smtp+starttls", login: str = "app:p%40ss%20word@") -> World:
    address = f"{scheme}://{login}127.0.0.1:{port}?from=app@example.org"
    return replace(world, environment={**world.environment, MAIL_SERVER: address})


def ledger(world: World) -> Ledger:
    return ledger_of(world.environment)


def made_reply(world: World, target: str, *, id: str = "r_1", hosts: tuple[str, ...] = (), shows: bool = False) -> None:
    """Write what a call of a feature with `report to` writes."""
    hosts = hosts or ("shop.example.org", "127.0.0.1")
    at = round(world.clock.now().timestamp() * 1000)
    row = {
        "id": id,
        "feature": "specs/sums.spec:add",
        "caller": hash_of(ADA, world.environment),
        "at": at,
        "model": "m",
        "ticket": None,
        "reporting": reports.encode_reporting(target, hosts, shows_reply=shows),
    }
    with ledger(world).writing() as connection:
        connection.execute(insert(REPLIES), row)
        reply = json.dumps({"value": REPLY, "rehearsed": False})
        keep(connection, id, [Kept(name="reply", content=reply, until=at + 1_000_000_000)], None)


def reported(world: World, target: str, *, shows: bool = False, count: int = 1) -> list[str]:
    made_reply(world, target, shows=shows)
    return [report("r_1", f"{TEXT} {number}", ADA, world=world) for number in range(count)]


def send(world: World, *, at_once: bool = False) -> dict[str, str]:
    return Forwarder(ledger(world), world).send(at_once=at_once).problems


def is_sent(world: World, id: str) -> bool:
    with ledger(world).reading() as connection:
        state = outbox.state_of(connection, id)
    assert state is not None
    return state.state == "sent"


# By mail


@pytest.mark.parametrize("scheme", ["smtp+starttls", "smtps"])
def test_a_report_is_mailed_once_encrypted_with_its_id(known: Certificates, world: World, scheme: str) -> None:
    with mail_server(known.tls, at_once=scheme == "smtps") as server:
        world = with_mail(world, server.port, scheme=scheme)
        (id,) = reported(world, MAILBOX)
        assert send(world) == {}
        assert send(world, at_once=True) == {}
    ((sender, to, mail),) = server.taken
    assert server.seen_password
    assert (sender, to) == ("app@example.org", ["desk@shop.example.org"])
    assert mail["Message-ID"] == f"<{id}@example.org>"
    assert mail["Subject"] == "Reported: specs/sums.spec:add"
    body = mail.get_payload(decode=True)
    assert isinstance(body, bytes)
    text = body.decode()
    assert TEXT in text.replace("\r\n", "\n")
    assert id in text
    assert '2 + 2 = 5"' not in text
    assert str(hash_of(ADA, world.environment)) in text
    assert ADA.id not in mail.as_string() + text
    assert is_sent(world, id)


def test_the_reply_is_in_the_mail_where_the_spec_says_so(known: Certificates, world: World, clock: Clock) -> None:
    with mail_server(known.tls) as server:
        world = with_mail(world, server.port)
        reported(world, MAILBOX, shows=True)
        send(world)
        with ledger(world).writing() as connection:
            connection.execute(TEXTS.delete().where(TEXTS.c.owner == "r_1"))
        report("r_1", "again", ADA, world=world)
        send(world)
    first, second = (mail.get_payload(decode=True).decode() for _, _, mail in server.taken)  # type: ignore[union-attr]
    assert REPLY in first
    assert REPLY not in second
    assert "It is not kept any more." in second


def test_nothing_is_lost_while_the_mail_server_is_down(known: Certificates, world: World, clock: Clock) -> None:
    port = free_port()
    world = with_mail(world, port)
    ids = reported(world, MAILBOX, count=3)
    problems = send(world)
    # The others are not even tried.
    assert list(problems.values()) == ["the mail server cannot be reached: ConnectionRefusedError"]
    for _ in range(30 * 24):
        clock.at += timedelta(hours=1)
        assert len(send(world)) == 1
    assert not any(is_sent(world, id) for id in ids)
    with mail_server(known.tls, port=port) as server:
        clock.at += timedelta(hours=1)
        assert send(world) == {}
    assert sorted(mail["Message-ID"] for _, _, mail in server.taken) == sorted(f"<{id}@example.org>" for id in ids)


@pytest.mark.parametrize(
    ("answer", "login", "problem"),
    [
        ("550 no such user here: ada@example.org", "app:p%40ss%20word@", "the mail server did not take it: 550"),
        ("451 later", "app:p%40ss%20word@", "the mail server did not take it: 451"),
        ("", "app:wrong@", "the mail server did not take the password: 535"),
        ("", "", "the mail server did not take it: 530"),
    ],
)
def test_a_refusal_is_told_by_its_code_alone(
    known: Certificates, world: World, answer: str, login: str, problem: str
) -> None:
    with mail_server(known.tls) as server:
        server.answer = answer
        world = with_mail(world, server.port, login=login)
        (id,) = reported(world, MAILBOX)
        assert send(world) == {id: problem}
        assert not server.taken


def test_a_mail_server_without_a_certificate_that_counts_gets_no_mail(
    known: Certificates, world: World, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    for tls in (certificates(tmp_path / "other").tls, certificates(tmp_path / "other", name="example.org").tls):
        with mail_server(tls) as server:
            world = with_mail(world, server.port)
            if server.port and not ledger_has_reports(world):
                reported(world, MAILBOX)
            (problem,) = send(world, at_once=True).values()
            assert problem == "the mail server is not who it should be: SSLCertVerificationError"
            assert not server.taken


def ledger_has_reports(world: World) -> bool:
    with ledger(world).reading() as connection:
        return bool(reports.listed(connection, state=None, most=1))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "smtp://127.0.0.1?from=a@example.org",
        "smtps://127.0.0.1",
        "smtps://127.0.0.1?from=nobody",
        "smtps://127.0.0.1?from=a@example.org&from=b@example.org",
        "smtps://127.0.0.1?from=a@example.org%0d%0aBcc:%20b@example.org",
        "smtps://127.0.0.1:x?from=a@example.org",
        "smtps://127.0.0.1/x?from=a@example.org",
        "smtps://?from=a@example.org",
        "smtps://us er:secret@127.0.0.1?from=a@example.org",
        "https://user:secret@127.0.0.1?from=a@example.org",
    ],
)
def test_a_wrong_name_of_a_mail_server_is_told_without_a_word_of_it(world: World, address: str) -> None:
    world = replace(world, environment={**world.environment, MAIL_SERVER: address})
    (id,) = reported(world, MAILBOX)
    (problem,) = send(world).values()
    assert MAIL_SERVER in problem
    assert "secret" not in problem
    assert not is_sent(world, id)


def test_no_mail_goes_where_nothing_is_encrypted(world: World) -> None:
    from aiosmtpd.controller import Controller
    from aiosmtpd.handlers import Sink

    controller = Controller(Sink(), hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        for login in ("", "app:p%40ss%20word@"):
            world = with_mail(world, controller.port, login=login)
            if not login:
                reported(world, MAILBOX)
            (problem,) = send(world, at_once=True).values()
            assert problem == "the mail server does not encrypt, or asks for no password"
    finally:
        controller.stop()


def test_no_header_of_a_mail_is_written_by_a_name(known: Certificates, world: World) -> None:
    with mail_server(known.tls) as server:
        world = with_mail(world, server.port)
        made_reply(world, MAILBOX)
        with ledger(world).writing() as connection:
            connection.execute(REPLIES.update().values(feature="a\r\nBcc: eve@example.org\r\n\r\n.spec:add"))
        report("r_1", TEXT + "\r\n.\r\nRCPT TO:<eve@example.org>\r\n", ADA, world=world)
        assert send(world) == {}
    ((_, to, mail),) = server.taken
    assert to == ["desk@shop.example.org"]
    assert mail["Bcc"] is None
    assert mail["Subject"].strip().startswith("Reported: a\\u{d}\\u{a}Bcc")


# To an address


def test_a_report_is_posted_once_with_its_id(known: Certificates, world: World) -> None:
    with app_server(known.tls) as app:
        (id,) = reported(world, app.url, shows=True)
        assert send(world) == {}
        assert send(world, at_once=True) == {}
    ((headers, body),) = app.requests
    assert headers["idempotency-key"] == id
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == {
        "id": id,
        "feature": "specs/sums.spec:add",
        "reply": "r_1",
        "caller": hash_of(ADA, world.environment),
        "at": "2026-11-27T12:00:00+00:00",
        "text": f"{TEXT} 0",
        "reply_value": {"answer": "2 + 2 = 5"},
    }


def test_what_the_spec_does_not_show_is_not_posted(world: World) -> None:
    with app_server() as app:
        reported(world, app.url)
        send(world)
    assert "reply_value" not in json.loads(app.requests[0][1])
    assert b'2 + 2 = 5\\"' not in app.requests[0][1]


def test_an_app_that_answers_500_for_a_day_gets_each_report_in_the_end(world: World, clock: Clock) -> None:
    with app_server() as app:
        app.status = 500
        ids = reported(world, app.url, count=3)
        begin = clock.at
        while clock.at - begin < timedelta(days=1):
            for problem in send(world).values():
                assert problem == "the host answered with status 500"
            clock.at += timedelta(minutes=1)
        tried = len(app.requests)
        # Pauses grow to an hour: a day of failures is no attack on the host.
        assert 24 <= tried <= 24 + 10
        app.status = 200
        clock.at += timedelta(milliseconds=LAST_PAUSE)
        assert send(world) == {}
        assert send(world) == {}
    assert sorted(headers["idempotency-key"] for headers, _ in app.requests[tried:]) == sorted(ids)
    with ledger(world).reading() as connection:
        assert outbox.waiting(connection) == 0
        assert verify(connection).broken is None
        kinds = list(connection.execute(select(ENTRIES.c.kind)).scalars())
    assert kinds.count("message_sent") == 3


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(world: World, status: int) -> None:
    with app_server() as app, app_server() as elsewhere:
        app.status, app.headers = status, {"location": elsewhere.url}
        (id,) = reported(world, app.url)
        assert send(world) == {id: f"the host answered with status {status}"}
        assert not elsewhere.requests


def test_a_host_that_does_not_answer_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr("promptspec.safety.forwarding._PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        (id,) = reported(world, f"http://127.0.0.1:{silent.getsockname()[1]}/reports")
        assert send(world) == {id: "the host did not answer in time"}


def test_one_report_that_a_host_refuses_does_not_keep_the_others(world: World) -> None:
    with app_server() as app:
        app.status = 422
        ids = reported(world, app.url, count=3)
        assert set(send(world)) == set(ids)
    assert len(app.requests) == 3


def test_a_host_that_is_down_does_not_keep_the_reports_for_another(world: World) -> None:
    with app_server() as app:
        made_reply(world, f"http://127.0.0.1:{free_port()}/reports", id="r_2")
        first = report("r_2", TEXT, ADA, world=world)
        (second,) = reported(world, app.url)
        assert set(send(world)) == {first}
        assert is_sent(world, second)


@pytest.mark.parametrize(
    ("target", "hosts"),
    [
        ("http://example.org/reports", ("example.org",)),
        ("https://example.org/reports", ("other.example.org",)),
        ("https://user@example.org/reports", ("example.org",)),
        ("https://127.0.0.1:1/reports", ("127.0.0.1:2",)),
        ("mailto:desk@example.org", ("shop.example.org",)),
        ("mailto:desk@example.org.evil.com", ("example.org",)),
    ],
)
def test_a_ledger_that_was_written_by_others_sends_nothing_where_nothing_may_go(
    world: World, target: str, hosts: tuple[str, ...]
) -> None:
    made_reply(world, target, hosts=hosts)
    report("r_1", TEXT, ADA, world=world)
    (problem,) = send(with_mail(world, 1)).values()
    assert "listed in `hosts`" in problem or "no plain https" in problem


# Senders that are killed, and many of them


_SENDER = """
import sys, time
from dataclasses import replace
from promptspec.ledger.opening import open_ledger
from promptspec.runtime.host import HOST
from promptspec.safety import forwarding

def stop(connection, message, **_):
    print("sent", flush=True)
    time.sleep(60)

from promptspec.ledger import outbox
outbox.sent = stop
forwarding.Forwarder(open_ledger(sys.argv[1]), HOST).send()
"""


def test_a_sender_that_is_killed_after_it_sent_sends_again_with_the_same_id(world: World, clock: Clock) -> None:
    clock.at = datetime.now(UTC)
    with app_server() as app:
        (id,) = reported(world, app.url)
        sender = subprocess.Popen(
            [sys.executable, "-c", _SENDER, world.environment[LEDGER]], stdout=subprocess.PIPE, text=True
        )
        assert sender.stdout is not None
        assert sender.stdout.readline() == "sent\n"
        sender.send_signal(signal.SIGKILL)
        sender.wait()
        sender.stdout.close()
        assert len(app.requests) == 1
        # While it might still live nobody else sends, and then somebody does.
        assert send(world, at_once=True) == {}
        assert len(app.requests) == 1
        clock.at = datetime.now(UTC) + timedelta(milliseconds=LEASE)
        assert send(world) == {}
    assert [headers["idempotency-key"] for headers, _ in app.requests] == [id, id]
    assert is_sent(world, id)


def test_many_senders_at_once_send_each_report_once(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    with app_server() as app:
        ids = reported(world, app.url, count=5)
        made_reply(world, app.url, id="r_2")
        ids += [report("r_2", TEXT, ADA, world=world) for _ in range(5)]
        with ThreadPoolExecutor(4) as pool:
            assert list(pool.map(send, [world] * 4)) == [{}] * 4
    assert sorted(headers["idempotency-key"] for headers, _ in app.requests) == sorted(ids)


@pytest.fixture
def background(world: World) -> World:
    environment = {key: value for key, value in world.environment.items() if key != FORWARD}
    return replace(world, environment=environment, clock=HOST.clock)


def test_the_first_report_of_a_process_starts_who_sends_and_the_end_of_it_ends_them(background: World) -> None:
    import threading

    def senders() -> list[threading.Thread]:
        return [each for each in threading.enumerate() if each.name == "promptspec-outbox"]

    def wait(done: object) -> None:
        deadline = time.monotonic() + 20
        while not done() and time.monotonic() < deadline:  # type: ignore[operator]
            time.sleep(0.02)
        assert done()  # type: ignore[operator]

    with app_server() as app:
        made_reply(background, app.url)
        for number in range(1, 4):
            report("r_1", TEXT, ADA, world=background)
            wait(lambda number=number: len(app.requests) == number)
            wait(lambda: not senders())
    send_in_background(replace(background, environment={**background.environment, FORWARD: "0"}))
    assert not senders()
