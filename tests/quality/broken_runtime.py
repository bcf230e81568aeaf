"""Sabotages of the runtime: for each law at least three ways to break it, by patching one named function."""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Final

from promptspec.errors import CallerRefused, InputRefused, ReplyRefused, Violation
from promptspec.models.port import Unavailable
from promptspec.runtime.context import Context
from promptspec.runtime.drafts import Fence, Message
from promptspec.telemetry.signals import CALLS, signals
from promptspec.values.echo import WINDOW, Echo
from promptspec.values.sinks import SINKS
from promptspec.values.units import count
from promptspec.values.untyped import normalize
from promptspec.values.words import skeleton
from quality.sabotage import Name, Patch, Sabotage, method

_CALLING: Final = "promptspec.runtime.calling"
_VALUES: Final = "promptspec.runtime.values"
_DRAFTS: Final = "promptspec.runtime.drafts"
_ASKING: Final = "promptspec.runtime.asking"
_MODELS: Final = "promptspec.models.asking"
_SOURCES: Final = "promptspec.runtime.sources"
_CLEANING: Final = "promptspec.values.cleaning"
_MODEL: Final = "promptspec.models.openai_api"
_REPLIES: Final = "promptspec.models.replies"
_REQUESTS: Final = "promptspec.models.requests"


def _patched(name: str, law: str, feature: Name, *patches: tuple[str, Callable[..., Any]]) -> Sabotage:
    """Return the sabotage in which each function is given the original before its own arguments."""
    return Sabotage(
        name=name,
        law=law,
        feature=feature,
        patches=tuple(Patch(target, method(function)) for target, function in patches),
    )


# Inputs


def _as_output(original: Any, value: str, kind: Any, most: int, context: Context) -> str:
    return original(value, kind, most, replace(context, direction="output"))


def _bytes_for_characters(original: Any, text: str, *, least: int, most: int, unit: Any) -> Any:
    return original(text, least=least, most=most, unit="bytes" if unit == "chars" else unit)


def _characters_for_bytes(original: Any, text: str, *, least: int, most: int, unit: Any) -> Any:
    return original(text, least=least, most=most, unit="chars" if unit == "bytes" else unit)


def _utf_16(original: Any, text: str, *, least: int, most: int, unit: Any) -> Any:
    if unit == "chars" and len(text.encode("utf-16-le", "surrogatepass")) // 2 > most:
        return "too_long"
    return original(text, least=least, most=most, unit=unit)


def _measured_first(original: Any, self: Any, value: object, context: Context) -> str:
    """Measure before cleaning, and judge a cleaned text by nothing more."""
    if not isinstance(value, str):
        return original(self, value, context)
    if count(value, self.unit) > self.most:
        return original(self, "a" * 100_000, context)
    return original(replace(self, most=100_000), value, context)


def _raw_measured(original: Any, self: Any, value: object, context: Context) -> str:
    """Refuse by the length before cleaning as well."""
    if isinstance(value, str) and self.unit == "chars" and len(value) > self.most:
        return original(self, "a" * 100_000, context)
    return original(self, value, context)


def _lower_key(original: Any, self: Any, key: str, *, snapshot: Any = None) -> Any:
    found = original(self, key, snapshot=snapshot)
    return found or next((row for row in self if getattr(row, self.key).casefold() == key.casefold()), None)


def _by_label(original: Any, self: Any, key: str, *, snapshot: Any = None) -> Any:
    return original(self, key, snapshot=snapshot) or next(
        (row for row in self if getattr(row, self.label) == key), None
    )


def _stripped_key(original: Any, self: Any, key: str, *, snapshot: Any = None) -> Any:
    return original(self, key.strip(), snapshot=snapshot)


def _prefix_key(original: Any, self: Any, key: str, *, snapshot: Any = None) -> Any:
    found = original(self, key, snapshot=snapshot)
    return found or next((row for row in self if key and getattr(row, self.key).startswith(key)), None)


def _wrong_path(original: Any, root: str, location: Any) -> str:
    return original(root, tuple(location)[:-1])


def _path_from_one(original: Any, root: str, location: Any) -> str:
    return original(root, tuple(step + 1 if isinstance(step, int) else step for step in location))


def _wrong_rule(original: Any, rule: str, message: str) -> Any:
    return original("too_short" if rule == "too_long" else rule, message)


def _whole_of_booleans(original: Any, value: object) -> Any:
    return int(value) if isinstance(value, bool) else original(value)


def _whole_of_texts(original: Any, value: object) -> Any:
    return int(value) if isinstance(value, str) and value.strip().isdecimal() else original(value)


def _word_of_any_case(original: Any, self: Any, value: object, info: Any) -> Any:
    folded = {word.casefold(): word for word in self.words}
    return original(self, folded.get(value.casefold(), value) if isinstance(value, str) else value, info)


def _nothing(_original: Any, *_arguments: Any, **_keywords: Any) -> None:
    return None


