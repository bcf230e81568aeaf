"""Too much and too little: texts and lists over their caps, bodies without end, replies that stop early."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from promptspec.contract.json_text import json_text
from promptspec.contract.types import ListOf, Text
from promptspec.fuzz.lies.envelopes import chat, responses
from promptspec.fuzz.lies.telling import Form, raw_values
from promptspec.fuzz.lies.values import items_of
from promptspec.fuzz.lies.wire import Piece, Response, envelope

if TYPE_CHECKING:
    from promptspec.fuzz.lies.sites import Site
    from promptspec.fuzz.lies.telling import Telling

#: Cuts of one reply that are tried.
MOST_CUTS: Final = 200
_BLOCK: Final = b" " * 65_536
_LETTERS: Final = b"a" * 65_536
_BLOCKS: Final = 800  # 50 MiB, of one block in memory

# What one unit of a cap is made of: a text of n of them has n characters, words, bytes, or about n tokens.
_CHARACTERS: Final = ("a", "é", "文", "😀", "e\u0301")


def texts_of_length(type: Text, length: int) -> Iterator[str]:
    """Yield texts of *length* of the unit of *type*, made of letters of one to four bytes."""
    if length < 0:
        return
    match type.cap.unit:
        case "chars":
            yield from (character * length for character in _CHARACTERS[:4])
            yield "e\u0301" * length  # composes to as many
        case "bytes":
            for character in _CHARACTERS[:4]:
                size = len(character.encode())
                yield character * (length // size) + "a" * (length % size)
        case "words":
            yield " ".join(["word"] * length)
            yield " ".join(["été"] * length)
        case "tokens":
            yield " ".join(["the"] * length)
            yield "文" * length


def _texts_at(site: Site, *lengths: int) -> Iterator[str]:
    if isinstance(site.type, Text):
        for length in dict.fromkeys(lengths):
            yield from map(json_text, texts_of_length(site.type, length))


def _edges(site: Site) -> Iterator[str]:
    if isinstance(site.type, Text):
        cap = site.type.cap
        yield from _texts_at(site, cap.most - 1, cap.most, cap.least, cap.least + 1)


def _over(site: Site) -> Iterator[str]:
    if isinstance(site.type, Text):
        yield from _texts_at(site, site.type.cap.most + 1)


def _far_over(site: Site) -> Iterator[str]:
    if isinstance(site.type, Text):
        yield json_text("a" * (site.type.cap.most * 3 + 100))


def _under(site: Site) -> Iterator[str]:
    if isinstance(site.type, Text) and site.type.cap.least:
        yield from _texts_at(site, site.type.cap.least - 1)
        yield from map(json_text, ("", " " * site.type.cap.least, "\n" * site.type.cap.least, "\xa0", "\u3000"))


def _list_of(site: Site, *lengths: int) -> Iterator[str]:
    if isinstance(site.type, ListOf):
        items = [json_text(item) for item in items_of(site.value)] or ['"a"']
        for length in dict.fromkeys(lengths):
            if length >= 0:
                yield "[" + ",".join(items[n % len(items)] for n in range(length)) + "]"


def _list_over(site: Site) -> Iterator[str]:
    if isinstance(site.type, ListOf):
        yield from _list_of(site, site.type.most + 1, site.type.most * 10)


def _list_edges(site: Site) -> Iterator[str]:
    if isinstance(site.type, ListOf):
        yield from _list_of(site, site.type.most, site.type.most - 1, site.type.least, site.type.least - 1, 0)


def _long_body(telling: Telling, *, before: bool) -> Response:
    honest = envelope(telling.api, telling.honest)
    blanks: tuple[bytes | Piece, ...] = (_BLOCK,) * _BLOCKS
    return Response(body=(*blanks, honest) if before else (honest, *blanks), text=telling.honest)


def _long_text(telling: Telling) -> Response:
    head, _, tail = envelope(telling.api, "\ue000").partition(b"\\ue000")
    return Response(body=(head, *((_LETTERS,) * _BLOCKS), tail))


OVERLONG: Final = (
    raw_values("text-over", _over),
    raw_values("text-far-over", _far_over),
    raw_values("text-at-the-edge", _edges),
    raw_values("text-under", _under),
    raw_values("list-over", _list_over),
    raw_values("list-at-the-edge", _list_edges),
    Form(name="body-of-50-mib", answer=_long_text),
    Form(name="blanks-after", answer=lambda telling: _long_body(telling, before=False)),
    Form(name="blanks-before", answer=lambda telling: _long_body(telling, before=True)),
    Form(name="padded-reply", answer=lambda telling: telling.say(" " * 60_000 + telling.honest)),
    Form(
        name="error-of-50-mib",
        answer=lambda _t: Response(status=400, body=(b'{"error":{"code":"', *(_LETTERS,) * _BLOCKS)),
    ),
)

# Truncated


def cuts(length: int) -> Iterator[int]:
    """Yield where to cut a text of *length*: everywhere, and where that is too often, evenly."""
    step = max(-(-length // MOST_CUTS), 1)
    yield from range(0, length, step)


def _cut(telling: Telling) -> str:
    return telling.honest[: int(telling.lie.text or "0")]


def _cut_envelope(telling: Telling) -> Response:
    body = envelope(telling.api, telling.honest)
    return Response(body=(body[: int(telling.lie.text or "0") % len(body)],))


def _text_cuts(site: Site) -> Iterator[str]:
    yield from map(str, cuts(len(json_text(site.reply))))


def _envelope_cuts(site: Site) -> Iterator[str]:
    size = len(envelope("chat", json_text(site.reply)))
    yield from map(str, range(0, size, max(size // 40, 1)))


def _finish(name: str, finish: object, reason: object) -> Form:
    def answer(telling: Telling) -> Response:
        if telling.api == "chat":
            return chat(telling, choice={"finish_reason": finish})
        return responses(telling, status="incomplete", incomplete_details=reason)

    return Form(name=name, answer=answer)


def _missing_finish(telling: Telling) -> Response:
    content = json.loads(envelope(telling.api, telling.honest))
    if telling.api == "chat":
        del content["choices"][0]["finish_reason"]
    else:
        del content["status"]
    return Response(body=(json.dumps(content).encode(),), text=telling.honest)


TRUNCATED: Final = (
    Form(name="cut", answer=lambda telling: telling.say(_cut(telling)), texts=_text_cuts),
    Form(
        name="cut-and-said", answer=lambda telling: telling.say(_cut(telling), finish=_limit(telling)), texts=_text_cuts
    ),
    Form(name="cut-envelope", answer=_cut_envelope, texts=_envelope_cuts),
    Form(
        name="begins-late",
        answer=lambda telling: telling.say(telling.honest[1 + len(_cut(telling)) :]),
        texts=_envelope_cuts,
    ),
    _finish("finish-length", "length", {"reason": "max_output_tokens"}),
    _finish("finish-filter", "content_filter", {"reason": "content_filter"}),
    _finish("finish-unknown", "bored", {"reason": "bored"}),
    _finish("finish-null", None, None),
    _finish("finish-odd", ["stop"], "length"),
    Form(name="finish-missing", answer=_missing_finish),
)


def _limit(telling: Telling) -> str:
    return "length" if telling.api == "chat" else "max_output_tokens"
