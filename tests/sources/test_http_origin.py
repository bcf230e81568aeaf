"""Rows from web servers, kind and hostile ones: all of them real, on this machine."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from promptspec.contract.models import Environment
from promptspec.sources import http as http_source
from promptspec.sources.http import is_public
from promptspec.sources.origins import OriginFailed, Validators
from promptspec.sources.pulling import PullRefused, pull
from sources.origins import NOW, live, pulled, rows_in

JSON = b'[{"id": "a", "title": "Alien"}, {"id": "b", "title": "Brazil"}]'
CSV = b"id,title\na,Alien\nb,Brazil\n"
ROWS = [("a", "Alien"), ("b", "Brazil")]


@dataclass
class Answer:
    status: int = 200
    body: bytes = JSON
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})


@dataclass
class Web:
    """A server that answers by path, and what it was asked."""

    port: int
    answers: dict[str, Answer]
    asked: list[Mapping[str, str]]

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def web() -> Iterator[Web]:
    answers: dict[str, Answer] = {}
    asked: list[Mapping[str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append({**self.headers, "path": self.path})
            found = answers.get(self.path.partition("?")[0], Answer(status=404, body=b""))
            status, body = found.status, found.body
            if found.headers.get("ETag") and self.headers.get("If-None-Match") == found.headers["ETag"]:
                status, body = 304, b""
            self.send_response(status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        running.daemon_threads = True
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield Web(running.server_address[1], answers, asked)
        running.shutdown()


@contextmanager
def raw(speak: Callable[[socket.socket], None]) -> Iterator[int]:
    """Run a server that reads the head of each request and then speaks as it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        connection.recv(65_536)
                        speak(connection)
                    except OSError:
                        continue

        threading.Thread(target=work, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


def at(url: str, **options: Any) -> Any:
    port = url.split(":")[2].partition("/")[0]
    options.setdefault("hosts", (f"127.0.0.1:{port}",))
    return live(url, kind="http", **options)


@pytest.mark.parametrize(
    ("path", "content_type", "body"),
    [
        ("/films", "application/json; charset=utf-8", JSON),
        ("/films", "application/vnd.shop+json", JSON),
        ("/films", "text/csv", CSV),
        ("/films.csv", "text/plain", CSV),
        ("/films.json", "application/octet-stream", JSON),
        ("/films", "application/x-ndjson", b'{"id": "a", "title": "Alien"}\n{"id": "b", "title": "Brazil"}\n'),
    ],
)
def test_rows_come_as_json_or_csv(tmp_path: Path, web: Web, path: str, content_type: str, body: bytes) -> None:
    web.answers[path] = Answer(body=body, headers={"Content-Type": content_type})
    pulled(at(web.url(path)), tmp_path)
    assert rows_in(tmp_path) == ROWS


def test_select_says_where_the_rows_stand(tmp_path: Path, web: Web) -> None:
    web.answers["/films"] = Answer(body=b'{"items": ' + JSON + b"}")
    pulled(at(web.url("/films"), select="$.items[*]"), tmp_path)
    assert rows_in(tmp_path) == ROWS


def test_a_packed_answer_is_unpacked(tmp_path: Path, web: Web) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    web.answers["/films"] = Answer(body=gzip.compress(JSON), headers=headers)
    pulled(at(web.url("/films")), tmp_path)
    assert rows_in(tmp_path) == ROWS


def test_what_did_not_change_is_not_sent_again(tmp_path: Path, web: Web) -> None:
    headers = {"Content-Type": "application/json", "ETag": '"v1"', "Last-Modified": "Fri, 27 Nov 2026 10:00:00 GMT"}
    web.answers["/films"] = Answer(headers=headers)
    source = at(web.url("/films"))
    first = pulled(source, tmp_path)
    assert first.validators == Validators(etag='"v1"', last_modified="Fri, 27 Nov 2026 10:00:00 GMT")
    again = pull(source, tmp_path / "films.sqlite", now=NOW, environment={}, known=first.validators)
    assert again is None
    assert web.asked[1]["If-None-Match"] == '"v1"'
    assert web.asked[1]["If-Modified-Since"] == "Fri, 27 Nov 2026 10:00:00 GMT"


def test_a_validator_that_would_write_a_header_is_not_sent(tmp_path: Path, web: Web) -> None:
    web.answers["/films"] = Answer()
    evil = Validators(etag='"x"\r\nX-Evil: 1', last_modified="Fri\r\nX-Evil: 2")
    pulled(at(web.url("/films")), tmp_path, known=evil)
    assert {"If-None-Match", "If-Modified-Since", "X-Evil"}.isdisjoint(web.asked[0])


def test_an_address_from_the_environment_may_have_a_query(tmp_path: Path, web: Web) -> None:
    web.answers["/films"] = Answer()
    source = live(Environment(name="URL"), kind="http", hosts=(f"127.0.0.1:{web.port}",))
    pulled(source, tmp_path, environment={"URL": web.url("/films?shop=7")})
    assert web.asked[0]["path"] == "/films?shop=7"


# Redirects


def test_redirects_to_the_same_origin_are_followed(tmp_path: Path, web: Web) -> None:
    web.answers["/old"] = Answer(status=302, headers={"Location": "/older"})
    web.answers["/older"] = Answer(status=308, headers={"Location": web.url("/films")})
    web.answers["/films"] = Answer()
    pulled(at(web.url("/old")), tmp_path)
    assert rows_in(tmp_path) == ROWS


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("https://other.example.org/films", "the server redirects to another origin"),
        ("http://127.0.0.1:1/films", "the server redirects to another origin"),
        ("http://localhost/films", "the server redirects to another origin"),
        ("//other.example.org/films", "the server redirects to another origin"),
        ("file:///etc/passwd", "the server redirects to what is no plain URL"),
        ("http://user@127.0.0.1/x", "the server redirects to what is no plain URL"),
        ("/again", "the server redirects more than 5 times"),
        ("", "the server redirects more than 5 times"),
    ],
)
def test_other_redirects_are_not_followed(tmp_path: Path, web: Web, location: str, said: str) -> None:
    web.answers["/again"] = Answer(status=302, headers={"Location": location})
    with pytest.raises(OriginFailed) as failed:
        pulled(at(web.url("/again")), tmp_path)
    assert failed.value.message == said


