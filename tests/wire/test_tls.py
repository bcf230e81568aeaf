"""Servers behind TLS, on a raw socket with a certificate that nobody vouches for."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import ssl
import subprocess
import time

import pytest

from engines.calls import make_ask, make_model, outcome
from engines.raw_server import answering, chat_body, raw_server, response
from promptspec.models import loop

ANSWER = response(chat_body("{}"))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A fresh certificate for 127.0.0.1 and its key, as two files."""
    openssl = shutil.which("openssl")
    if openssl is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(folder / "certificate.pem")],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder / "certificate.pem", folder / "key.pem"


@pytest.fixture
def tls(certificate):
    """The server's side."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused(tls, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    with raw_server(answering(ANSWER), tls=tls) as server:
        assert outcome(make_model(server.base_url)) == "again"
    assert server.requests == []


def test_a_certificate_that_the_environment_trusts_is_taken_and_its_connection_kept_and_closed(
    tls, certificate, monkeypatch
):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    with raw_server(answering(ANSWER), tls=tls) as server:
        model = make_model(server.base_url)
        assert outcome(model) == "answer"
        assert server.connections == 1
        for _ in range(3):
            loop.run(lambda: model.ask(make_ask(), seconds=5))
        assert server.connections == 2


@pytest.mark.parametrize("ends", [False, True])
@pytest.mark.parametrize("stands_still", [False, True])
def test_what_comes_unasked_over_tls_answers_no_call(tls, certificate, monkeypatch, stands_still, ends):
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))

    def behave(connection: socket.socket) -> bool:
        if len(server.requests) > 1:
            connection.sendall(response(chat_body("good")))
            return True
        connection.sendall(response(chat_body("first")))
        time.sleep(0.1)
        connection.sendall(response(chat_body("unasked")))
        return not ends

    async def calls(base_url: str) -> list[str]:
        model = make_model(base_url)
        one = await model.ask(make_ask(), seconds=5)
        if stands_still:
            time.sleep(0.2)
        else:
            await asyncio.sleep(0.2)
        return [one.text, (await model.ask(make_ask(), seconds=5)).text]

    with raw_server(behave, tls=tls) as server:
        assert asyncio.run(calls(server.base_url)) == ["first", "good"]
        assert server.connections == 2
