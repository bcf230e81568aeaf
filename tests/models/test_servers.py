"""Kinds of servers, and how the form of a reply is asked of them."""

from __future__ import annotations

import itertools

import pytest

from promptspec.models.servers import SERVERS, STRONGEST_FIRST, Refusal, decide_structured, default_server

AUTO = [
    # server, api, the schema fits the strict profile, it does not
    ("openai", "chat", "json_schema", "json_object"),
    ("openai", "responses", "json_schema", "json_object"),
    ("azure", "chat", "json_schema", "json_object"),
    ("azure", "responses", "json_schema", "json_object"),
    ("llama_cpp", "chat", "json_schema", "grammar"),
    ("llama_cpp", "responses", "prompt", "prompt"),
    ("vllm", "chat", "json_schema", "grammar"),
    ("vllm", "responses", "json_schema", "prompt"),
    ("ollama", "chat", "json_schema", "json_object"),
    ("ollama", "responses", "prompt", "prompt"),
    ("litellm", "chat", "json_schema", "json_object"),
    ("litellm", "responses", "json_schema", "prompt"),
    ("other", "chat", "prompt", "prompt"),
    ("other", "responses", "prompt", "prompt"),
]


@pytest.mark.parametrize(("server", "api", "fits", "fits_not"), AUTO)
def test_auto_takes_the_strongest_that_schema_and_server_allow(server, api, fits, fits_not):
    for fits_strict, expected in ((True, fits), (False, fits_not)):
        decided = decide_structured(server, api, "auto", fits_strict)
        assert isinstance(decided, tuple)
        mode, because = decided
        assert mode == expected
        assert because
        assert "\n" not in because


def test_the_table_covers_every_server_and_api():
    assert {row[:2] for row in AUTO} == set(itertools.product(SERVERS, ("chat", "responses")))


@pytest.mark.parametrize(
    ("server", "api", "asked", "fits"),
    list(itertools.product(SERVERS, ("chat", "responses"), STRONGEST_FIRST, (True, False))),
)
def test_an_explicit_mode_is_taken_or_refused_and_never_changed(server, api, asked, fits):
    decided = decide_structured(server, api, asked, fits)
    possible = asked in SERVERS[server].endpoint(api).structured and (fits or asked != "json_schema")
    if possible:
        assert isinstance(decided, tuple)
        assert decided[0] == asked
    else:
        assert isinstance(decided, Refusal)
        assert decided.reason


def test_a_mode_that_nobody_knows_is_refused():
    assert isinstance(decide_structured("openai", "chat", "yaml", True), Refusal)


@pytest.mark.parametrize(
    ("base_url", "server"),
    [
        (None, "openai"),
        ("https://api.openai.com/v1", "openai"),
        ("https://api.openai.com", "openai"),
        ("https://API.openai.com:443/v1", "openai"),
        ("https://api.openai.com:8443/v1", "other"),
        ("http://api.openai.com/v1", "other"),
        ("https://api.openai.com.example.org/v1", "other"),
        ("https://api.openai.com@example.org/v1", "other"),
        ("https://eu.example.org/https://api.openai.com", "other"),
        ("http://127.0.0.1:8080/v1", "other"),
        ("", "other"),
    ],
)
def test_only_openais_own_origin_is_taken_for_openai(base_url, server):
    assert default_server(base_url) == server


def test_roles_are_claimed_only_where_content_is_known_to_stay_text():
    assert {name for name, server in SERVERS.items() if server.claims_roles} == {"openai", "azure"}


def test_a_server_that_takes_a_grammar_says_where():
    for server in SERVERS.values():
        for endpoint in (server.chat, server.responses):
            assert ("grammar" in endpoint.structured) == bool(endpoint.grammar)
            assert "prompt" in endpoint.structured


def test_what_a_responses_api_would_keep_is_never_kept():
    assert all(server.responses.store for server in SERVERS.values())
