"""Envelopes that no honest server sends: tools, many choices, failures in a 200, missing and foreign parts."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.fuzz.lies.telling import Form
from promptspec.fuzz.lies.wire import Response, envelope

if TYPE_CHECKING:
    from promptspec.fuzz.lies.telling import Telling

#: A change to an envelope of one API.
Change = Callable[["Telling", dict[str, Any]], object]


def chat(telling: Telling, **changes: Any) -> Response:
    """Return a chat completion; `message`, `choice` and others replace parts of it."""
    content = _honest(telling, "chat")
    choice = content["choices"][0]
    choice["message"].update(changes.pop("message", {}))
    choice.update(changes.pop("choice", {}))
    content.update(changes)
    return sent(content)


def responses(telling: Telling, **changes: Any) -> Response:
    """Return a response of the Responses API with *changes* at its top."""
    return sent({**_honest(telling, "responses"), **changes})


def message_item(**changes: Any) -> dict[str, Any]:
    """Return an item of the output that is a message."""
    return {"type": "message", "role": "assistant", "status": "completed", "content": [], **changes}


def text_part(text: object) -> dict[str, Any]:
    """Return a part of a message that is text."""
    none: list[object] = []
    return {"type": "output_text", "text": text, "annotations": none}


def refusal_part(text: str) -> dict[str, Any]:
    """Return a part of a message that is a refusal."""
    return {"type": "refusal", "refusal": text}


def sent(content: object) -> Response:
    """Return the response with the JSON of *content*; what is said in it, where it is whole, is its text."""
    return Response(body=(json.dumps(content).encode(),), text=_spoken(content))


def _spoken(content: object) -> str | None:
    """Return the text of a complete answer, whatever stands beside it; None where there is none."""
    envelope = cast("dict[str, Any]", content if isinstance(content, dict) else {})
    try:
        if "choices" in envelope:
            choice = envelope["choices"][0]
            text = choice["message"]["content"] if choice["finish_reason"] == "stop" else None
        else:
            items = [item for item in envelope["output"] if item.get("type") == "message"]
            whole = envelope["status"] == "completed"
            text = "".join(part["text"] for item in items for part in item["content"]) if whole else None
    except (KeyError, IndexError, TypeError, AttributeError):
        return None
    return text if isinstance(text, str) and text else None


def _honest(telling: Telling, api: str) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(envelope(api, telling.honest)))


def _both(name: str, in_chat: Change, in_responses: Change) -> Form:
    def answer(telling: Telling) -> Response:
        content = _honest(telling, telling.api)
        changed = (in_chat if telling.api == "chat" else in_responses)(telling, content)
        return sent(content if changed is None else changed)

    return Form(name=name, answer=answer)


def _message(content: dict[str, Any]) -> dict[str, Any]:
    return content["choices"][0]["message"]


def _in_message(**entries: Any) -> Change:
    return lambda _telling, content: _message(content).update(copy.deepcopy(entries))


def _in_choice(**entries: Any) -> Change:
    return lambda _telling, content: content["choices"][0].update(entries)


def _on_top(**entries: Any) -> Change:
    return lambda _telling, content: content.update(copy.deepcopy(entries))


def _with_item(item: Mapping[str, Any], *, first: bool = False) -> Change:
    def change(_telling: Telling, content: dict[str, Any]) -> None:
        content["output"].insert(0 if first else 1, dict(item))

    return change


def _in_item(**entries: Any) -> Change:
    return lambda _telling, content: content["output"][0].update(entries)


def _in_part(**entries: Any) -> Change:
    return lambda _telling, content: content["output"][0]["content"][0].update(entries)


def _twice(telling: Telling, content: dict[str, Any]) -> None:
    del telling
    key = "choices" if "choices" in content else "output"
    content[key] = content[key] * 2


def _without(*path: str | int) -> Change:
    def change(_telling: Telling, content: dict[str, Any]) -> None:
        at: Any = content
        for step in path[:-1]:
            at = at[step]
        del at[path[-1]]

    return change


_CALL: Final = {"id": "call_1", "type": "function", "function": {"name": "send_mail", "arguments": "{}"}}
_CALL_ITEM: Final = {"type": "function_call", "call_id": "call_1", "name": "send_mail", "arguments": "{}"}
_NO_ITEMS: Final[list[object]] = []

TOOL_CALLING: Final = (
    _both("tool-call", _in_message(tool_calls=[_CALL]), _with_item(_CALL_ITEM)),
    _both("tool-call-alone", _in_message(tool_calls=[_CALL], content=None), _on_top(output=[_CALL_ITEM])),
    _both("function-call", _in_message(function_call=_CALL["function"]), _with_item(_CALL_ITEM, first=True)),
    _both("finish-says-tools", _in_choice(finish_reason="tool_calls"), _with_item({"type": "custom_tool_call"})),
    _both("web-search", _in_message(tool_calls=[{"type": "web"}]), _with_item({"type": "web_search_call", "id": "1"})),
    _both("computer", _in_message(tool_calls=[_CALL] * 9), _with_item({"type": "computer_call", "action": {}})),
    _both("mcp", _in_message(tool_calls={"0": _CALL}), _with_item({"type": "mcp_call", "name": "x", "arguments": ""})),
    _both("unknown-item", _in_message(audio={"data": ""}), _with_item({"type": "hologram", "text": "{}"})),
    _both("item-without-type", _in_message(role="system"), _with_item({"text": "{}"})),
    _both(
        "reasoning", _in_message(reasoning_content="hm"), _with_item({"type": "reasoning", "summary": []}, first=True)
    ),
    _both("several", _twice, _twice),
    _both(
        "several-parts",
        _in_message(content=[{"type": "text", "text": "{}"}]),
        lambda telling, content: content["output"][0]["content"].append(text_part(telling.honest)),
    ),
    _both(
        "status-failed",
        _in_choice(finish_reason="error"),
        _on_top(status="failed", error={"code": "server_error", "message": "x"}),
    ),
    _both(
        "filtered",
        _in_choice(finish_reason="content_filter"),
        _on_top(status="failed", error={"code": "content_policy_violation", "message": "x"}),
    ),
    _both("status-cancelled", _in_choice(finish_reason="cancelled"), _on_top(status="cancelled")),
    _both("status-queued", _in_choice(finish_reason=7), _on_top(status="queued")),
    _both("error-beside", _on_top(error={"message": "x", "type": "server_error"}), _on_top(error={"message": "x"})),
    _both("error-alone", lambda _t, _c: {"error": {"message": "x"}}, lambda _t, _c: {"error": {"message": "x"}}),
    _both("other-model", _on_top(model="another-model"), _on_top(model=None)),
    _both("odd-usage", _on_top(usage={"prompt_tokens": -1, "completion_tokens": 1e308}), _on_top(usage=["x"])),
    _both("huge-usage", _on_top(usage={"prompt_tokens": 10**30}), _on_top(usage={"input_tokens": True})),
    _both("system-speaks", _in_message(role="user"), _in_item(role="user")),
    _both("item-incomplete", _in_choice(finish_reason=""), _in_item(status="incomplete")),
    _both("commentary", _in_choice(index=7), _in_item(phase="commentary")),
    _both("citations", _in_message(annotations=[{"type": "url_citation"}]), _in_part(annotations=[{"type": "url"}])),
    _both(
        "choices-is-object",
        lambda _t, c: c.update(choices={"0": c["choices"][0]}),
        lambda _t, c: c.update(output={"0": c["output"][0]}),
    ),
    _both("no-envelope", lambda t, _c: json.loads(t.honest), lambda t, _c: json.loads(t.honest)),
    _both("list-of-envelopes", lambda _t, c: [c], lambda _t, c: [c]),
    _both(
        "content-is-object",
        lambda t, c: _message(c).update(content=json.loads(t.honest)),
        lambda t, c: c["output"][0].update(content=json.loads(t.honest)),
    ),
    _both("content-is-number", _in_message(content=7), _in_part(text=7)),
    _both("unknown-part", _in_message(content=[7]), _in_part(type="output_audio")),
    _both("other-api", lambda t, _c: _honest(t, "responses"), lambda t, _c: _honest(t, "chat")),
)

SILENT: Final = (
    *(
        Form(name=name, answer=lambda telling, text=text: telling.say(text))
        for name, text in (
            ("empty", ""),
            ("blank", " "),
            ("lines", "\n\n\n"),
            ("tab", "\t"),
            ("no-break", "\xa0"),
            ("null", "null"),
            ("empty-text", '""'),
            ("empty-object", "{}"),
            ("empty-list", "[]"),
        )
    ),
    _both("null-content", _in_message(content=None), _in_part(text=None)),
    _both("no-content", _without("choices", 0, "message", "content"), _without("output", 0, "content")),
    _both("no-message", _without("choices", 0, "message"), _in_item(content=_NO_ITEMS)),
    _both("no-choices", _on_top(choices=_NO_ITEMS), _on_top(output=_NO_ITEMS)),
    _both("null-choices", _on_top(choices=None), _on_top(output=None)),
    _both("missing-choices", _without("choices"), _without("output")),
    _both("empty-envelope", lambda _t, _c: {}, lambda _t, _c: {}),
    _both("null-envelope", lambda _t, _c: [None], lambda _t, _c: [None]),
    Form(name="no-body", answer=lambda _telling: Response()),
    Form(name="blank-body", answer=lambda _telling: Response(body=(b"  \n",))),
)