def _compatible(original: Any, form: str, text: str) -> str:
    return original("NFKC" if form == "NFC" else form, text)


def _decomposed(original: Any, form: str, text: str) -> str:
    return original("NFD" if form == "NFC" else form, text)


def _floats_taken(original: Any, self: Any, value: object, info: Any) -> Any:
    from decimal import Decimal

    return original(self, Decimal(str(value)) if isinstance(value, float) and value == value else value, info)


def _not_cleaned(_original: Any, value: str, _kind: Any, _most: int, _context: Context) -> str:
    return value


def _only_composed(_original: Any, value: str, _kind: Any, _most: int, _context: Context) -> str:
    return normalize("NFC", value)


def _breaks_kept(original: Any, value: str, kind: Any, most: int, context: Context) -> str:
    cleaned = original(value, kind, most, context)
    return cleaned.replace("\n", "\r\n") if "\r\n" in value else cleaned


INPUTS: Final = (
    _patched("inputs-cleaned-as-replies", "accepts_valid", "talk", (f"{_VALUES}:cleaned_text", _as_output)),
    _patched("bytes-measured-for-characters", "accepts_valid", "talk", (f"{_VALUES}:measure", _bytes_for_characters)),
    _patched("utf-16-measured-for-characters", "accepts_valid", "talk", (f"{_VALUES}:measure", _utf_16)),
    _patched("measured-before-cleaning-too", "accepts_valid", "talk", (f"{_VALUES}:text.judge_text", _raw_measured)),
    _patched(
        "characters-measured-for-bytes", "refuses_invalid", "everything", (f"{_VALUES}:measure", _characters_for_bytes)
    ),
    _patched("key-of-any-case", "refuses_invalid", "own", (f"{_SOURCES}:Source.find", _lower_key)),
    _patched("key-by-its-label", "refuses_invalid", "talk", (f"{_SOURCES}:Source.find", _by_label)),
    _patched("key-without-blanks", "refuses_invalid", "talk", (f"{_SOURCES}:Source.find", _stripped_key)),
    _patched("key-by-its-beginning", "refuses_invalid", "talk", (f"{_SOURCES}:Source.find", _prefix_key)),
    _patched(
        "path-of-the-outer-field", "refuses_invalid", "weigh", ("promptspec.runtime.judging:path_of", _wrong_path)
    ),
    _patched(
        "path-numbered-from-one", "refuses_invalid", "weigh", ("promptspec.runtime.judging:path_of", _path_from_one)
    ),
    _patched("another-rule-named", "refuses_invalid", "talk", (f"{_VALUES}:break_rule", _wrong_rule)),
    _patched("word-of-any-case", "refuses_invalid", "everything", (f"{_VALUES}:word.judge", _word_of_any_case)),
    _patched("conditions-not-looked-at", "refuses_invalid", "own", (f"{_CALLING}:Call._refuse", _nothing)),
    _patched("booleans-are-numbers", "judges_agree", "everything", (f"{_VALUES}:exact_integer", _whole_of_booleans)),
    _patched("texts-are-numbers", "judges_agree", "everything", (f"{_VALUES}:exact_integer", _whole_of_texts)),
    _patched("floats-are-decimals", "judges_agree", "weigh", (f"{_VALUES}:number.judge", _floats_taken)),
    _patched("compatible-forms", "judges_agree", "talk", (f"{_CLEANING}:normalize", _compatible)),
    _patched("not-cleaned-at-all", "cleaning_is_idempotent", "talk", (f"{_VALUES}:cleaned_text", _not_cleaned)),
    _patched("only-composed", "cleaning_is_idempotent", "talk", (f"{_VALUES}:cleaned_text", _only_composed)),
    _patched("line-breaks-kept", "cleaning_is_idempotent", "talk", (f"{_VALUES}:cleaned_text", _breaks_kept)),
    _patched(
        "cleaned-after-measuring", "cleaning_is_idempotent", "talk", (f"{_VALUES}:text.judge_text", _measured_first)
    ),
    _patched("decomposed-forms", "judges_agree", "talk", (f"{_CLEANING}:normalize", _decomposed)),
)

# Prompts


def _roles_taken(original: Any, self: Any, path: str, turns: Any) -> None:
    for index, turn in enumerate(turns, 1):
        self.begin(turn.role)
        self.fence(f"{path}[{index}]", turn.text)


def _merged(original: Any, self: Any, role: Any) -> None:
    if not self._messages or self._messages[-1][0] != role:
        original(self, role)


def _no_system(original: Any, messages: Any) -> Any:
    return "", messages


def _examples_last(original: Any, self: Any) -> Any:
    ask = original(self)
    examples = self._examples.chat
    live = ask.messages.removeprefix(examples + b",")
    return replace(ask, messages=live + b"," + examples)


def _fixed_tag(original: Any, self: Any, entropy: Any) -> str:
    tag = original(self, entropy)
    return "a1b2c3d4e5f60718293a4b5c" if tag else ""