# Which hosts


@pytest.mark.parametrize(
    ("url", "hosts", "said"),
    [
        ("http://127.0.0.1:{port}/films", (), "the project does not list the host `127.0.0.1:{port}`"),
        ("http://127.0.0.1:{port}/films", ("127.0.0.1",), "leads to a private address"),
        ("http://geo.example.org/films", ("geo.example.org",), "plain http goes to this machine only"),
        ("https://geo.example.org/films", ("other.example.org",), "does not list the host `geo.example.org`"),
        ("https://10.0.0.7/films", ("10.0.0.7",), "`10.0.0.7` leads to a private address"),
        ("https://[fd00::1]/films", ("[fd00::1]",), "leads to a private address"),
        ("https://169.254.169.254/latest", ("169.254.169.254",), "leads to a private address"),
        ("ftp://127.0.0.1/films", ("127.0.0.1",), "its address is no plain http or https URL"),
        ("http://127.0.0.1:{port}@evil.example.org/", ("127.0.0.1",), "its address is no plain http or https URL"),
        ("http://nowhere.invalid/", ("nowhere.invalid",), "plain http goes to this machine only"),
        ("https://nowhere.invalid/", ("nowhere.invalid",), "the name `nowhere.invalid` leads nowhere"),
    ],
)
def test_other_hosts_are_not_asked(tmp_path: Path, web: Web, url: str, hosts: tuple[str, ...], said: str) -> None:
    with pytest.raises(OriginFailed) as failed:
        pulled(live(url.format(port=web.port), kind="http", hosts=hosts), tmp_path)
    assert said.format(port=web.port) in failed.value.message
    assert web.asked == []


