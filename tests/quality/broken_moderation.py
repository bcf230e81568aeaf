"""Sabotages of moderation: of the emitted rules, and of the runtime that asks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from promptspec.errors import Moderated
from quality.builds import Edit
from quality.sabotage import Patch, Sabotage, Way, method

_LAW: Final = "moderation_holds"
_MODERATING: Final = "promptspec.runtime.moderating:Moderating"
_RUNTIME: Final = "promptspec.runtime.moderating"
_CALL: Final = "promptspec.runtime.calling:Call"


def _emitted(name: str, rule: str, way: Way, *changes: tuple[str, str]) -> Sabotage:
    edits = tuple(Edit(old, new, "Guarded") for old, new in changes)
    return Sabotage(name=name, law=_LAW, feature="guarded", rule=rule, way=way, edits=edits)


def _patched(name: str, target: str, function: Callable[..., Any], law: str = _LAW) -> Sabotage:
    return Sabotage(name=name, law=law, feature="guarded", patches=(Patch(target, method(function)),))


# The runtime


async def _error_is_clean(original: Any, self: Any, model: Any, by: Any, side: Any, seen: Any) -> None:
    """Take a moderator that does not answer for one that finds nothing."""
    try:
        await original(self, model, by, side, seen)
    except Moderated as error:
        if "could not" not in error.detail:
            raise


async def _not_looked_at(_original: Any, _self: Any, _side: Any, _value: Any) -> None:
    return


async def _output_not_looked_at(original: Any, self: Any, side: Any, value: Any) -> None:
    if side == "input":
        await original(self, side, value)


async def _first_moderator_alone(original: Any, self: Any, model: Any, by: Any, side: Any, seen: Any) -> None:
    if not hasattr(by, "function"):
        await original(self, model, by, side, seen)


def _first_finding_alone(original: Any, by: Any, side: Any, found: Any, *, asked: bool) -> None:
    original(by, side, found[:1], asked=asked)


def _flags_alone(original: Any, by: Any, finding: Any) -> Any:
    """Look at what the server flags and at no score."""
    return original(replace(by, above=()) if hasattr(by, "above") else by, finding)


def _above_alone(original: Any, by: Any, finding: Any) -> Any:
    """Let a score pass that is the number itself."""
    found = original(by, finding)
    exact = [name for name, least in getattr(by, "above", ()) if finding.scores.get(name) == least]
    return None if found is not None and exact and "at" in found and "or above" in found else found


def _missing_is_clean(original: Any, by: Any, finding: Any) -> Any:
    found = original(by, finding)
    return None if found is not None and found.startswith("could not moderate: no") else found


def _unknown_is_clean(original: Any, by: Any, finding: Any) -> Any:
    found = original(by, finding)
    return None if found == "could not moderate: an unknown category" else found


def _silence_beside_is_clean(original: Any, self: Any, found_in: Any, found_out: Any) -> None:
    original(self, found_in or (), found_out or ())


def _not_beside(_original: Any, _self: Any, _found_in: Any, _found_out: Any) -> None:
    return


def _not_told(_original: Any, self: Any) -> Any:
    """Send a request that asks for no moderation."""
    return self.attempt.compose()


def _words_not_looked_for(_original: Any, _self: Any, _side: Any, _value: Any) -> None:
    return


def _first_text_alone(original: Any, value: object, paths: Any) -> Any:
    seen = original(value, paths)
    return replace(seen, texts=seen.texts[:1])


def _cut_short(original: Any, value: object, paths: Any) -> Any:
    seen = original(value, paths)
    return replace(seen, texts=tuple(text[:3] for text in seen.texts))


def _says_so(original: Any, self: Any, detail: str = "", *, asked: bool = False) -> None:
    original(self, detail, asked=False)


def _tireless(original: Any, self: Any, **keywords: Any) -> None:
    original(self, **{**keywords, "deadline": keywords["deadline"] + 1_000})


_SENTRY: Final = """\
                    blocks=("hate", "violence"),
                    above=(("harassment", Decimal("0.4")),),
                ),
                input=True,
                output=True,