def _short_tag(original: Any, self: Any, entropy: Any) -> str:
    return original(self, entropy)[:8]


def _unchecked_tag(_original: Any, self: Any, entropy: Any) -> str:
    return entropy.token(96) if self._fences else ""


def _tag_kept(original: Any, self: Any, entropy: Any) -> str:
    if not hasattr(self, "kept_tag"):
        self.kept_tag = original(self, entropy)
    return self.kept_tag


def _untagged_end(original: Any, role: Any, pieces: Any, tag: str, mark: str) -> Message:
    made = original(role, pieces, tag, mark)
    return Message(role, re.sub(rf"\[\[/([^\[\] ]+) {tag}\]\]", r"[[/\1]]", made.content)) if tag else made


def _stripped_fence(original: Any, self: Any, path: str, value: object) -> None:
    original(self, path, value.strip() if isinstance(value, str) else value)


def _cut_fence(original: Any, self: Any, path: str, value: object) -> None:
    original(self, path, value[:50] if isinstance(value, str) else value)


def _escaped_fence(original: Any, self: Any, path: str, value: object) -> None:
    original(self, path, value.replace("[[", "[ [") if isinstance(value, str) else value)


def _told_in_system(original: Any, self: Any, path: str, value: object) -> None:
    original(self, path, value)
    self._messages[0][1].append(f"\nMind {path}: {str(value)[:20]}")


def _length_told(original: Any, self: Any, path: str, value: object) -> None:
    original(self, path, value)
    self._pieces.append(f" ({len(str(value))})")


def _formatted(original: Any, self: Any, fixed: str) -> None:
    original(self, fixed.replace("never", "rarely"))


def _no_schema(original: Any, self: Any, schema: bytes, schema_name: str) -> list[bytes]:
    return []


def _schema_loosened(original: Any, self: Any, schema: bytes, schema_name: str) -> list[bytes]:
    return original(self, schema.replace(b'"additionalProperties":false', b'"additionalProperties":true'), schema_name)


def _always_fits(original: Any, self: Any, most: int) -> bool:
    return True


def _characters_counted(original: Any, self: Any, most: int) -> bool:
    return sum(len(message.content) for message in self._draft.messages("0" * 24)) <= 8 * most


def _no_cap(original: Any, self: Any, *arguments: Any) -> Any:
    form = original(self, *arguments)
    return replace(form, tail=re.sub(rb'"max_(?:output|completion)?_?tokens":\d+,', b"", form.tail))


def _visible_cap(original: Any, self: Any, ask: Any, *, streamed: bool = False) -> bytes:
    return original(self, replace(ask, thinking_tokens=0), streamed=streamed)


def _half_cap(original: Any, self: Any, ask: Any, *, streamed: bool = False) -> bytes:
    return original(self, replace(ask, reply_tokens=ask.reply_tokens * 2), streamed=streamed)


PROMPTS: Final = (
    _patched("turns-in-their-own-role", "roles_hold", "talk", (f"{_DRAFTS}:Draft.history", _roles_taken)),
    _patched("messages-of-one-role-merged", "roles_hold", "talk", (f"{_DRAFTS}:Draft.begin", _merged)),
    _patched("system-sent-twice", "roles_hold", "own", (f"{_ASKING}:split_system", _no_system)),
    _patched("examples-after-the-input", "roles_hold", "weigh", (f"{_ASKING}:Attempt.compose", _examples_last)),
    _patched("fixed-tag", "fences_hold", "talk", (f"{_DRAFTS}:Draft.draw_tag", _fixed_tag)),
    _patched("short-tag", "fences_hold", "talk", (f"{_DRAFTS}:Draft.draw_tag", _short_tag)),
    _patched("tag-not-checked", "fences_hold", "talk", (f"{_DRAFTS}:Draft.draw_tag", _unchecked_tag)),
    _patched("tag-kept-for-retries", "fences_hold", "talk", (f"{_DRAFTS}:Draft.draw_tag", _tag_kept)),
    _patched("end-without-tag", "fences_hold", "talk", (f"{_DRAFTS}:_message", _untagged_end)),
    _patched("values-stripped", "fences_hold", "everything", (f"{_DRAFTS}:Draft.fence", _stripped_fence)),
    _patched("values-cut", "fences_hold", "talk", (f"{_DRAFTS}:Draft.fence", _cut_fence)),
    _patched("values-escaped", "fences_hold", "weigh", (f"{_DRAFTS}:Draft.fence", _escaped_fence)),
    _patched("value-told-in-system", "system_is_closed", "talk", (f"{_DRAFTS}:Draft.fence", _told_in_system)),
    _patched("length-told-outside-of-the-fence", "system_is_closed", "talk", (f"{_DRAFTS}:Draft.fence", _length_told)),
    _patched("fixed-text-reworded", "system_is_closed", "talk", (f"{_DRAFTS}:Draft.text", _formatted)),
    _patched("schema-not-sent", "system_is_closed", "talk", (f"{_REQUESTS}:RequestForms._schema_fields", _no_schema)),
    _patched(
        "schema-opened", "system_is_closed", "talk", (f"{_REQUESTS}:RequestForms._schema_fields", _schema_loosened)
    ),
    _patched("prompt-always-fits", "prompt_fits", "talk", (f"{_ASKING}:Attempt._fits", _always_fits)),
    _patched("prompt-counted-in-characters", "prompt_fits", "talk", (f"{_ASKING}:Attempt._fits", _characters_counted)),
    _patched("no-reply-cap", "prompt_fits", "talk", (f"{_REQUESTS}:RequestForms._make_form", _no_cap)),
    _patched("cap-without-thinking", "prompt_fits", "weigh", (f"{_REQUESTS}:RequestForms.encode", _visible_cap)),
    _patched("twice-the-cap", "prompt_fits", "talk", (f"{_REQUESTS}:RequestForms.encode", _half_cap)),
)

