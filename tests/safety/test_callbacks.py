"""A decision is told to the address that the spec names: once taken, never with a text, and for as long as it takes."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import promptspec
from ledger.refunds import ADA, SPEC, Shop
from promptspec.ledger.opening import open_ledger
from promptspec.safety.forwarding import Forwarder

LARGE = {"letter": "Here is all, Mellon.", "refund": 399, "line": 0}


class Application(ThreadingHTTPServer):
    """Answers with *status*, and keeps what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.seen: list[tuple[str, str, dict[str, object]]] = []
        seen, server = self.seen, self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                seen.append((self.path, self.headers["idempotency-key"], json.loads(body)))
                self.send_response(server.status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)


@pytest.fixture
def application() -> Iterator[Application]:
    server = Application()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.fixture
def offer(tmp_path: Path, application: Application) -> Iterator[Shop]:
    place = f"127.0.0.1:{application.server_address[1]}"
    (tmp_path / "pyproject.toml").write_text(f'[tool.promptspec]\nhosts = ["{place}"]\n', encoding="utf-8")
    clauses = f'    review always {{\n        callback "http://{place}/decided"\n        within 4h\n    }}\n'
    spec = tmp_path / "refunds.spec"
    spec.write_text(SPEC.format(clauses=clauses), encoding="utf-8")
    ledger = open_ledger(str(tmp_path / "ledger.db"))
    shop = Shop(feature=promptspec.load(spec).offer_refund, ledger=ledger)
    shop.environment["PROMPTSPEC_FORWARD"] = "0"
    yield shop
    ledger.close()


def send(offer: Shop) -> tuple[int, list[str]]:
    outcome = Forwarder(offer.ledger, offer.world).send()
    return outcome.sent, list(outcome.problems.values())


def test_each_decision_is_told_once_and_without_a_text(offer: Shop, application: Application) -> None:
    first, second = offer.call(LARGE).ticket.id, offer.call(LARGE).ticket.id
    assert send(offer) == (0, [])
    offer.desk().approve(first)
    offer.desk().reject(second, reason="We do not.")
    assert send(offer) == (2, [])
    assert send(offer) == (0, [])
    told = {body["ticket"]: body for _, _, body in application.seen}
    assert {id: body["state"] for id, body in told.items()} == {first: "approved", second: "rejected"}
    assert {path for path, _, _ in application.seen} == {"/decided"}
    assert len({key for _, key, _ in application.seen}) == 2
    said = json.dumps([body for _, _, body in application.seen])
    assert not any(word in said for word in ("Mellon", "ada@", "We do not"))


def test_time_that_runs_out_is_told_too(offer: Shop, application: Application) -> None:
    ticket = offer.call(LARGE).ticket.id
    offer.clock.pass_by(hours=5)
    assert offer.desk().listed() == []
    assert send(offer) == (1, [])
    assert [(body["ticket"], body["state"]) for _, _, body in application.seen] == [(ticket, "withheld")]


def test_a_host_that_answers_500_for_a_day_is_told_in_the_end(offer: Shop, application: Application) -> None:
    ticket = offer.call(LARGE).ticket.id
    offer.desk().approve(ticket)
    application.status = 500
    for _ in range(24):
        sent, problems = send(offer)
        assert sent == 0
        assert set(problems) <= {"the host answered with status 500"}
        offer.clock.pass_by(hours=1)
    application.status = 204
    assert send(offer) == (1, [])
    assert offer.poll(ticket, caller=ADA) is not None
    assert len({key for _, key, _ in application.seen}) == 1


def test_a_host_that_the_project_does_not_list_is_refused_when_the_spec_is_compiled(tmp_path: Path) -> None:
    spec = tmp_path / "refunds.spec"
    clauses = '    review always {\n        callback "https://evil.example.org/decided"\n    }\n'
    spec.write_text(SPEC.format(clauses=clauses), encoding="utf-8")
    with pytest.raises(promptspec.SpecError, match="does not list the host"):
        promptspec.load(spec)