"""

MODERATION: Final = (
    _emitted(
        "input-not-moderated", "Moderation.input", "removed", (_SENTRY, _SENTRY.replace("input=True", "input=False"))
    ),
    _emitted(
        "output-not-moderated",
        "Moderation.output",
        "removed",
        (_SENTRY, _SENTRY.replace("output=True", "output=False")),
    ),
    _emitted("another-moderator", "ByServer.model", "off by one", ('name="guard"', 'name="guards"')),
    _emitted("nothing-blocked", "ByServer.blocks", "removed", ('blocks=("hate", "violence"),', "blocks=(),")),
    _emitted(
        "a-category-not-blocked", "ByServer.blocks", "off by one", ('blocks=("hate", "violence"),', 'blocks=("hate",),')
    ),
    _emitted("no-score", "ByServer.above", "removed", ('above=(("harassment", Decimal("0.4")),),', "above=(),")),
    _emitted("a-score-a-little-higher", "ByServer.above", "off by one", ('Decimal("0.4")', 'Decimal("0.401")')),
    _emitted(
        "no-words",
        "ByWords.phrases",
        "removed",
        (
            """\
                        "blorp",
                        "snark*",
                        "flim flam",
""",
            "",
        ),
    ),
    _emitted("a-word-left-out", "ByWords.phrases", "off by one", ('"blorp",', '"blorps",')),
    _emitted("no-input-looked-at", "Plan.looked_at_in", "removed", ('(("question",), ("extras", "[]"))', "()")),
    _emitted(
        "an-input-not-looked-at",
        "Plan.looked_at_in",
        "off by one",
        ('(("question",), ("extras", "[]"))', '(("question",),)'),
    ),
    _emitted("no-output-looked-at", "Plan.looked_at_out", "removed", ('(("answer",), ("hint",))', "()")),
    _emitted(
        "an-output-not-looked-at", "Plan.looked_at_out", "off by one", ('(("answer",), ("hint",))', '(("answer",),)')
    ),
    _patched("moderation-error-taken-as-clean", f"{_MODERATING}._refuse_by_model", _error_is_clean),
    _patched("never-moderated", f"{_MODERATING}.refuse", _not_looked_at),
    _patched("replies-never-moderated", f"{_MODERATING}.refuse", _output_not_looked_at),
    _patched("functions-not-asked", f"{_MODERATING}._refuse_by_model", _first_moderator_alone),
    _patched("first-finding-alone", f"{_RUNTIME}:_refuse_found", _first_finding_alone),
    _patched("scores-not-looked-at", f"{_RUNTIME}:_reason", _flags_alone),
    _patched("the-score-itself-passes", f"{_RUNTIME}:_reason", _above_alone),
    _patched("a-missing-category-is-clean", f"{_RUNTIME}:_reason", _missing_is_clean),
    _patched("an-unknown-category-is-clean", f"{_RUNTIME}:_reason", _unknown_is_clean),
    _patched("silence-beside-an-answer-is-clean", f"{_MODERATING}.refuse_inline", _silence_beside_is_clean),
    _patched("findings-beside-an-answer-not-read", f"{_MODERATING}.refuse_inline", _not_beside),
    _patched("server-not-told-to-moderate", f"{_CALL}._compose", _not_told),
    _patched("words-not-looked-for", f"{_MODERATING}.refuse_at_once", _words_not_looked_for),
    _patched("first-text-alone-is-moderated", f"{_RUNTIME}:looked_at", _first_text_alone),
    _patched("texts-moderated-in-part", f"{_RUNTIME}:looked_at", _cut_short),
    _patched("end-user-told-what-was-flagged", "promptspec.errors:Moderated.__init__", _says_so),
    _patched("moderator-without-a-deadline", f"{_MODERATING}.__init__", _tireless, "reply_is_total"),
)
