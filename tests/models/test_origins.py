"""Where requests may go, and which key goes with them."""

from __future__ import annotations

import pytest

from promptspec.models.origins import Origin, Secret, find_key, find_origin
from promptspec.models.port import Unavailable


def _origin(base_url: str, *hosts: str) -> Origin:
    return find_origin(base_url=base_url, base_url_env=None, hosts=hosts, environment={})


@pytest.mark.parametrize(
    ("base_url", "hosts"),
    [
        ("https://api.openai.com/v1", ()),
        ("https://example.org/v1", ("example.org",)),
        ("https://example.org:8443/v1", ("example.org",)),
        ("https://Example.ORG:8443/v1", ("example.org:8443",)),
        ("https://example.org", ("EXAMPLE.org:443",)),
        ("http://localhost:8080/v1/", ("localhost",)),
        ("http://127.0.0.1:8080", ("127.0.0.1",)),
        ("http://127.9.9.9", ("127.9.9.9:80",)),
        ("http://[::1]:8080/v1", ("[::1]",)),
    ],
)
def test_listed_hosts_are_allowed(base_url, hosts):
    assert _origin(base_url, *hosts).base_url == base_url


@pytest.mark.parametrize(
    ("base_url", "hosts"),
    [
        ("https://example.org/v1", ()),
        ("https://example.org/v1", ("example.com", "sub.example.org", "example.org:8443", "ample.org")),
        ("https://sub.example.org/v1", ("example.org",)),
        ("https://example.org./v1", ("example.org",)),
        ("https://api.openai.com:8443/v1", ()),
        ("http://example.org/v1", ("example.org",)),
        ("http://api.openai.com/v1", ("api.openai.com",)),
        ("http://10.0.0.1/v1", ("10.0.0.1",)),
        ("http://0.0.0.0/v1", ("0.0.0.0",)),
        ("http://localhost.example.org", ("localhost.example.org",)),
        ("http://127.1/v1", ("127.1",)),
        ("https://user@example.org/v1", ("example.org",)),
        ("https://user:secret@example.org/v1", ("example.org",)),
        ("https://example.org\\@api.openai.com/v1", ("example.org", "api.openai.com")),
        ("https://example.org/v1?key=secret", ("example.org",)),
        ("https://example.org/v1#x", ("example.org",)),
        ("https://example.org/%2e%2e", ("example.org",)),
        ("https://exämple.org/v1", ("exämple.org",)),
        ("https://example.org /v1", ("example.org",)),
        ("https://example.org/v1\n", ("example.org",)),
        ("https://example.org:99999/v1", ("example.org",)),
        ("https://example.org:0/v1", ("example.org",)),
        ("HTTPS://example.org", ("example.org",)),
        ("ftp://example.org", ("example.org",)),
        ("file:///etc/passwd", ("",)),
        ("//example.org", ("example.org",)),
        ("example.org", ("example.org",)),
        ("https://", ("",)),
    ],
)
def test_anything_else_is_refused_without_hope_and_without_its_text(base_url, hosts):
    with pytest.raises(Unavailable) as caught:
        _origin(base_url, *hosts)
    assert not caught.value.again
    assert "secret" not in caught.value.detail


def test_only_openais_own_origin_is_openai():
    assert _origin("https://api.openai.com/v1").is_openai
    assert not _origin("https://api.openai.com:8443/v1", "api.openai.com").is_openai


def test_a_secret_shows_itself_nowhere():
    secret = Secret("sk-1")
    assert "sk-1" not in f"{secret} {secret!r} {[secret]}"
    assert secret == Secret("sk-1")
    assert secret != Secret("sk-2")
    assert len({secret, Secret("sk-1")}) == 1


def test_a_server_of_ones_own_without_a_key_gets_none():
    origin = _origin("http://localhost:8080/v1", "localhost")
    assert find_key(origin=origin, key_env=None, environment={"OPENAI_API_KEY": "sk-1"}) is None


def test_openai_takes_its_own_variable_or_the_one_named():
    origin = _origin("https://api.openai.com/v1")
    environment = {"OPENAI_API_KEY": "sk-1", "OTHER": "sk-2"}
    assert find_key(origin=origin, key_env=None, environment=environment) == Secret("sk-1")
    assert find_key(origin=origin, key_env="OTHER", environment=environment) == Secret("sk-2")
    with pytest.raises(Unavailable, match="OPENAI_API_KEY is not set"):
        find_key(origin=origin, key_env=None, environment={})
