"""Laws about what is asked: roles, fences, what the system message may depend on, sizes."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeAlias

from promptspec.fuzz.fences import mark_of, taken_apart
from promptspec.fuzz.reference_images import is_clean
from promptspec.fuzz.reference_prompt import Open, Said
from promptspec.fuzz.trial import LawFell
from promptspec.values.untyped import tokenizer

if TYPE_CHECKING:
    from promptspec.fuzz.observations import Request
    from promptspec.fuzz.trial import Trial

    #: The (role, content) of messages.
    Messages: TypeAlias = tuple[tuple[str, str], ...]

#: A live tag has at least 96 bits (rule 8).
_TAG_DIGITS: Final = 24
#: What stands between words where `fence datamark` is declared.
_MARK: Final = re.compile(r"\^[0-9a-f]{8}")
#: Parameters that cap a reply, by the names that servers have for them.
_CAPS: Final = ("max_output_tokens", "max_completion_tokens", "max_tokens")


def roles_hold(trial: Trial) -> bool:
    """The rendered messages have the roles, the number and the order that the contract says, for all values."""
    if trial.input.said is None or not trial.observation.requests:
        return False
    wanted = ["system"]
    for example in trial.subject.example_messages:
        wanted += [said.role for said in example if said.role != "system"] + ["assistant"]
    wanted += [said.role for said in trial.input.said if said.role != "system"]
    for messages in trial.observation.asking:
        roles = [role for role, _ in messages]
        if roles != wanted:
            raise LawFell(f"the roles are {_counted(roles)} where they must be {_counted(wanted)}")
    return True


def fences_hold(trial: Trial) -> bool:
    """Taking the fences out of a rendered prompt returns exactly the values put in, under their names."""
    if trial.input.said is None or not trial.observation.requests:
        return False
    live = [said for said in trial.input.said if said.role != "system"]
    for request in trial.observation.requests:
        _examples_are_sent(trial, request)
        _images_are_clean(trial, request, live)
    if not any(isinstance(piece, Open) for said in live for piece in said.pieces):
        return bool(trial.subject.example_messages)
    tags: list[str] = []
    marks: list[str] = []
    for messages in trial.observation.asking:
        tags.append(_tag_of(messages, live))
        if trial.subject.feature.fence == "datamark":
            marks.append(_mark_of(messages, live))
    if len(set(tags)) != len(tags):
        raise LawFell("two attempts of one call carry the same tag")
    if len(set(marks)) != len(marks):
        raise LawFell("two attempts of one call carry the same mark")
    _is_fresh(trial, tags[0], *marks[:1])
    return True


def system_is_closed(trial: Trial) -> bool:
    """The system message is what the spec says and holds no open value; outside fences, open values change nothing."""
    if trial.input.said is None or not trial.observation.requests:
        return False
    closed = [said for said in trial.input.said if said.role == "system"]
    if any(isinstance(piece, Open) for said in closed for piece in said.pieces):
        raise LawFell("the contract has an open value in the system message")
    wanted = "".join(str(piece) for said in closed for piece in said.pieces)
    live = [said for said in trial.input.said if said.role != "system"]
    for request, messages in zip(trial.observation.requests, trial.observation.asking, strict=True):
        _, system = messages[0]
        # Servers that take no schema are told it at the end of the system message.
        if system != wanted and not (system.startswith(wanted) and system.endswith(trial.subject.wire_schema)):
            raise LawFell("the system message is not what the spec says it is for these closed values")
        if not any(schema in request.body for schema in trial.subject.sent_schemas):
            raise LawFell("the request does not carry the schema of the reply")
        for (_, content), said in zip(_live(messages, len(live)), live, strict=True):
            _, pieces = taken_apart(content)
            if [piece for piece in pieces if isinstance(piece, str)] != _texts(said):
                raise LawFell("outside of its fences a message is not what the spec says it is")
    return True


def prompt_fits(trial: Trial) -> bool:
    """No request is sent whose prompt counts more tokens than declared; the reply cap is always on the wire."""
    limits = trial.subject.feature.limits
    cap = limits.reply_tokens + limits.thinking_tokens
    for request in trial.observation.requests:
        found = [request.content[name] for name in _CAPS if name in request.content]
        if found != [cap]:
            raise LawFell(f"the cap on the reply is {found or 'missing'} on the wire where {cap} is declared")
        if limits.prompt_tokens is not None and len(request.body) > limits.prompt_tokens:
            counted = tokenizer().count("\n".join(content for _, content in request.messages))
            if counted > limits.prompt_tokens:
                raise LawFell(f"a prompt of {counted:,} tokens was sent where {limits.prompt_tokens:,} are declared")
    return bool(trial.observation.requests)


def _examples_are_sent(trial: Trial, request: Request) -> None:
    """Look whether each example stands there as the spec has it: what was asked, and what was answered."""
    sent = iter(request.messages[1:])
    for said, reply in zip(trial.subject.example_messages, trial.subject.example_replies, strict=True):
        for each in said:
            if each.role == "system":
                continue
            _, pieces = taken_apart(next(sent, ("", ""))[1])
            if pieces != each.pieces:
                raise LawFell("an example is not asked as the spec has it")
        if next(sent, ("", ""))[1] != reply:
            raise LawFell("an example is not answered as the spec has it")


def _images_are_clean(trial: Trial, request: Request, live: list[Said]) -> None:
    """Look whether each image is sent as its pixels alone, in its place."""
    said = [each for example in trial.subject.example_messages for each in example] + live
    given = [piece.picture for each in said for piece in each.pieces if isinstance(piece, Open) and piece.picture]
    if len(given) != len(request.images):
        raise LawFell(f"{len(request.images)} images are sent where {len(given)} were put in")
    for one, sent in zip(given, request.images, strict=True):
        if not is_clean(one, sent):
            raise LawFell("an image is sent with more, or other, than its pixels")


def _tag_of(messages: Messages, live: list[Said]) -> str:
    """Return the tag of the live messages, each of which must come apart into what was put in."""
    tags: set[str] = set()
    for (_, content), said in zip(_live(messages, len(live)), live, strict=True):
        tag, pieces = taken_apart(content)
        wanted = [piece for piece in said.pieces if isinstance(piece, Open)]
        found = [piece for piece in pieces if isinstance(piece, Open)]
        if found != wanted:
            raise LawFell(f"the fences hold {_told(found)} where {_told(wanted)} was put in")
        if not wanted:
            continue
        tags.add(tag)
        if any(tag in open.text.casefold() or tag in open.path for open in wanted):
            raise LawFell("the tag of the fences occurs in a value")
    if len(tags) != 1:
        raise LawFell("the messages of one request carry different tags")
    tag = tags.pop()
    if len(tag) < _TAG_DIGITS or len(set(tag)) < 4:
        raise LawFell(f"a tag of {len(tag)} digits can be guessed")
    return tag


def _mark_of(messages: Messages, live: list[Said]) -> str:
    """Return the mark between the words of the live messages; that it stands there is what taking apart looks at."""
    marks: set[str] = set()
    for (_, content), said in zip(_live(messages, len(live)), live, strict=True):
        texts = [piece.text for piece in said.pieces if isinstance(piece, Open)]
        if not texts:
            continue
        mark = mark_of(content)
        marks.add(mark)
        if any(mark[1:] in text.casefold() for text in texts):
            raise LawFell("the mark between words occurs in a value")
    if len(marks) != 1:
        raise LawFell("the messages of one request carry different marks")
    mark = marks.pop()
    if not _MARK.fullmatch(mark) or len(set(mark)) < 3:
        raise LawFell("there is no mark between words, or one that can be guessed")
    return mark


def _is_fresh(trial: Trial, tag: str, mark: str = "") -> None:
    """Another call must carry another tag and mark, and no example may carry this tag.

    Another call is made where one with another seed carried these, or where none is known.
    """
    static = 1 + sum(1 + sum(said.role != "system" for said in pair) for pair in trial.subject.example_messages)
    if any(tag in content for request in trial.observation.requests for _, content in request.messages[:static]):
        raise LawFell("the live tag stands in a message that is the same in every call")
    if trial.was_drawn(tag, mark):
        other = trial.again(replace(trial.case, seed=trial.case.seed + 1)).rendered
        if getattr(other, "tag", None) == tag:
            raise LawFell("two calls carry the same tag")
        if mark and getattr(other, "mark", "") == mark:
            raise LawFell("two calls carry the same mark")
    trial.note_drawn(tag, mark)


def _live(messages: Messages, count: int) -> Messages:
    return messages[len(messages) - count :] if count else ()


def _texts(said: Said) -> list[str]:
    return [piece for piece in said.pieces if isinstance(piece, str)]


def _told(opens: list[Open]) -> str:
    return json.dumps(
        [[open.path, open.text if len(open.text) < 200 else open.text[:199] + "…"] for open in opens[:10]]
    )


def _counted(roles: list[str]) -> str:
    return ", ".join(roles) if len(roles) <= 12 else f"{', '.join(roles[:12])}, … ({len(roles)})"