# Callers and requests


def _raw_id(_original: Any, caller: Any, _environment: Any) -> str:
    return caller.id


def _unkeyed(_original: Any, caller: Any, _environment: Any) -> str:
    from hashlib import sha256

    return "k1." + sha256(caller.id.encode("utf-8", "surrogatepass")).hexdigest()


def _one_hash(original: Any, caller: Any, environment: Any) -> str:
    return original(type(caller)("everybody"), environment)


def _one_kind(original: Any, caller: Any, environment: Any) -> Any:
    from promptspec.safety.callers import Session

    return original(Session(caller.id), environment)


def _no_hash(_original: Any, _caller: Any, _environment: Any) -> None:
    return None


def _logged(original: Any, caller: Any, environment: Any) -> Any:
    logging.getLogger("promptspec").debug("called by %s", caller.id)
    return original(caller, environment)


def _secret_logged(original: Any, caller: Any, environment: Any) -> Any:
    logging.getLogger("promptspec").debug("environment %s", dict(environment))
    return original(caller, environment)


def _told(original: Any, caller: Any, environment: Any) -> Any:
    to = signals()
    if to is not None:
        to.measure(CALLS, 1, {"enduser.id": caller.id})
    return original(caller, environment)


def _texts_told(original: Any, model: Any, ask: Any) -> Any:
    telling = original(model, ask)
    telling.found("gen_ai.input.messages", ask.messages.decode())
    return telling


def _id_in_error(original: Any, self: Any, violations: Any) -> None:
    try:
        original(self, violations)
    except InputRefused as refused:
        raise InputRefused(refused.violations, f"refused to {getattr(self.caller, 'id', '')}") from None


def _body(change: Callable[[dict[str, Any]], object]) -> Callable[..., bytes]:
    """Return the patch that changes each body before it is sent."""

    def encode(original: Any, self: Any, ask: Any, *, streamed: bool = False) -> bytes:
        content = json.loads(original(self, ask, streamed=streamed))
        change(content)
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")

    return encode


_KEPT: Final[dict[str, Any]] = {}


def _kept(name: str, make: Callable[..., Any]) -> Callable[..., Any]:
    """Return the patch that makes something once and gives it to every caller after."""

    def once(original: Any, *arguments: Any, **keywords: Any) -> Any:
        key = f"{name}:{os.environ.get('PYTEST_CURRENT_TEST', '')}"
        if key not in _KEPT:
            _KEPT[key] = make(original, *arguments, **keywords)
        return _KEPT[key]

    return once


def _original(original: Any, *arguments: Any, **keywords: Any) -> Any:
    return original(*arguments, **keywords)


def _one_reply_id(original: Any, *arguments: Any, id: str | None = None) -> Any:
    return replace(original(*arguments, id=id), id="r_1")


def _admitted(_original: Any, caller: Any, _level: str) -> Any:
    return caller


def _admitted_as_session(original: Any, caller: Any, level: str) -> Any:
    return original(caller, "anyone" if level == "session" else "session")


def _refused_as_input(original: Any, caller: Any, level: str) -> Any:
    try:
        return original(caller, level)
    except CallerRefused:
        raise InputRefused([Violation(path="caller", rule="caller", message="is too weak")]) from None


_ENCODE: Final = f"{_REQUESTS}:RequestForms.encode"

