"""The law about what is shown of a reply before it is whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, cast

from promptspec.contract.types import ListOf, Text
from promptspec.errors import CallFailed, PromptspecError
from promptspec.fuzz.echoes import WINDOW, echoes
from promptspec.fuzz.reference import OutOfFragment, judge_reply
from promptspec.fuzz.reference_tone import holds
from promptspec.fuzz.trial import LawFell
from promptspec.live.strict_json import NOTHING, read_strictly
from promptspec.values.markdown import find_markdown_sinks
from promptspec.values.sinks import find_sinks, without_links

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptspec.fuzz.observations import Streamed
    from promptspec.fuzz.trial import Trial

_WORD: Final = re.compile(r"[a-z0-9]+")
_INDEX: Final = re.compile(r"\[\d+\]")


def stream_leaks_nothing(trial: Trial) -> bool:
    """A stream yields how the reply begins that a call delivers for the same answer; where the call refuses, nothing
    that it yielded breaks a rule, and no beginning of private words or of a tag is among it.
    """
    feature = trial.subject.feature
    if feature.no_stream is not None:
        return False
    seen = trial.streamed
    if seen.error is not None and (isinstance(seen.error, CallFailed) or not isinstance(seen.error, PromptspecError)):
        raise LawFell(f"a stream ended in {type(seen.error).__name__}")
    if seen.reply is not None and seen.end not in ("whole", "document", "other"):
        raise LawFell("a reply was delivered whose stream never came to its end")
    _is_what_a_call_gives(trial, seen)
    if feature.bare and isinstance(feature.output.fields[0].type, Text):
        _sentences_hold(trial, seen)
    else:
        _pieces_hold(trial, seen)
    return bool(seen.pieces)


def _is_what_a_call_gives(trial: Trial, seen: Streamed) -> None:
    call = trial.observation
    if len(call.requests) != 1 or seen.end not in ("whole", "document") or call.texts != seen.texts:
        return
    if (call.reply is None) != (seen.reply is None):
        raise LawFell("a stream ended otherwise than a call with the same answer")
    if call.reply is not None and seen.reply is not None and call.reply.value != seen.reply.value:
        raise LawFell("a stream gave another reply than a call with the same answer")


def _sentences_hold(trial: Trial, seen: Streamed) -> None:
    feature = trial.subject.feature
    type = cast("Text", feature.output.fields[0].type)
    shown = "".join(seen.pieces)
    if seen.reply is not None and shown != seen.reply.value:
        raise LawFell("what was yielded is not the reply")
    size = {"chars": len(shown), "bytes": len(shown.encode())}.get(type.cap.unit, 0)
    if size > type.cap.most:
        raise LawFell("more was yielded than a reply may hold")
    _text_holds(trial, type, shown, "output")
    for rule in feature.tone:
        if holds(rule.kind, shown) is False:
            raise LawFell(f"what was yielded breaks {rule.id}")
    whole = _member(read_strictly(seen.texts[-1]), "answer") if seen.texts and seen.texts[-1] else NOTHING
    if isinstance(whole, str) and whole.isascii() and "\r" not in whole:
        if not whole.startswith(shown):
            raise LawFell("what was yielded is not how the answer begins")
        begin = _first_echo(trial, whole)
        if begin is not None and len(shown) > begin:
            raise LawFell("the beginning of what a reply must not repeat was yielded")


def _text_holds(trial: Trial, type: Text, shown: str, path: str) -> None:
    if type.markdown:
        sinks = find_markdown_sinks(shown, type.links, type.queries)
    else:
        sinks = find_sinks(without_links(shown, type.links, type.queries))
    if sinks and not type.code:
        raise LawFell(f"{path} was yielded with {sinks[0]} in it")
    found = echoes(shown, tags=trial.tags, words=trial.subject.private_words)
    if found:
        raise LawFell(f"{path} was yielded and repeats {found}")


def _first_echo(trial: Trial, whole: str) -> int | None:
    """Return where in *whole* the first tag, or run of the prompt's words, begins."""
    folded = whole.casefold()
    places = [at for tag in trial.tags if tag and (at := folded.find(tag)) >= 0]
    spoken = list(_WORD.finditer(folded))
    words = trial.subject.private_words
    for at in range(len(spoken) - WINDOW + 1):
        if " ".join(each.group() for each in spoken[at : at + WINDOW]) in words:
            places.append(spoken[at].start())
            break
    return min(places, default=None)


def _pieces_hold(trial: Trial, seen: Streamed) -> None:
    feature = trial.subject.feature
    wire = read_strictly(seen.texts[-1]) if seen.texts and seen.texts[-1] else NOTHING
    broken = _broken(trial, wire)
    fields = {field.name: field for field in feature.output.fields}
    for piece in seen.pieces:
        path = f"output{'.' if piece.path[:1] != '[' else ''}{piece.path}"
        inside = next((rule for at, rule in broken if at == path or at.startswith((f"{path}.", f"{path}["))), None)
        if inside is not None:
            raise LawFell(f"{path} was yielded and breaks {inside}")
        name = _INDEX.sub("", piece.path) or "answer"
        type = fields[name].type
        inner = type.item if isinstance(type, ListOf) and "[" in piece.path else type
        if not isinstance(inner, Text):
            continue
        _text_holds(trial, inner, piece.value, path)
        for rule in feature.tone:
            if any(text[0] == name for text in rule.texts) and holds(rule.kind, piece.value) is False:
                raise LawFell(f"{path} was yielded and breaks {rule.id}")
        said = _member(wire, name)
        if isinstance(said, str) and said.isascii() and said.isprintable() and said != piece.value:
            raise LawFell(f"{path} was yielded and is not what the answer says")
    if seen.reply is not None and dict(_all_of(trial, seen.reply.value)) != {p.path: p.value for p in seen.pieces}:
        raise LawFell("what was yielded is not the reply")


def _broken(trial: Trial, wire: Any) -> list[tuple[str, str]]:
    """Return what the reference finds broken in the answer; nothing where it does not know."""
    subject = trial.subject
    if wire is NOTHING:
        return []
    try:
        return judge_reply(
            subject.module,
            subject.feature,
            trial.case.given,
            wire,
            rows=subject.rows,
            today=trial.input.today,
            caller=trial.case.caller,
            finds=subject.finds(trial.case.given),
        )
    except (OutOfFragment, ValueError):
        return []


def _all_of(trial: Trial, value: Any) -> Iterator[tuple[str, object]]:
    """Yield every piece of the reply *value*, by its path."""
    output = trial.subject.feature.output
    names = {
        str(declared.serialization_alias or attribute): attribute
        for attribute, declared in trial.subject.running.plan.output.model_fields.items()
    }
    for field in output.fields:
        inner = value if trial.subject.feature.bare else getattr(value, names[field.name])
        here = "" if trial.subject.feature.bare else field.name
        if isinstance(field.type, ListOf) and not field.optional:
            yield from ((f"{here}[{at}]", item) for at, item in enumerate(inner))
        elif inner is not None:
            yield here, inner


def _member(value: object, name: str) -> object:
    return cast("Mapping[str, object]", value).get(name, NOTHING) if isinstance(value, dict) else NOTHING
