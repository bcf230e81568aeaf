"""Lying moderators: what each answers where it is asked about texts, and what a server says beside its answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, TypeAlias, cast

from promptspec.contract.moderation import CATEGORIES, Moderation, PythonModerator, ServerModerator
from promptspec.fuzz.lies.wire import Cut, Pause, Refused, Response

#: One finding, as the wire has it.
Found: TypeAlias = dict[str, Any]

_LONG: Final = 3_600.0
_LITTLE: Final = Decimal("0.001")
_ERROR: Final = b'{"error":{"message":"x","type":"server_error","code":null}}'
_ANY: Final = ServerModerator(model=cast("Any", None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """A request to the moderator *by*, the *turn*-th of its call from 0, about so many texts."""

    by: ServerModerator
    turn: int
    texts: int

    def clean(self) -> list[Found]:
        """Find nothing in any text."""
        return [_finding() for _ in range(self.texts)]

    def blocked(self) -> Found:
        """Return a finding for which the moderator's first rule blocks."""
        return self.by_rule(0)

    def by_rule(self, at: int) -> Found:
        """Return a finding for which the rule in place *at* alone blocks."""
        if at < len(self.by.blocks):
            return _finding(flagged=(self.by.blocks[at],))
        above = self.by.above[at - len(self.by.blocks) :]
        if above:
            return _finding(scores={above[0][0]: above[0][1]})
        return _finding(flagged=("hate",))

    def just_below(self) -> list[Found]:
        """Return findings that just do not block: scores below each number, flags for categories without a rule."""
        scores = {name: least - _LITTLE for name, least in self.by.above}
        named = {*self.by.blocks, *scores}
        others = [name for name in CATEGORIES if name not in named][:1] if named else []
        return [_finding(flagged=tuple(others), scores=scores) for _ in range(self.texts)]


def _finding(flagged: tuple[str, ...] = (), scores: Mapping[str, Decimal] | None = None) -> Found:
    return {
        "flagged": bool(flagged),
        "categories": {name: name in flagged for name in CATEGORIES},
        "category_scores": {name: float((scores or {}).get(name, 0)) for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] for name in CATEGORIES},
    }


def _each(change: Callable[[Found], Found]) -> Callable[[Looking], object]:
    return lambda a: [change(finding) for finding in a.clean()]


def _without(finding: Found, *keys: str) -> Found:
    return {key: value for key, value in finding.items() if key not in keys}


def _rule(at: int) -> Callable[[Looking], object]:
    return lambda a: [*a.clean()[1:], a.by_rule(at)]