CALLERS: Final = (
    _patched("raw-id-sent", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _raw_id)),
    _patched("hash-without-a-key", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _unkeyed)),
    _patched("one-hash-for-all", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _one_hash)),
    _patched("account-hashed-as-session", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _one_kind)),
    _patched("no-hash-sent", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _no_hash)),
    _patched("raw-id-logged", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _logged)),
    _patched("secrets-logged", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _secret_logged)),
    _patched("raw-id-told-to-telemetry", "caller_stays_hidden", "talk", (f"{_CALLING}:hash_of", _told)),
    _patched("raw-id-in-an-error", "caller_stays_hidden", "weigh", (f"{_CALLING}:Call._refuse", _id_in_error)),
    _patched("one-hash-for-two", "callers_are_apart", "talk", (f"{_CALLING}:hash_of", _one_hash)),
    _patched(
        "tag-shared-by-callers", "callers_are_apart", "talk", (f"{_DRAFTS}:Draft.draw_tag", _kept("tag", _original))
    ),
    _patched("id-shared-by-replies", "callers_are_apart", "talk", (f"{_CALLING}:Call.reply", _one_reply_id)),
    _patched(
        "answer-shared-by-callers", "callers_are_apart", "talk", (f"{_MODEL}:read_answer", _kept("answer", _original))
    ),
    _patched("anybody-admitted", "weak_callers_are_refused", "talk", (f"{_CALLING}:admit", _admitted)),
    _patched("session-admitted", "weak_callers_are_refused", "weigh", (f"{_CALLING}:admit", _admitted_as_session)),
    _patched(
        "weak-caller-told-of-the-input", "weak_callers_are_refused", "talk", (f"{_CALLING}:admit", _refused_as_input)
    ),
    _patched(
        "no-session-needed", "weak_callers_are_refused", "everything", (f"{_CALLING}:admit", _admitted_as_session)
    ),
    _patched(
        "server-may-keep", "nothing_is_kept", "talk", (_ENCODE, _body(lambda content: content.update(store=True)))
    ),
    _patched(
        "server-not-told-to-forget",
        "nothing_is_kept",
        "talk",
        (_ENCODE, _body(lambda content: content.pop("store", None))),
    ),
    _patched("tools-offered", "nothing_is_kept", "weigh", (_ENCODE, _body(lambda content: content.update(tools=[])))),
    _patched(
        "earlier-response-named",
        "nothing_is_kept",
        "talk",
        (_ENCODE, _body(lambda content: content.update(previous_response_id="resp_0"))),
    ),
    _patched(
        "stream-asked-for", "nothing_is_kept", "talk", (_ENCODE, _body(lambda content: content.update(stream=True)))
    ),
)

# How often, and whom


async def _one_more(original: Any, models: Any, compose: Any, **keywords: Any) -> Any:
    return await original(models, compose, **{**keywords, "retries": keywords["retries"] + 1})


async def _without_end(original: Any, models: Any, compose: Any, **keywords: Any) -> Any:
    return await original(models, compose, **{**keywords, "retries": 1_000})


def _always_again(original: Any, *arguments: Any, **keywords: Any) -> Any:
    found = original(*arguments, **keywords)
    if isinstance(found, Unavailable):
        return Unavailable(found.detail, again=True, after=found.after, status=found.status)
    return found


def _refusal_again(original: Any, *arguments: Any, **keywords: Any) -> Any:
    try:
        return original(*arguments, **keywords)
    except ReplyRefused:
        raise Unavailable("the model refused", again=True, status=200) from None


def _unfenced(_original: Any, draft: Any, reply: str, _broken: Any) -> None:
    draft.begin("user")
    draft.text(f"The last reply was refused: {reply}")


def _quoted_again(original: Any, draft: Any, reply: str, broken: Any) -> None:
    original(draft, reply, broken)
    draft.text(f"Do not say {reply[:20]} again.")


def _other_reply(original: Any, draft: Any, reply: str, broken: Any) -> None:
    original(draft, reply.strip() + " ", broken)


async def _second_first(original: Any, models: Any, compose: Any, **keywords: Any) -> Any:
    return await original(tuple(reversed(models)), compose, **keywords)


async def _round_and_round(original: Any, models: Any, compose: Any, **keywords: Any) -> Any:
    return await original((*models, *models), compose, **{**keywords, "retries": 3})


async def _first_alone(original: Any, models: Any, compose: Any, **keywords: Any) -> Any:
    return await original((models[-1],), compose, **keywords)


async def _no_deadline(original: Any, models: Any, compose: Any, **keywords: Any) -> Any:
    return await original(models, compose, **{**keywords, "deadline": keywords["deadline"] + 3_600.0})


async def _deadline_dropped(original: Any, model: Any, compose: Any, seconds: float) -> Any:
    """Keep the deadline in the first attempt alone."""
    first = not getattr(compose.__self__, "tried", False)
    compose.__self__.tried = True
    return await original(model, compose, seconds if first else 600.0)


def _model_named(name: str) -> Callable[[dict[str, Any]], object]:
    return lambda content: content.update(model=name)


_REPAIR: Final = f"{_ASKING}:add_repair"
_ASK: Final = f"{_CALLING}:ask_models"

