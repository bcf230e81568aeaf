"""Sabotages of what a model judges: of the emitted rules, and of the runtime that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from promptspec.errors import Unjudged
from quality.builds import Edit
from quality.sabotage import Patch, Sabotage, Way, method

_LAW: Final = "judgement_holds"
_JURY: Final = "promptspec.runtime.jury:Jury"
_JUDGING: Final = "promptspec.runtime.opinions:Judging"
_TEXTS: Final = "promptspec.runtime.opinions:texts_at"


def _emitted(name: str, rule: str, way: Way, *changes: tuple[str, str]) -> Sabotage:
    edits = tuple(Edit(old, new, "Please") for old, new in changes)
    return Sabotage(name=name, law=_LAW, feature="please", rule=rule, way=way, edits=edits)


def _patched(name: str, target: str, function: Callable[..., Any], law: str = _LAW) -> Sabotage:
    return Sabotage(name=name, law=law, feature="please", patches=(Patch(target, method(function)),))


# The runtime


async def _passed(original: Any, self: Any, judging: Any) -> Any:
    """Take what could not be judged for passed."""
    try:
        return await original(self, judging)
    except Unjudged:
        return judging.scripted(1.0)


async def _never(_original: Any, _self: Any, judging: Any) -> Any:
    return judging.scripted(1.0)


async def _first_alone(original: Any, self: Any, judging: Any) -> Any:
    """Judge no reply but the first of a call."""
    return judging.scripted(1.0) if self._asked else await original(self, judging)


async def _twice(original: Any, self: Any, judging: Any) -> Any:
    await original(self, judging)
    return await original(self, judging)


def _above(original: Any, self: Any, probabilities: Sequence[object]) -> Any:
    """Refuse what is exactly as likely as it has to be."""
    return tuple(replace(each, holds=each.probability > each.threshold) for each in original(self, probabilities))


def _nearly(original: Any, self: Any, probabilities: Sequence[object]) -> Any:
    return tuple(
        replace(each, holds=each.probability + 0.01 >= each.threshold) for each in original(self, probabilities)
    )


def _turned(original: Any, self: Any, probabilities: Sequence[object]) -> Any:
    return tuple(replace(each, holds=each.probability <= each.threshold) for each in original(self, probabilities))


def _missing_holds(original: Any, self: Any, probabilities: Sequence[object]) -> Any:
    return original(self, [1 if each is None else each for each in probabilities])


def _begin_alone(original: Any, *arguments: object, **keywords: object) -> Iterator[tuple[str, str]]:
    for path, text in original(*arguments, **keywords):
        yield path, text[:2]


def _first_text_alone(original: Any, *arguments: object, **keywords: object) -> Iterator[tuple[str, str]]:
    yield from list(original(*arguments, **keywords))[:1]


def _in_system(original: Any, self: Any, *arguments: object, **keywords: object) -> Any:
    """Show the judge the texts in the system message too."""
    ask = original(self, *arguments, **keywords)
    return replace(ask, system=ask.system + "\n".join(fence.text for fence in self.draft.fences()))


class _Stuck:
    def token(self, bits: int) -> str:
        return "a" * (bits // 4)


def _one_tag(original: Any, self: Any, _entropy: object, **keywords: object) -> Any:
    return original(self, _Stuck(), **keywords)


def _endless(original: Any, self: Any, **keywords: Any) -> None:
    original(self, **{**keywords, "deadline": keywords["deadline"] + 1_000})


def _tireless(original: Any, self: Any, **keywords: Any) -> None:
    original(self, **{**keywords, "retries_left": lambda: 20})


def _anonymous(original: Any, self: Any, **keywords: Any) -> None:
    original(self, **{**keywords, "user": None})


_JUDGE: Final = """\
            ps.Judge(
                model=ps.OpenAI(
                    name="gpt-6-luna",
                    server="openai",
                    api="responses",
                    structured="json_schema",
                ),
                decisions=True,
            ),
"""

JUDGING: Final = (
    _emitted("no-judges", "Plan.judges", "removed", (_JUDGE, "")),
    _emitted("judge-asked-for-a-reply", "Judge.decisions", "removed", ("decisions=True", "decisions=False")),
    _emitted("another-judge", "Judge.model", "off by one", ('name="gpt-6-luna"', 'name="gpt-6-sol"')),
    _emitted("judged-rule-of-another-name", "Judged.rule", "off by one", ('rule="tone_topic"', 'rule="tone_topics"')),
    _emitted(
        "judged-text-left-out",
        "Judged.texts",
        "off by one",
        ('texts=(("points", "[]"), ("note",)),', 'texts=(("note",),),'),
    ),
    _emitted("judged-texts-removed", "Judged.texts", "removed", ('texts=(("points", "[]"), ("note",)),', "texts=(),")),
    _emitted("judged-about-all", "Judged.about", "removed", ('            about=("note",),\n', "")),
    _emitted(
        "judged-about-another",
        "Judged.about",
        "off by one",
        ('about=("points[]", "note")', 'about=("points[]", "title")'),
    ),
    _emitted("another-statement", "Judged.statement", "off by one", ('polite to an upset reader")', 'polite")')),
    _emitted("no-statement", "Judged.statement", "removed", ('statement=("short and to the point")', 'statement=("")')),
    _emitted("threshold-a-little-lower", "Judged.threshold", "off by one", ('threshold="0.8"', 'threshold="0.799"')),
    _emitted("no-threshold", "Judged.threshold", "removed", ('threshold="0.6"', 'threshold="0"')),
    _patched("not-judged-is-passed", f"{_JURY}.ajudge", _passed),
    _patched("never-judged", f"{_JURY}.ajudge", _never),
    _patched("repaired-and-not-judged", f"{_JURY}.ajudge", _first_alone),
    _patched("judged-twice", f"{_JURY}.ajudge", _twice),
    _patched("threshold-itself-refused", f"{_JUDGING}._judged", _above),
    _patched("a-hundredth-below-passes", f"{_JUDGING}._judged", _nearly),
    _patched("threshold-turned-around", f"{_JUDGING}._judged", _turned),
    _patched("refused-question-holds", f"{_JUDGING}._judged", _missing_holds),
    _patched("begin-alone-is-judged", _TEXTS, _begin_alone),
    _patched("first-text-alone-is-judged", _TEXTS, _first_text_alone),
    _patched("judged-text-in-the-system-message", f"{_JUDGING}.compose", _in_system),
    _patched("one-tag-for-all-judging", f"{_JUDGING}.compose", _one_tag),
    _patched("judge-without-a-deadline", f"{_JURY}.__init__", _endless, "reply_is_total"),
    _patched("judge-asked-for-ever", f"{_JURY}.__init__", _tireless, "limits_hold"),
    _patched("judge-not-told-of-the-caller", f"{_JURY}.__init__", _anonymous, "caller_stays_hidden"),
)
