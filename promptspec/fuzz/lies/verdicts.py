"""Lying judges: what each answers where it is asked how likely statements are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from promptspec.fuzz.lies.wire import Cut, Pause, Refused, Response, says

if TYPE_CHECKING:
    from promptspec.fuzz.observations import Request
    from promptspec.fuzz.subjects import Subject

_STATEMENT: Final = re.compile(r"^- (s[0-9]+): ", re.MULTILINE)
_LONG: Final = 3_600.0
_LITTLE: Final = Decimal("0.001")
_ERROR: Final = b'{"error":{"message":"x","type":"server_error","code":null}}'


@dataclass(frozen=True)
class Asking:
    """One request to a judge, the *turn*-th of its call from 0, and how likely each statement has to be."""

    request: Request
    turn: int
    thresholds: Mapping[str, Decimal]
    #: Which of the statements the lie is about, from 1; 0 for all.
    about: int

    @property
    def decides(self) -> bool:
        """Whether questions of their own are asked."""
        return self.request.url.partition("?")[0].endswith("/decisions")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of the statements, in order."""
        return tuple(dict.fromkeys(_STATEMENT.findall("\n".join(text for _, text in self.request.messages))))

    def said(self, those: Callable[[str], Decimal]) -> Response:
        """Answer that each statement is as likely as *those* says, those that the lie is not about surely."""
        found = {name: those(name) if self.about in (0, at) else Decimal(1) for at, name in enumerate(self.names, 1)}
        return self.raw([f"{value:f}" for value in found.values()], truth=found)

    def raw(self, values: Iterable[str], *, truth: Mapping[str, Decimal] | None = None) -> Response:
        """Answer with *values* as they stand, one a statement; *truth* is what that says, where it says anything."""
        pairs = list(zip(self.names, values, strict=False))
        if self.decides:
            return self._decided(
                [f'{{"type":"predicate","name":{json.dumps(name)},"probability":{value}}}' for name, value in pairs],
                truth,
            )
        return self.text("{" + ",".join(f"{json.dumps(name)}:{value}" for name, value in pairs) + "}", truth=truth)

    def _decided(self, answers: Iterable[str], truth: Mapping[str, Decimal] | None) -> Response:
        usage = '"usage":{"input_tokens":1,"output_tokens":1,"total_tokens":2}'
        body = f'{{"model":"liar","answers":[{",".join(answers)}],{usage}}}'
        return Response(body=(body.encode(),), text=_written(truth))

    def text(self, text: str, *, truth: Mapping[str, Decimal] | None = None, finish: str = "stop") -> Response:
        """Answer *text*, whatever it is."""
        if self.decides:
            return Response(body=(text.encode("utf-8", "replace"),), text=_written(truth))
        api = "chat" if self.request.url.partition("?")[0].endswith("/chat/completions") else "responses"
        said = says(api, text, finish=finish)
        return Response(body=said.body, text=_written(truth))

    def refused(self) -> Response:
        """Answer that nothing is said of the statement that the lie is about, and that all others hold."""
        if not self.decides:
            return self.text(
                "{" + ",".join(f'"{n}":1' for at, n in enumerate(self.names, 1) if self.about not in (0, at)) + "}"
            )
        return self._decided(
            (
                f'{{"type":"refusal","name":"{name}"}}'
                if self.about in (0, at)
                else f'{{"type":"predicate","name":"{name}","probability":1}}'
                for at, name in enumerate(self.names, 1)
            ),
            None,
        )


def _written(truth: Mapping[str, Decimal] | None) -> str | None:
    return None if truth is None else json.dumps({name: str(value) for name, value in truth.items()})


def _failing(status: int) -> Response:
    return Response(status=status, body=(_ERROR,))


def _holds(a: Asking) -> Response:
    return a.said(lambda _name: Decimal(1))


def _below(a: Asking) -> Response:
    return a.said(lambda name: a.thresholds.get(name, Decimal(1)) - _LITTLE)


def _each(value: str) -> Callable[[Asking], Response]:
    return lambda a: a.raw([value] * len(a.names))