ASKING: Final = (
    _patched("one-request-more", "limits_hold", "own", (_ASK, _one_more)),
    _patched("retries-without-end", "limits_hold", "talk", (_ASK, _without_end)),
    _patched("asked-again-after-4xx", "limits_hold", "talk", (f"{_MODEL}:failure_of_status", _always_again)),
    _patched("asked-again-after-a-refusal", "limits_hold", "talk", (f"{_MODEL}:read_answer", _refusal_again)),
    _patched("reply-sent-back-unfenced", "repairs_are_closed", "own", (_REPAIR, _unfenced)),
    _patched("reply-quoted-beside-its-fence", "repairs_are_closed", "own", (_REPAIR, _quoted_again)),
    _patched("another-reply-sent-back", "repairs_are_closed", "own", (_REPAIR, _other_reply)),
    _patched("second-model-first", "fallback_keeps_laws", "everything", (_ASK, _second_first)),
    _patched("round-and-round", "fallback_keeps_laws", "everything", (_ASK, _round_and_round)),
    _patched("first-model-left-out", "fallback_keeps_laws", "everything", (_ASK, _first_alone)),
    _patched("one-model-for-both", "fallback_keeps_laws", "everything", (_ENCODE, _body(_model_named("careful")))),
    _patched("deadline-an-hour-later", "reply_is_total", "talk", (_ASK, _no_deadline)),
    _patched(
        "deadline-dropped-in-retries",
        "reply_is_total",
        "talk",
        ("promptspec.models.asking:_attempt", _deadline_dropped),
    ),
)

# Replies


def _loosely(text: str) -> Any:
    from decimal import Decimal

    return json.loads(text, parse_float=Decimal)


def _loose(original: Any, data: Any, **keywords: Any) -> Any:
    try:
        return _loosely(data) if isinstance(data, str) else original(data, **keywords)
    except ValueError:
        return original(data, **keywords)


def _first_value(original: Any, data: Any, **keywords: Any) -> Any:
    if isinstance(data, str):
        try:
            _, end = json.JSONDecoder().raw_decode(data.lstrip())
            return original(data.lstrip()[:end], **keywords)
        except ValueError:
            pass
    return original(data, **keywords)


def _out_of_prose(original: Any, data: Any, **keywords: Any) -> Any:
    if isinstance(data, str):
        data = data[data.find("{") : data.rfind("}") + 1] or data
    return original(data, **keywords)


def _rounded(original: Any, value: object) -> Any:
    from decimal import Decimal

    return round(value) if isinstance(value, Decimal) and value.is_finite() else original(value)


def _finish_ignored(original: Any, body: bytes, **keywords: Any) -> Any:
    return original(
        re.sub(rb'"finish_reason": ?"\w+"', b'"finish_reason":"stop"', body).replace(
            b'"status": "incomplete"', b'"status": "completed"'
        ),
        **keywords,
    )


def _key_error(original: Any, self: Any, text: str, context: Any) -> Any:
    if text.strip() and not text.strip().endswith("}"):
        raise KeyError(text[-1])
    return original(self, text, context)


def _no_violations(*_arguments: Any) -> Iterator[Violation]:
    return iter(())


def _without_ensures(original: Any, self: Any, answer: Any) -> Any:
    self.feature.__dict__["broken_ensures"] = _no_violations
    return original(self, answer)


def _ensured_first(original: Any, self: Any, answer: Any) -> Any:
    """Evaluate `ensure` on a value that was never judged."""
    plan = self.feature.plan
    raw = plan.output.model_construct(**dict.fromkeys(plan.output.model_fields, ""))
    judged = self.feature.broken_ensures

    def of_another(_x: Any, _y: Any, today: Any) -> Iterator[Violation]:
        return iter(list(judged(self.input, raw, today)))

    self.feature.__dict__["broken_ensures"] = of_another
    try:
        return original(self, answer)
    finally:
        del self.feature.__dict__["broken_ensures"]


def _none_admitted(original: Any, self: Any, value: object, info: Any) -> Any:
    return None if value == 0 and not self.optional else original(self, value, info)


def _from_zero(original: Any, self: Any, value: Any, info: Any) -> Any:
    shifted = value + 1 if isinstance(value, int) and not isinstance(value, bool) else value
    return original(self, shifted, info)


def _next_entry(original: Any, self: Any, value: Any, info: Any) -> Any:
    found = original(self, value, info)
    offered = info.context.lists.get(self.field, ())
    return offered[offered.index(found) - 1] if found in offered else found


def _another_row(original: Any, self: Any, key: str, *, snapshot: Any = None) -> Any:
    found = original(self, key, snapshot=snapshot)
    return next(iter(self), None) if found is not None else None


def _hits_without(*names: str) -> Callable[..., tuple[str, ...]]:
    """Return the patch that leaves out the recognisers called *names*."""

    def find(original: Any, text: str) -> tuple[str, ...]:
        return tuple(name for name in original(text) if name not in names)

    return find


def _only_ascii(original: Any, text: str) -> tuple[str, ...]:
    return original("".join(character for character in text if character.isascii()) if text.isascii() else "a")


def _sinks_before_cleaning(original: Any, self: Any, value: object, context: Context) -> str:
    cleaned = original(self, value, replace(context, direction="input", echo=None))
    if context.direction == "output" and isinstance(value, str) and "http" in value:
        return original(self, value, context)
    return cleaned


