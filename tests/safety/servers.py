"""Real servers for what is forwarded: one for mail, which encrypts, and one for requests, which stands for an app."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult


@dataclass(frozen=True)
class Certificates:
    """A certificate for this machine, and the file of who signed it."""

    tls: ssl.SSLContext
    authority: Path


def certificates(folder: Path, *, name: str = "127.0.0.1") -> Certificates:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(tls)
    path = folder / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    return Certificates(tls, path)


@dataclass
class MailServer:
    """What it took, and how it answers: an answer that is not empty is a refusal."""

    port: int
    taken: list[tuple[str, list[str], Message]] = field(default_factory=list)
    answer: str = ""
    seen_password: bool = False
    is_encrypted: bool = False

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  the library names it
        assert session.ssl or self.is_encrypted, "a mail came in clear"
        if self.answer:
            return self.answer
        parsed = message_from_bytes(envelope.content, policy=default)
        self.taken.append((envelope.mail_from, envelope.rcpt_tos, parsed))
        return "250 OK"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


@contextmanager
def mail_server(tls: ssl.SSLContext, *, port: int | None = None, at_once: bool = False) -> Iterator[MailServer]:
    """Run a mail server that speaks TLS *at_once*, or after STARTTLS, and wants a password."""
    server = MailServer(port or free_port(), is_encrypted=at_once)

    def check(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        server.seen_password = (given.login, given.password) == (b"app", b"p@ss word")
        return AuthResult(success=server.seen_password, handled=False)

    settings: dict[str, Any] = {"tls_context": tls, "require_starttls": True, "auth_required": True}
    if at_once:  # the library does not see that a connection was encrypted from its beginning
        settings = {"ssl_context": tls, "auth_require_tls": False}
    controller = Controller(server, hostname="127.0.0.1", port=server.port, authenticator=check, **settings)
    controller.start()
    try:
        yield server
    finally:
        controller.stop()


@dataclass
class App:
    """An application that takes reports: what came, and with which status it answers."""

    url: str
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def app_server(tls: ssl.SSLContext | None = None) -> Iterator[App]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            app.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(app.status)
            for name, value in app.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            raise AssertionError("nobody asks with GET")

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    app = App(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/reports")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield app
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