def _first(response: Response) -> Callable[[Asking], Response]:
    """Answer with *response* once, and then that everything holds."""
    return lambda a: response if a.turn == 0 else _holds(a)


#: What a judge may answer, by its name; "" is that everything holds.
VERDICTS: Final[Mapping[str, Callable[[Asking], Response]]] = MappingProxyType(
    {
        "": _holds,
        "at-the-threshold": lambda a: a.said(lambda name: a.thresholds.get(name, Decimal(1))),
        "below": _below,
        "nothing-holds": lambda a: a.said(lambda _name: Decimal(0)),
        "below-then-holds": lambda a: _below(a) if a.turn == 0 else _holds(a),
        "holds-then-below": lambda a: _holds(a) if a.turn == 0 else _below(a),
        "refuses": lambda a: a.refused(),
        "garbage": lambda a: a.text("I find that it holds."),
        "bare-number": lambda a: a.text("1"),
        "silent": lambda a: a.text(""),
        "nan": _each("NaN"),
        "infinity": _each("Infinity"),
        "null": _each("null"),
        "true": _each("true"),
        "text": _each('"1"'),
        "list": _each("[1]"),
        "above-one": _each("1.0001"),
        "percent": _each("100"),
        "negative": _each("-0.0001"),
        "huge": _each("1e400"),
        "one-too-few": lambda a: a.raw(["1"] * (len(a.names) - 1)),
        "repeated-keys": lambda a: a.text("{" + ",".join(f'"{n}":0,"{n}":1' for n in a.names) + "}"),
        "other-names": lambda a: a.text("{" + ",".join(f'"{n}0":1' for n in a.names) + "}"),
        "one-too-many": lambda a: a.text("{" + ",".join(f'"{n}":1' for n in (*a.names, "s999")) + "}"),
        "prose-around": lambda a: a.text("Here: {" + ",".join(f'"{n}":1' for n in a.names) + "}"),
        "cut-short": lambda a: a.text("{" + ",".join(f'"{n}":1' for n in a.names) + "}", finish="length"),
        "another-envelope": lambda _a: Response(body=(b'{"ok":true,"probability":1}',)),
        "bad-json": lambda _a: Response(body=(b'{"answers":[',)),
        "empty-body": lambda _a: Response(),
        "refused-once": _first(Response(before=(Refused(),))),
        "cut-once": _first(Response(before=(Cut(),))),
        "500-once": _first(_failing(500)),
        "429-once": _first(_failing(429)),
        "500": lambda _a: _failing(500),
        "400": lambda _a: _failing(400),
        "401": lambda _a: _failing(401),
        "no-connection": lambda _a: Response(before=(Refused(),)),
        "late": lambda _a: Response(before=(Pause(_LONG),)),
        "late-error": lambda _a: Response(status=500, before=(Pause(9.0),), body=(_ERROR,)),
    }
)
#: Those of which it matters about which statement they are told.
_ABOUT: Final = frozenset({"at-the-threshold", "below", "refuses"})


def verdict_names(statements: int) -> tuple[str, ...]:
    """Return what the judge of so many *statements* may answer; `below:2` is about the second of them alone."""
    return (
        *VERDICTS,
        *(f"{name}:{at}" for name in sorted(_ABOUT) for at in range(1, statements + 1) if statements > 1),
    )


def is_verdict(verdict: str) -> bool:
    """Say whether there is such a verdict."""
    name, _, about = verdict.partition(":")
    return name in VERDICTS and (not about or (name in _ABOUT and about.isascii() and about.isdigit()))


def judged(subject: Subject, verdict: str, request: Request, turn: int) -> Response:
    """Return what the judge of *subject* answers to *request*; its text are the probabilities that it says, if any.

    Raises KeyError for a verdict that nobody knows.
    """
    name, _, about = verdict.partition(":")
    return VERDICTS[name](
        Asking(request=request, turn=turn, thresholds=subject.thresholds, about=int(about) if about else 0)
    )