def _no_echo(_original: Any, _self: Any, _text: str, tag: str) -> None:
    return None


def _echo_of_tags(original: Any, self: Any, text: str, tag: str) -> Any:
    return "echo_tag" if tag and tag in text else None


def _echo_of_words(original: Any, self: Any, text: str, tag: str) -> Any:
    return original(self, text, "")


def _not_decoded(_original: Any, _text: str) -> bool:
    return False


def _forwards_only(_original: Any, texts: tuple[str, ...]) -> Any:
    echo: Any = Echo(texts)
    runs: set[str] = set()
    for text in texts:
        said = re.findall(r"[^\W_]+", skeleton(text))
        runs.update("".join(said[at : at + WINDOW]) for at in range(len(said) - WINDOW + 1))
    echo._windows = {start: [run for run in each if run in runs] for start, each in echo._windows.items()}
    return echo


def _always_done(_original: Any, _envelope: object) -> None:
    return


REPLIES: Final = (
    _patched("answers-that-are-not-done", "reply_is_total", "talk", (f"{_REPLIES}:_check_status", _always_done)),
    _patched("keys-repeated", "reply_is_total", "weigh", (f"{_CALLING}:read_json", _loose)),
    _patched("text-after-the-value", "reply_is_total", "talk", (f"{_CALLING}:read_json", _first_value)),
    _patched("value-in-prose", "reply_is_total", "talk", (f"{_CALLING}:read_json", _out_of_prose)),
    _patched("not-whole-but-rounded", "reply_is_total", "weigh", (f"{_VALUES}:exact_integer", _rounded)),
    _patched("texts-for-numbers", "reply_is_total", "weigh", (f"{_VALUES}:exact_integer", _whole_of_texts)),
    _patched("booleans-for-numbers", "reply_is_total", "weigh", (f"{_VALUES}:exact_integer", _whole_of_booleans)),
    _patched("another-error-rises", "reply_is_total", "talk", (f"{_CALLING}:Call._read", _key_error)),
    _patched("ensures-not-evaluated", "reply_is_total", "talk", (f"{_CALLING}:Call.check", _without_ensures)),
    _patched("ensures-on-another-value", "reply_is_total", "talk", (f"{_CALLING}:Call.check", _ensured_first)),
    _patched("unfinished-answer-taken", "reply_is_total", "talk", (f"{_MODEL}:read_answer", _finish_ignored)),
    _patched("none-where-not-declared", "reply_is_total", "everything", (f"{_SOURCES}:entry.judge", _none_admitted)),
    _patched("positions-from-zero", "world_is_closed", "everything", (f"{_SOURCES}:entry.judge", _from_zero)),
    _patched("the-entry-before", "world_is_closed", "everything", (f"{_SOURCES}:entry.judge", _next_entry)),
    _patched("another-row", "world_is_closed", "own", (f"{_SOURCES}:Source.find", _another_row)),
    _patched("reply-by-its-label", "world_is_closed", "own", (f"{_SOURCES}:Source.find", _by_label)),
    _patched("reply-key-of-any-case", "world_is_closed", "own", (f"{_SOURCES}:Source.find", _lower_key)),
    _patched("reply-word-of-any-case", "world_is_closed", "everything", (f"{_VALUES}:word.judge", _word_of_any_case)),
    _patched("no-sinks-looked-for", "sinks_are_closed", "talk", (f"{_VALUES}:find_sinks", _hits_without(*SINKS))),
    _patched("links-pass", "sinks_are_closed", "talk", (f"{_VALUES}:find_sinks", _hits_without("url", "autolink"))),
    _patched("html-passes", "sinks_are_closed", "talk", (f"{_VALUES}:find_sinks", _hits_without("html", "autolink"))),
    _patched(
        "markdown-passes",
        "sinks_are_closed",
        "talk",
        (f"{_VALUES}:find_sinks", _hits_without("markdown_link", "markdown_image")),
    ),
    _patched(
        "code-fences-pass", "sinks_are_closed", "talk", (f"{_VALUES}:find_sinks", _hits_without("code_fence", "markup"))
    ),
    _patched("only-ascii-is-looked-at", "sinks_are_closed", "talk", (f"{_VALUES}:find_sinks", _only_ascii)),
    _patched(
        "links-looked-for-before-cleaning",
        "sinks_are_closed",
        "talk",
        (f"{_VALUES}:text.judge_text", _sinks_before_cleaning),
    ),
    _patched("no-echo-looked-for", "nothing_echoes", "talk", ("promptspec.values.echo:Echo.find", _no_echo)),
    _patched("tags-alone-are-echoes", "nothing_echoes", "talk", ("promptspec.values.echo:Echo.find", _echo_of_tags)),
    _patched("words-alone-are-echoes", "nothing_echoes", "talk", ("promptspec.values.echo:Echo.find", _echo_of_words)),
    _patched(
        "encoded-echoes-pass", "nothing_echoes", "talk", ("promptspec.values.echo:_may_hold_encoded", _not_decoded)
    ),
    _patched("reversed-echoes-pass", "nothing_echoes", "talk", (f"{_ASKING}:_echo_of", _forwards_only)),
)

