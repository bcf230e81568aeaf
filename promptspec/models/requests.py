"""One request body: what is fixed for a model and a schema is encoded once, the messages stand in between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal

from promptspec.models.port import Ask
from promptspec.models.servers import Api, Endpoint, Structured

#: Said at the end of the system message where the server is not told the schema itself.
TELL_SCHEMA = (
    "\n\nAnswer with one JSON value and nothing else: no prose, no code fence."
    " It must be valid against this JSON Schema:\n"
)

# With `score` the server tells what it finds and we decide; what `block` looks like is documented nowhere.
_MODERATION = b'"moderation":{"model":%b,"policy":{"input":{"mode":"score"},"output":{"mode":"score"}}}'

# A feature has one schema and one cap; a model shared by many features has many. Beyond this the oldest go.
_FORMS_KEPT = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The fixed parts of a body: *head* the system text *between* the messages *tail*, then the user, then `}`."""

    head: bytes
    told: str
    tail: bytes


class RequestForms:
    """Bodies of requests to one model, by its *api* and *endpoint*."""

    __slots__ = ("_api", "_effort", "_endpoint", "_forms", "_name", "_structured", "_temperature")

    def __init__(
        self,
        *,
        name: str,
        api: Api,
        endpoint: Endpoint,
        structured: Structured,
        temperature: Decimal | None,
        effort: str | None,
    ) -> None:
        self._name = name
        self._api: Api = api
        self._endpoint = endpoint
        self._structured: Structured = structured
        self._temperature = temperature
        self._effort = effort
        self._forms: dict[tuple[bytes, str, int, str | None], Form] = {}

    def encode(self, ask: Ask, *, streamed: bool = False) -> bytes:
        """Return the body of the request for *ask*; its messages are copied, never read."""
        form = self._form(ask)
        parts = [form.head, _text(ask.system + form.told), b"}"]
        messages = ask.responses if self._api == "responses" and ask.responses is not None else ask.messages
        if messages:
            parts += (b",", messages)
        parts.append(form.tail)
        if ask.user is not None:
            user = _text(ask.user)
            for parameter in self._endpoint.user:
                parts += (b',"', parameter.encode(), b'":', user)
        if streamed:
            parts.append(b',"stream":true')
            if self._endpoint.stream_usage:
                parts.append(b',"stream_options":{"include_usage":true}')
        parts.append(b"}")
        return b"".join(parts)

    def _form(self, ask: Ask) -> Form:
        key = (ask.schema, ask.schema_name, ask.reply_tokens + ask.thinking_tokens, ask.moderator)
        form = self._forms.get(key)
        if form is None:
            form = self._make_form(*key)
            if len(self._forms) >= _FORMS_KEPT:
                del self._forms[next(iter(self._forms))]
            self._forms[key] = form
        return form

    def _make_form(self, schema: bytes, schema_name: str, cap: int, moderator: str | None) -> Form:
        messages = b"messages" if self._api == "chat" else b"input"
        head = b'{"model":' + _text(self._name) + b',"' + messages + b'":[{"role":"system","content":'
        fields = [f'"{self._endpoint.cap}":{cap}'.encode()]
        fields += self._schema_fields(schema, schema_name)
        if self._endpoint.store:
            fields.append(b'"store":false')
        if moderator is not None:
            fields.append(_MODERATION % _text(moderator))
        if self._temperature is not None:
            fields.append(b'"temperature":' + format(self._temperature, "f").encode())
        if self._effort is not None:
            effort = _text(self._effort)
            chat = self._api == "chat"
            fields.append(b'"reasoning_effort":' + effort if chat else b'"reasoning":{"effort":' + effort + b"}")
        told = TELL_SCHEMA + schema.decode() if self._structured in ("prompt", "json_object") else ""
        return Form(head=head, told=told, tail=b"]," + b",".join(fields))

    def _schema_fields(self, schema: bytes, schema_name: str) -> list[bytes]:
        match self._structured:
            case "prompt":
                return []
            case "grammar":
                return [_nested(self._endpoint.grammar, _text("%llguidance {}\nstart: %json " + schema.decode()))]
            case "json_object":
                kind = b'{"type":"json_object"}'
            case "json_schema":
                named = b'"name":' + _text(schema_name) + b',"strict":true,"schema":' + schema
                if self._api == "chat":
                    kind = b'{"type":"json_schema","json_schema":{' + named + b"}}"
                else:
                    kind = b'{"type":"json_schema",' + named + b"}"
        return [b'"response_format":' + kind if self._api == "chat" else b'"text":{"format":' + kind + b"}"]


def _nested(path: tuple[str, ...], value: bytes) -> bytes:
    """Return the member that holds *value* under the keys of *path*."""
    first, *rest = path
    return _text(first) + b":" + (b"{" + _nested(tuple(rest), value) + b"}" if rest else value)


def _text(text: str) -> bytes:
    # A lone surrogate cannot be encoded; `backslashreplace` writes it as JSON's own escape, `\udc80`.
    return json.dumps(text, ensure_ascii=False).encode("utf-8", "backslashreplace")