def test_a_private_host_is_asked_where_the_settings_name_it(tmp_path: Path, web: Web) -> None:
    web.answers["/films"] = Answer()
    pulled(live(web.url("/films"), kind="http", hosts=("127.0.0.1",), private_hosts=("127.0.0.1",)), tmp_path)
    assert rows_in(tmp_path) == ROWS


def test_what_is_connected_to_is_the_address_that_was_judged(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that leads elsewhere when it is looked up again gains nothing: it is looked up once."""
    looked_up: list[str] = []
    connected: list[Any] = []

    def rebinding(host: str, port: int, **_: object) -> list[Any]:
        looked_up.append(host)
        address = "93.184.216.34" if len(looked_up) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    def connect(address: Any, **_: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(http_source.socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(http_source.socket, "create_connection", connect)
    with pytest.raises(OriginFailed, match="cannot be reached"):
        pulled(live("https://geo.example.org/films", kind="http", hosts=("geo.example.org",)), tmp_path)
    assert connected == [("93.184.216.34", 443)]


def test_a_name_of_this_machine_that_leads_elsewhere_is_not_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(http_source.socket, "getaddrinfo", elsewhere)
    with pytest.raises(OriginFailed, match="and `localhost` leads to another"):
        pulled(live("http://localhost:8080/films", kind="http", hosts=("localhost:8080",)), tmp_path)
    with pytest.raises(OriginFailed, match="leads to a private address"):
        pulled(live("https://localhost:8080/films", kind="http", hosts=("localhost:8080",)), tmp_path)


def test_one_private_address_among_public_ones_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def both(host: str, port: int, **_: object) -> list[Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in ("93.184.216.34", "10.0.0.1")]

    monkeypatch.setattr(http_source.socket, "getaddrinfo", both)
    with pytest.raises(OriginFailed, match="leads to a private address"):
        pulled(live("https://geo.example.org/films", kind="http", hosts=("geo.example.org",)), tmp_path)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("::ffff:93.184.216.34", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::a00:1", False),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),
    ],
)
def test_public_addresses_are_told_from_others(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_server_without_a_certificate_of_its_name_is_not_asked(tmp_path: Path) -> None:
    with raw(lambda connection: None) as port, pytest.raises(OriginFailed, match="no safe connection") as failed:
        pulled(live(f"https://127.0.0.1:{port}/", kind="http", hosts=(f"127.0.0.1:{port}",)), tmp_path)
    assert isinstance(failed.value.__cause__, ssl.SSLError | OSError)


# Answers that are wrong


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=500), "the server answered 500"),
        (Answer(status=206), "the server answered 206"),
        (Answer(status=304), "the server answered 304"),
        (Answer(headers={"Content-Type": "text/html"}), "the server sends neither JSON nor CSV"),
        (Answer(headers={"Content-Type": "application/json", "Content-Encoding": "br"}), "packs its answer in a way"),
        (
            Answer(headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}),
            "the answer is packed wrongly",
        ),
        (
            Answer(
                body=gzip.compress(JSON)[:-9], headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}
            ),
            "the answer is cut off",
        ),
    ],
)
def test_an_answer_that_is_none_is_told(tmp_path: Path, web: Web, answer: Answer, said: str) -> None:
    web.answers["/films"] = answer
    with pytest.raises(OriginFailed) as failed:
        pulled(at(web.url("/films")), tmp_path)
    assert said in failed.value.message


@pytest.mark.parametrize(
    ("content_type", "body", "said"),
    [
        ("application/json", b"", "there is no JSON value"),
        ("application/json", b"[]", "the file has no rows"),
        ("application/json", b'[{"id": "a", "title": "x"', "this is not JSON"),
        ("application/json", b'[{"id": NaN, "title": "x"}]', "not JSON"),
        (
            "application/json",
            b'[{"id": "a", "titel": "x"}]',
            "$[0]: title: the row has no `title`; did you mean `titel`",
        ),
        ("application/json", b'[{"id": "a", "title": "caf\xe9"}]', "is no UTF-8"),
        ("application/json", b'[{"id": "a", "title": "x"}, {"id": "a", "title": "y"}]', "the key `a` stands in $[0]"),
        ("text/csv", b"", "the file is empty"),
        ("text/csv", b"id,title\n", "the file has no rows"),
        ("text/csv", b"id,title\na,b,c\n", "line 2: the row has 3 cells, the header has 2"),
        ("text/csv", b"id,name\na,b\n", "the header has no `title`"),
        ("text/csv", b"id,title\na,\xff\n", "is no UTF-8"),
        ("text/csv", b"id,title\na," + b"x" * 17_000_000 + b"\n", "line 2"),
    ],
)
def test_rows_that_do_not_fit_are_told(tmp_path: Path, web: Web, content_type: str, body: bytes, said: str) -> None:
    web.answers["/films"] = Answer(body=body, headers={"Content-Type": content_type})
    with pytest.raises(PullRefused) as refused:
        pulled(at(web.url("/films"), time_ms=20_000), tmp_path)
    assert said in str(refused.value)


def test_a_small_answer_that_unpacks_to_gigabytes_is_stopped(
    tmp_path: Path, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_source, "MOST_BODY", 10_000_000)
    bomb = gzip.compress(b"[" + b" " * 200_000_000)
    web.answers["/films"] = Answer(body=bomb, headers={"Content-Type": "application/json", "Content-Encoding": "gzip"})
    with pytest.raises(OriginFailed, match="the answer has more than 10,000,000 bytes"):
        pulled(at(web.url("/films")), tmp_path)


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def drip(head: bytes) -> Callable[[socket.socket], None]:
    def speak(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(b" ")
            time.sleep(0.05)

    return speak


def silence(connection: socket.socket) -> None:
    time.sleep(30)


def endless(connection: socket.socket) -> None:
    connection.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")


@pytest.mark.parametrize(
    "speak",
    [
        drip(b""),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        drip(HEAD + b"Content-Length: 1000000\r\n\r\n"),
        silence,
    ],
    ids=["no head", "a head that never ends", "a body that drips", "silence"],
)
def test_a_server_that_takes_its_time_is_not_waited_for(tmp_path: Path, speak: Callable[[socket.socket], None]) -> None:
    begun = time.monotonic()
    with raw(speak) as port, pytest.raises(OriginFailed, match=r"not read to its end within 0\.5 s"):
        pulled(at(f"http://127.0.0.1:{port}/films", time_ms=500), tmp_path)
    assert time.monotonic() - begun < 3


def test_a_connection_that_closes_after_its_answer_is_read_to_the_end(tmp_path: Path) -> None:
    """What came later than the head was lost where the server did not keep the connection."""

    def speak(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(JSON))
        time.sleep(0.2)
        connection.sendall(JSON)

    with raw(speak) as port:
        pulled(at(f"http://127.0.0.1:{port}/films"), tmp_path)
    assert rows_in(tmp_path) == ROWS


def test_an_answer_that_never_ends_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_source, "MOST_BODY", 10_000_000)
    with raw(endless) as port, pytest.raises(OriginFailed, match="the answer has more than 10,000,000 bytes"):
        pulled(at(f"http://127.0.0.1:{port}/films"), tmp_path)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (HEAD + b"Content-Length: 1000\r\n\r\n" + JSON, "the answer is cut off"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n40\r\n" + JSON, "the server could not be read (IncompleteRead)"),
        (HEAD + b"\r\n" + JSON, "the server does not say how long its answer is"),
        (b"", "the server could not be read (RemoteDisconnected)"),
        (b"SSH-2.0-OpenSSH\r\n", "the server could not be read (BadStatusLine)"),
        (HEAD + b"X: y\r\n" * 500 + b"\r\n", "the server could not be read (HTTPException)"),
        (b"HTTP/1.1 200 " + b"x" * 100_000, "the server could not be read (LineTooLong)"),
    ],
)
def test_an_answer_that_is_cut_off_is_not_taken(tmp_path: Path, sent: bytes, said: str) -> None:
    with raw(lambda connection: connection.sendall(sent)) as port, pytest.raises(OriginFailed) as failed:
        pulled(at(f"http://127.0.0.1:{port}/films"), tmp_path)
    assert failed.value.message == said