# Errors, and the same again


def _tells_input(original: Any, self: Any, given: Any) -> Any:
    try:
        return original(self, given)
    except InputRefused as refused:
        raise InputRefused(refused.violations, f"refused: {given}") from None


def _tells_server(original: Any, status: int, headers: Any, body: bytes, *, model: str) -> Any:
    found = original(status, headers, body, model=model)
    if isinstance(found, Unavailable):
        found.detail += f": {body.decode(errors='replace')}"
    return found


def _tells_reply(original: Any, self: Any, text: str, context: Any) -> Any:
    try:
        return original(self, text, context)
    except ReplyRefused as refused:
        raise ReplyRefused(refused.violations, f"refused: {text}") from None


def _chained(original: Any, self: Any, text: str, context: Any) -> Any:
    try:
        return original(self, text, context)
    except ReplyRefused as refused:
        try:
            raise ValueError(text)
        except ValueError:
            raise ReplyRefused(refused.violations)  # noqa: B904  that it is chained is the sabotage


def _tells_user(original: Any, self: Any, text: str, context: Any) -> Any:
    try:
        return original(self, text, context)
    except ReplyRefused as refused:
        refused.user_message = "The model's reply broke a rule."
        raise


def _value_in_violation(original: Any, self: Any, value: object, context: Any) -> Any:
    from pydantic_core import PydanticCustomError

    try:
        return original(self, value, context)
    except PydanticCustomError as error:
        raise PydanticCustomError(error.type, "{sentence}", {"sentence": f"is wrong: {value}"}) from None  # pyright: ignore


def _oracle(original: Any, self: Any, found: Any) -> Any:
    return found


def _unseeded_tag(_original: Any, self: Any, _entropy: Any) -> str:
    return os.urandom(12).hex() if self._fences else ""


def _clocked(original: Any, self: Any, ask: Any, *, streamed: bool = False) -> bytes:
    content = json.loads(original(self, ask, streamed=streamed))
    content["seed"] = time.perf_counter_ns()
    return json.dumps(content).encode()


def _shuffled(original: Any, messages: Any, **keywords: Any) -> bytes:
    return original([Message(each.role, each.content + os.urandom(2).hex()) for each in messages], **keywords)


def _unseeded_id(original: Any, *arguments: Any, id: str | None = None) -> Any:
    return replace(original(*arguments, id=id), id="r_" + os.urandom(16).hex())


def _by_hash(original: Any, self: Any, path: str, value: object) -> None:
    _COUNT[0] += 1
    original(self, path, value)
    self._pieces[-1] = Fence(path if _COUNT[0] % 2 else f"{path}_", self._pieces[-1].text)


_COUNT: Final = [0]

ERRORS: Final = (
    _patched("input-in-an-error", "errors_say_nothing", "talk", (f"{_CALLING}:Call._validated", _tells_input)),
    _patched("input-told-to-telemetry", "errors_say_nothing", "talk", (f"{_MODELS}:_telling", _texts_told)),
    _patched("value-in-a-violation", "errors_say_nothing", "talk", (f"{_VALUES}:text.judge_text", _value_in_violation)),
    _patched("server-text-in-an-error", "errors_say_nothing", "talk", (f"{_MODEL}:failure_of_status", _tells_server)),
    _patched("reply-in-an-error", "errors_say_nothing", "talk", (f"{_CALLING}:Call._read", _tells_reply)),
    _patched("reply-chained-to-an-error", "errors_say_nothing", "talk", (f"{_CALLING}:Call._read", _chained)),
    _patched("end-user-told-why", "errors_say_nothing", "talk", (f"{_CALLING}:Call._read", _tells_user)),
    _patched(
        "unknown-key-told-beside-others", "errors_say_nothing", "own", (f"{_CALLING}:Call._without_oracle", _oracle)
    ),
    _patched("tag-of-the-system", "same_in_same_out", "talk", (f"{_DRAFTS}:Draft.draw_tag", _unseeded_tag)),
    _patched("clock-in-the-request", "same_in_same_out", "talk", (_ENCODE, _clocked)),
    _patched("chance-in-the-messages", "same_in_same_out", "own", (f"{_ASKING}:encode_messages", _shuffled)),
    _patched("id-of-the-system", "same_in_same_out", "talk", (f"{_CALLING}:Call.reply", _unseeded_id)),
    _patched("every-other-call-differs", "same_in_same_out", "talk", (f"{_DRAFTS}:Draft.fence", _by_hash)),
)

PATCHED: Final = (*INPUTS, *PROMPTS, *CALLERS, *ASKING, *REPLIES, *ERRORS)