#: What a moderator may find, by its name; "" is nothing. A value is the `results` of a response.
_RESULTS: Final[Mapping[str, Callable[[Looking], object]]] = MappingProxyType(
    {
        "": Looking.clean,
        "flagged": lambda a: [a.blocked(), *a.clean()[1:]],
        "last-flagged": lambda a: [*a.clean()[1:], a.blocked()],
        "just-below": Looking.just_below,
        "second-rule": _rule(1),
        "third-rule": _rule(2),
        "fourth-rule": _rule(3),
        "flagged-then-clean": lambda a: [a.blocked(), *a.clean()[1:]] if a.turn == 0 else a.clean(),
        "clean-then-flagged": lambda a: a.clean() if a.turn == 0 else [a.blocked(), *a.clean()[1:]],
        "flag-without-category": _each(lambda f: {**f, "flagged": True}),
        "category-without-flag": lambda a: [{**a.blocked(), "flagged": False}, *a.clean()[1:]],
        "unknown-category": _each(
            lambda f: {**f, "flagged": True, "categories": {**f["categories"], "witchcraft": True}}
        ),
        "no-category": _each(lambda f: {**f, "categories": {}, "category_scores": {}}),
        "null-categories": _each(lambda f: {**f, "categories": dict.fromkeys(CATEGORIES)}),
        "null-scores": _each(lambda f: {**f, "category_scores": dict.fromkeys(CATEGORIES)}),
        "flag-is-text": _each(lambda f: {**f, "flagged": "false"}),
        "flag-is-null": _each(lambda f: {**f, "flagged": None}),
        "category-is-text": _each(lambda f: {**f, "categories": dict.fromkeys(CATEGORIES, "false")}),
        "score-is-text": _each(lambda f: {**f, "category_scores": dict.fromkeys(CATEGORIES, "0")}),
        "score-above-one": _each(lambda f: {**f, "category_scores": dict.fromkeys(CATEGORIES, 1.5)}),
        "score-below-zero": _each(lambda f: {**f, "category_scores": dict.fromkeys(CATEGORIES, -0.5)}),
        "no-flag": _each(lambda f: _without(f, "flagged")),
        "no-categories": _each(lambda f: _without(f, "categories")),
        "no-scores": _each(lambda f: _without(f, "category_scores")),
        "no-results": lambda _a: [],
        "one-too-few": lambda a: a.clean()[1:],
        "one-too-many": lambda a: [*a.clean(), _finding()],
        "one-finding": lambda a: a.clean()[0],
        "null": lambda _a: None,
        "texts": lambda a: ["clean"] * a.texts,
    }
)
#: What keeps a moderator from finding anything.
_FAILURES: Final[Mapping[str, Response]] = MappingProxyType(
    {
        "garbage": Response(body=(b"nothing was found",)),
        "empty-body": Response(),
        "another-envelope": Response(body=(b'{"ok":true,"flagged":false}',)),
        "bad-json": Response(body=(b'{"results":[',)),
        "error-in-200": Response(body=(_ERROR,)),
        "500": Response(status=500, body=(_ERROR,)),
        "400": Response(status=400, body=(_ERROR,)),
        "401": Response(status=401, body=(_ERROR,)),
        "no-connection": Response(before=(Refused(),)),
        "late": Response(before=(Pause(_LONG),)),
        "cut": Response(before=(Cut(),)),
    }
)
_ONCE: Final[Mapping[str, Response]] = MappingProxyType(
    {
        "500-once": Response(status=500, body=(_ERROR,)),
        "429-once": Response(status=429, body=(_ERROR,)),
        "cut-once": Response(before=(Cut(),)),
    }
)
FINDINGS: Final = (*_RESULTS, *_FAILURES, *_ONCE)
_SIDES: Final = ("input", "output")


def finding_names(moderations: tuple[Moderation, ...]) -> tuple[str, ...]:
    """Return what the moderators of a feature may answer: "" for nothing, else `flagged@input`."""
    asked = [each for each in moderations if isinstance(each.by, ServerModerator | PythonModerator)]
    sides = [side for side in _SIDES if any(each.input if side == "input" else each.output for each in asked)]
    return ("", *(f"{name}@{side}" for side in sides for name in FINDINGS if name)) if sides else ()


def is_finding(name: str) -> bool:
    """Say whether there is such an answer."""
    found, at, side = name.partition("@")
    return not name or (found in FINDINGS and bool(found) and at == "@" and side in _SIDES)


def moderated(name: str, side: str, by: ServerModerator | PythonModerator, *, texts: int, turn: int) -> Response:
    """Return what a moderator answers to the *turn*-th request about a *side*; its text is what it finds, if anything.

    The text is the list of findings as JSON. Raises KeyError for an answer that nobody knows.
    """
    found, _, about = name.partition("@")
    found = found if about == side else ""
    looking = Looking(by=by if isinstance(by, ServerModerator) else _ANY, turn=turn, texts=texts)
    if found in _FAILURES or (found in _ONCE and turn == 0):
        return _FAILURES.get(found) or _ONCE[found]
    results = _RESULTS[found if found in _RESULTS else ""](looking)
    body = json.dumps({"id": "modr-1", "model": "liar", "results": results})
    return Response(body=(body.encode(),), text=json.dumps(results))


def beside(name: str, by: ServerModerator, *, api: str, turn: int) -> Found:
    """Return the `moderation` that a server says beside its *turn*-th answer."""
    return {side: _beside(moderated(name, side, by, texts=1, turn=turn), api) for side in _SIDES}


def _beside(said: Response, api: str) -> object:
    if said.text is None:
        return {"type": "error", "code": "x", "message": "x"}
    results: object = json.loads(said.text)
    if api == "chat":
        return {"type": "moderation_results", "model": "liar", "results": results}
    one: object = cast("list[object]", results)[0] if isinstance(results, list) and results else None
    return {**cast("Found", one), "type": "moderation_result", "model": "liar"} if isinstance(one, dict) else one
