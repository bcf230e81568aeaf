"""Text that is no JSON, nearly JSON, or JSON that one reader takes and another does not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from promptspec.contract.json_text import json_text
from promptspec.fuzz.lies.telling import Form, documents, raw_values
from promptspec.fuzz.lies.wire import Response, envelope

if TYPE_CHECKING:
    from promptspec.fuzz.lies.sites import Site
    from promptspec.fuzz.lies.telling import Telling

_DEPTH: Final = 10_000


def _around(name: str, before: str, after: str) -> Form:
    return documents(name, lambda telling: before + telling.honest + after)


def _in_honest(name: str, change: Callable[[str], str]) -> Form:
    return documents(name, lambda telling: change(telling.honest))


def _repeated_key(text: str) -> str:
    """Say the first key of the outermost object twice."""
    first = re.match(r'\{("(?:[^"\\]|\\.)*"):', text)
    return text if first is None else f"{text[:-1]},{first[1]}:null}}"


def _escaped_repeated_key(text: str) -> str:
    first = re.match(r'\{"([a-z])([^"\\]*)":', text)
    return text if first is None else f'{text[:-1]},"\\u{ord(first[1]):04x}{first[2]}":null}}'


def _envelope_with(change: Callable[[bytes], bytes]) -> Callable[[Telling], Response]:
    return lambda telling: Response(body=(change(envelope(telling.api, telling.honest)),))


def _encoded(encoding: str) -> Callable[[Telling], Response]:
    def answer(telling: Telling) -> Response:
        said = json.loads(envelope(telling.api, telling.honest))
        body = json.dumps(said, ensure_ascii=False).encode(encoding, "replace")
        return Response(body=(body,))

    return answer


_BARE: Final = (
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "-1e400",
    "1e-400",
    "9" * 500,
    "-" + "9" * 500,
    "0." + "1" * 500,
    "1" + "0" * 400,
    "1e9999999999",
    "0x10",
    "010",
    "+1",
    "1.",
    ".5",
    "1_000",
    "1,5",
    "--1",
    "-",
    "-0",
    "-0.0",
    "0e0",
    "1E+2",
    "undefined",
    "None",
    "True",
    "nil",
    "tru",
    "'single'",
    "`ticks`",
    '"open',
    '"bad \\x escape"',
    '"tab\there"',
    '"line\nbreak"',
    '"\\ud800"',
    '"\\udc00\\ud800"',
    '"\\u12"',
    '"\\u0000"',
    '"\x00"',
    '"\\/"',
    '"a" "b"',
    '"a"+"b"',
    "// comment\n1",
    "/* c */ 1",
    "[1,]",
    "[,1]",
    "{,}",
    '{"a":1,}',
    "{a:1}",
    "{'a':1}",
    '{"a"}',
    "(1)",
    "<1>",
    "[" * 65 + "]" * 65,
    '{"a":' * 65 + "1" + "}" * 65,
)


def _anywhere(site: Site) -> Iterator[str]:
    # What is told of places that hold a list or an object says nothing new.
    if site.place and not isinstance(site.value, list | dict):
        yield from _BARE


_CONTROLS: Final = tuple(chr(code) for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)))
_SURROGATES: Final = ("\\ud800", "\\udfff", "\\ud83d", "\\ude00\\ud83d", "a\\udc80b")


def _raw_controls(site: Site) -> Iterator[str]:
    if site.is_text:
        yield from (f'"a{control}b"' for control in _CONTROLS)


def _escaped_controls(site: Site) -> Iterator[str]:
    if site.is_text:
        yield from (json.dumps(f"a{control}b") for control in _CONTROLS)


def _surrogates(site: Site) -> Iterator[str]:
    if site.is_text:
        yield from (f'"{surrogate}"' for surrogate in _SURROGATES)


def _bad_bytes(telling: Telling) -> Response:
    """Put bytes that are no UTF-8 where the honest reply has its first letter."""
    bad = bytes.fromhex(telling.lie.text)
    body = envelope(telling.api, "\ue000" + telling.honest).replace(b"\\ue000", bad, 1)
    return Response(body=(body,))


_BAD_UTF8: Final = (
    "ff",
    "fe",
    "80",
    "c0af",
    "c1bf",
    "e080af",
    "eda080",
    "edb080",
    "f0808080",
    "f4908080",
    "f888808080",
    "c3",
    "e282",
    "f09f98",
)

MALFORMED: Final = (
    _around("prose-before", "Sure! Here is the JSON:\n", ""),
    _around("prose-after", "", "\nI hope this helps!"),
    _around("prose-around", "Here you go: ", " Anything else?"),
    _around("fence", "```json\n", "\n```"),
    _around("plain-fence", "```\n", "\n```"),
    _around("xml-around", "<answer>", "</answer>"),
    _around("thinking-before", "<think>first, I choose</think>\n", ""),
    _around("blanks-around", " \n\t\r", "\r\n\t "),
    _around("no-break-around", "\xa0", "\xa0"),
    _around("line-separator", "\u2028", "\u2029"),
    _around("byte-order-mark", "\ufeff", ""),
    _around("zero-width-before", "\u200b", ""),
    _around("null-after", "", "\x00"),
    _around("form-feed", "\f", "\v"),
    _around("xssi-guard", ")]}'\n", ""),
    _around("comment-before", "// answer\n", ""),
    _around("comment-after", "", " /* done */"),
    _around("semicolon", "", ";"),
    _around("assigned", "answer = ", ""),
    _around("called", "callback(", ")"),
    _around("in-a-list", "[", "]"),
    _around("in-an-object", '{"result":', "}"),
    _around("in-properties", '{"type":"object","properties":', "}"),
    _in_honest("as-a-string", json_text),
    _in_honest("twice", lambda text: text + text),
    _in_honest("two-lines", lambda text: f"{text}\n{text}"),
    _in_honest("two-objects", lambda text: text + "{}"),
    _in_honest("one-bracket-more", lambda text: text + "}"),
    _in_honest("one-bracket-less", lambda text: text[:-1]),
    _in_honest("trailing-comma", lambda text: text[:-1] + ",}"),
    _in_honest("repeated-key", _repeated_key),
    _in_honest("repeated-key-escaped", _escaped_repeated_key),
    _in_honest("single-quotes", lambda text: text.replace('"', "'")),
    _in_honest("smart-quotes", lambda text: re.sub('"([^"]*)"', "“\\1”", text)),
    _in_honest("bare-keys", lambda text: re.sub(r'([{,])"([a-z_]+)":', r"\1\2:", text)),
    _in_honest("equals-for-colon", lambda text: text.replace('":', '"=')),
    _in_honest("wide-brackets", lambda text: "｛" + text[1:-1] + "｝"),
    _in_honest("spaced-out", lambda text: json.dumps(json.loads(text), indent=40)),
    _in_honest(
        "all-escaped",
        lambda text: (
            re.sub(r"[a-z](?=[^\"\\]*\")", lambda c: f"\\u{ord(c[0]):04x}", text) if "\\" not in text else text
        ),
    ),
    _in_honest("reversed", lambda text: text[::-1]),
    _in_honest("yaml", lambda text: "\n".join(f"{k}: {v}" for k, v in dict(json.loads(text)).items())),
    _in_honest("xml", lambda text: "".join(f"<{k}>{v}</{k}>" for k, v in dict(json.loads(text)).items())),
    documents("deep-lists", lambda _t: "[" * _DEPTH + "]" * _DEPTH),
    documents("deep-objects", lambda _t: '{"a":' * _DEPTH + "1" + "}" * _DEPTH),
    documents("open-lists", lambda _t: "[" * _DEPTH),
    documents("deep-extra", lambda t: f'{t.honest[:-1]},"x":{"[" * _DEPTH}{"]" * _DEPTH}}}'),
    documents("many-keys", lambda t: t.honest[:-1] + "".join(f',"k{n}":0' for n in range(2_000)) + "}"),
    documents("number-alone", lambda _t: "7"),
    documents("true-alone", lambda _t: "true"),
    documents("huge-number", lambda _t: "1" * 60_000),
    raw_values("nearly-json", _anywhere, parts=8),
    raw_values("raw-control", _raw_controls, parts=8),
    raw_values("escaped-control", _escaped_controls, parts=8),
    raw_values("lone-surrogate", _surrogates),
    Form(name="bad-utf-8", answer=_bad_bytes, texts=lambda _site: _BAD_UTF8),
    Form(name="utf-16", answer=_encoded("utf-16")),
    Form(name="utf-16-le", answer=_encoded("utf-16-le")),
    Form(name="utf-32", answer=_encoded("utf-32")),
    Form(name="utf-7", answer=_encoded("utf-7")),
    Form(
        name="latin-1",
        answer=lambda t: Response(
            body=(
                json.dumps(json.loads(envelope(t.api, "é" + t.honest)), ensure_ascii=False).encode(
                    "latin-1", "replace"
                ),
            )
        ),
    ),
    Form(name="mark-before-envelope", answer=_envelope_with(lambda body: b"\xef\xbb\xbf" + body)),
    Form(name="envelope-twice", answer=_envelope_with(lambda body: body + body)),
    Form(name="prose-before-envelope", answer=_envelope_with(lambda body: b"ok " + body)),
    Form(name="envelope-repeats-key", answer=_envelope_with(lambda body: body[:-1] + b',"choices":[],"output":[]}')),
    Form(
        name="envelope-deep",
        answer=_envelope_with(lambda body: body[:-1] + b',"x":' + b"[" * _DEPTH + b"]" * _DEPTH + b"}"),
    ),
    Form(name="envelope-nan", answer=_envelope_with(lambda body: body[:-1] + b',"x":NaN}')),
    Form(name="event-stream", answer=_envelope_with(lambda body: b"data: " + body + b"\n\ndata: [DONE]\n\n")),
    Form(name="json-lines", answer=_envelope_with(lambda body: body + b"\n" + body)),
)
