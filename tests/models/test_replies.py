"""Reading the envelope is total: whatever a server sends ends in an answer or in one of our errors."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promptspec.errors import ReplyRefused
from promptspec.models.failures import failure_of_status, retry_after
from promptspec.models.port import Answer, Unavailable
from promptspec.models.replies import is_filtered, read_answer

RULES = {"incomplete", "filtered", "refused", "tool_call", "empty", "malformed"}

_LEAVES = st.sampled_from(
    [None, True, 0, 1.5, "", "stop", "length", "completed", "failed", "incomplete", "message", "output_text",
     "refusal", "content_filter", "server_error", "{}"]
)  # fmt: skip
_KEYS = st.sampled_from(
    ["choices", "message", "content", "finish_reason", "refusal", "tool_calls", "output", "status", "type", "text",
     "error", "code", "incomplete_details", "reason", "usage", "prompt_tokens", "innererror", "phase"]
)  # fmt: skip
ENVELOPES = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=6), max_leaves=25
)
SHAPED = st.fixed_dictionaries(
    {"choices": st.lists(st.fixed_dictionaries({"message": ENVELOPES, "finish_reason": _LEAVES}), max_size=2)}
) | st.fixed_dictionaries(
    {
        "status": _LEAVES,
        "output": st.lists(st.fixed_dictionaries({"type": _LEAVES, "content": ENVELOPES}), max_size=2) | ENVELOPES,
        "error": ENVELOPES,
        "incomplete_details": ENVELOPES,
        "usage": ENVELOPES,
    }
)


def _check(body: bytes, api: str) -> None:
    try:
        answer = read_answer(body, api="chat" if api == "chat" else "responses", model="m")
    except ReplyRefused as refused:
        (violation,) = refused.violations
        assert violation.path == "reply"
        assert violation.rule in RULES
    except Unavailable as failure:
        assert failure.again  # noqa: PT017
    else:
        assert isinstance(answer, Answer)
        assert answer.text != ""


@pytest.mark.parametrize("api", ["chat", "responses"])
@settings(max_examples=300, deadline=None)
@given(envelope=SHAPED | ENVELOPES)
def test_every_json_envelope_ends_in_an_answer_or_in_our_errors(api, envelope):
    _check(json.dumps(envelope).encode(), api)


@pytest.mark.parametrize("api", ["chat", "responses"])
@given(body=st.binary(max_size=200))
def test_every_body_ends_in_an_answer_or_in_our_errors(api, body):
    _check(body, api)


@given(body=st.binary(max_size=100) | ENVELOPES.map(lambda value: json.dumps({"error": value}).encode()))
def test_the_body_of_an_error_never_raises(body):
    assert is_filtered(body) in (True, False)


@given(
    status=st.integers(100, 999), header=st.text(max_size=40), date=st.text(max_size=40), body=st.binary(max_size=40)
)
def test_every_status_has_a_meaning_and_every_wait_is_within_an_hour(status, header, date, body):
    headers = {"retry-after": header, "date": date}
    failure = failure_of_status(status, headers, body, model="m")
    assert isinstance(failure, (Unavailable, ReplyRefused))
    # Rule 21: another attempt is for 408, 409, 429 and 5xx, and for no number beyond them.
    assert getattr(failure, "again", False) is (status in (408, 409, 429) or 500 <= status < 600)
    seconds = retry_after(headers)
    assert seconds is None or 0 <= seconds <= 3600


@pytest.mark.parametrize("code", [[], {}, None, 7, "server_error"])
def test_a_failed_response_says_so_whatever_its_code_is(code: object) -> None:
    envelope = {"object": "response", "status": "failed", "error": {"code": code}, "output": []}
    with pytest.raises((ReplyRefused, Unavailable)):
        read_answer(json.dumps(envelope).encode(), api="responses", model="m")
