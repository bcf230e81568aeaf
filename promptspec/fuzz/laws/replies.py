"""Laws about what may come out."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TYPE_CHECKING, Final, cast

from promptspec.contract.types import Choice, Integer, ListOf, OneOfItems, OneOfShortlist, OneOfSource, Text, Words
from promptspec.errors import NO_ANSWER, CallFailed, InputRefused, PromptspecError, ReplyRefused
from promptspec.fuzz.delivered import leaves, texts
from promptspec.fuzz.echoes import echoes
from promptspec.fuzz.trial import LawFell
from promptspec.live.strict_json import NOTHING
from promptspec.runtime.v1 import NOT_ON_OFFER
from promptspec.values.untyped import category

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from promptspec.fuzz.delivered import Leaf
    from promptspec.fuzz.trial import Trial

#: What may pass the deadline (rule 21), in seconds.
_GRACE: Final = 0.5
#: Refusals of texts that the reference does not judge.
_BEYOND_TYPES: Final = frozenset({"echo_tag", "echo_prompt"})


def reply_is_total(trial: Trial) -> bool:
    """For every possible reply the call returns a value that keeps every rule, or raises an error of ours, in time."""
    seen = trial.observation
    limit = trial.subject.feature.limits.time_ms / 1000
    if seen.seconds > limit + _GRACE:
        raise LawFell(f"the call took {seen.seconds:.1f} s where {limit:g} s are declared")
    if isinstance(seen.error, CallFailed):
        raise LawFell(f"the call failed by itself: {type(seen.error.__cause__).__name__}")
    if seen.error is not None and not isinstance(seen.error, PromptspecError):
        raise LawFell(f"{type(seen.error).__name__} rose, which is no error of ours")
    if trial.input.is_unasked:
        _is_unasked(trial)
        return True
    if seen.reply is None:
        return bool(seen.requests)
    if not seen.answers:
        raise LawFell("a value was returned where the model said nothing")
    if trial.replied is NOTHING:
        raise LawFell("a value was returned for a reply that is not one JSON document")
    if not seen.is_done:
        raise LawFell("a value was returned where the model did not say that it was done")
    broken = trial.broken_by_reply
    if broken:
        raise LawFell("a reply was returned that breaks " + ", ".join(f"{rule} at {path}" for path, rule in broken[:5]))
    dropped = [(each.path, each.rule) for each in seen.reply.dropped]
    if trial.known_drops is not None and dropped != trial.known_drops:
        raise LawFell(f"{_told(dropped)} was dropped where {_told(trial.known_drops)} must be")
    return True


def _is_unasked(trial: Trial) -> None:
    """Look whether nobody was asked where there is nothing to choose from, and the reply says just that."""
    seen = trial.observation
    if seen.requests:
        raise LawFell("a model was asked where nothing is on offer and the reply follows from that")
    broken = trial.broken_by_reply
    if seen.reply is not None and broken:
        raise LawFell("a reply was returned without asking that breaks " + _told(broken))
    if seen.reply is None and broken == []:
        raise LawFell("nothing was returned where nothing is on offer and the reply follows from that")


def _told(dropped: list[tuple[str, str]]) -> str:
    return ", ".join(f"{path} by {rule}" for path, rule in dropped[:5]) or "nothing"


def judges_agree_on_replies(trial: Trial) -> bool:
    """The generated model, the JSON Schema and the reference accept the same replies."""
    seen = trial.observation
    if trial.replied is NOTHING:
        return False
    if seen.reply is None:
        if not isinstance(seen.error, ReplyRefused):
            return False
        # A liar's reply may be refused for how it came; for what it says it is judged as everybody's.
        if trial.case.lie.liar != "honest" and not all(v.path.startswith("output") for v in seen.error.violations):
            return False
        if trial.broken_by_reply == [] and not all(map(_is_judged_elsewhere, _rules(seen.error))):
            raise LawFell(f"the reference accepts a reply that was refused: {seen.error.detail}")
        return True
    # On the wire every field is there; what may be left out there, the reader forgives.
    if trial.case.seed % 4 == 0 and trial.case.lie.liar == "honest":
        found = trial.subject.output_judge.violations(trial.replied)
        if found and trial.replied == trial.case.lie.reply:
            raise LawFell("the JSON Schema of the reply refuses what the module accepts")
    return True


def world_is_closed(trial: Trial) -> bool:
    """A returned choice was declared, pinned or offered, satisfies its `where`, and is what the reply said."""
    seen = trial.observation
    if seen.reply is None or trial.replied is NOTHING:
        return False
    judged = False
    for leaf in leaves(trial.subject, trial.kept, seen.reply.value):
        match leaf.type:
            case Words() | Choice() | OneOfSource() | OneOfItems() | OneOfShortlist():
                _is_offered(trial, leaf)
                judged = True
            case _:
                continue
    return judged


def _is_offered(trial: Trial, leaf: Leaf) -> None:
    subject, type = trial.subject, leaf.type
    if leaf.value is None:
        if not leaf.optional:
            raise LawFell(f"{leaf.path} is none, which is not declared")
        return
    match type:
        case Words():
            offered, got = type.words, leaf.value
        case Choice():
            offered = tuple(member.name for member in subject.enum(type).members)
            got = leaf.value.value if isinstance(leaf.value, Enum) else leaf.value
        case OneOfSource():
            rows = subject.rows[type.source]
            key = getattr(leaf.value, subject.module.source(type.source, type.file).key, None)
            if key != leaf.wire or key not in rows:
                raise LawFell(f"{leaf.path} is a row that the reply did not name, or that the source does not hold")
            return
        case OneOfShortlist():
            _is_on_the_shortlist(trial, leaf, type)
            return
        case _:
            _is_an_entry(trial, leaf, cast("OneOfItems", type))
            return
    if got != leaf.wire or got not in offered:
        raise LawFell(f"{leaf.path} is a word that the reply did not say, or that is not declared")


def _is_on_the_shortlist(trial: Trial, leaf: Leaf, type: OneOfShortlist) -> None:
    offered = trial.input.shortlists.get(type.shortlist, [])
    position = _position(leaf)
    if not 1 <= position <= len(offered):
        raise LawFell(f"{leaf.path} is a row that is not on the shortlist")
    key = trial.subject.module.source(type.source, type.file).key
    if getattr(leaf.value, key, None) != offered[position - 1][key]:
        raise LawFell(f"{leaf.path} is another row of the shortlist than the one that the reply named")


def _position(leaf: Leaf) -> int:
    position = leaf.wire
    if not isinstance(position, int) or isinstance(position, bool):
        return int(cast("int", position)) if position == int(cast("int", position)) else 0
    return position


def _is_an_entry(trial: Trial, leaf: Leaf, type: OneOfItems) -> None:
    offered = cast("list[object]", (trial.input.settled or {}).get(type.field) or [])
    position = _position(leaf)
    if not 1 <= position <= len(offered):
        raise LawFell(f"{leaf.path} is an entry that was not offered")
    entry = cast("Mapping[str, object]", offered[position - 1])
    for field in trial.subject.record(type.record, type.file).fields:
        if isinstance(field.type, Text | Words | Integer):
            said = entry.get(field.name)
            if getattr(leaf.value, field.name, said) != said:
                raise LawFell(f"{leaf.path} is another entry than the one that the reply named")


def sinks_are_closed(trial: Trial) -> bool:
    """Returned text holds no link, markup, code, escape or invisible character that its type does not allow."""
    judged = False
    for leaf, text in _returned(trial):
        type = _text_type(leaf)
        rest = _without_declared_links(type, text)
        for name, pattern in _SINKS.items():
            if pattern.search(rest) and name not in _opened(type):
                raise LawFell(f"{leaf.path} was returned with {name} in it")
        if any(map(_shows_nothing, text) if not text.isascii() else ()):
            raise LawFell(f"{leaf.path} was returned with a character in it that shows nothing")
        if type is not None and type.code:
            _is_code(leaf.path, type.code, text)
        if type is not None and type.markdown:
            _shows_text_alone(leaf.path, type, text)
        judged = True
    return judged


def _shows_text_alone(path: str, type: Text, text: str) -> None:
    """Look at *text* as a renderer of Markdown does, another one than the recognisers know of."""
    from markdown_it import MarkdownIt

    for block in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        for token in (block, *(block.children or ())):
            if token.type in ("image", "html_inline", "html_block"):
                raise LawFell(f"{path} was returned with {token.type} in its Markdown")
            if token.type == "link_open" and _without_declared_links(type, str(token.attrGet("href"))).strip():
                raise LawFell(f"{path} was returned with a link in its Markdown that its type does not list")


def _opened(type: Text | None) -> tuple[str, ...]:
    """Return what may stand in a text of *type*. Links with words and code in Markdown are judged by the renderer."""
    if type is None:
        return ()
    if type.code:
        return ("a link", "markup", "a Markdown link or image")
    return ("a Markdown link or image", "a code fence") if type.markdown else ()


def _is_code(path: str, language: str, text: str) -> None:
    """Look whether *text* parses where its language is one that must."""
    import ast
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            if language == "python":
                ast.parse(text)
            elif language == "json":
                json.loads(text)
        except (SyntaxError, ValueError):
            raise LawFell(f"{path} was returned and is no {language}") from None


#: Plain forms of what a page, a terminal or a chat program would act on; the runtime's own recognisers know more.
_SINKS: Final = {
    "a link": re.compile(r"\bhttps?://\w|\bwww\.\w|\bmailto:\w|\bjavascript:\w", re.IGNORECASE),
    "markup": re.compile(r"<(?:script|img|a|b|iframe|svg|style)\b|&lt;|&#(?:[0-9]|x[0-9a-f])", re.IGNORECASE),
    "a Markdown link or image": re.compile(r"\]\(|!\["),
    "a code fence": re.compile(r"```"),
    "a terminal escape": re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]"),
}


def _text_type(leaf: Leaf) -> Text | None:
    type = leaf.type.item if isinstance(leaf.type, ListOf) else leaf.type
    return type if isinstance(type, Text) else None


def _without_declared_links(type: Text | None, text: str) -> str:
    """Return *text* without the https links whose host the type lists, character for character."""
    if type is None or not type.links:
        return text

    def judged(match: re.Match[str]) -> str:
        host, _, beyond = match[1].partition("/")
        host, asks, _ = host.partition("?")
        declared = type.queries if asks or "?" in beyond.partition("#")[0].rstrip("?") else type.links
        return " " if host.partition("#")[0].rstrip(".,;:!?\"')]}*") in declared else match[0]

    return re.sub(r"\bhttps://(\S*)", judged, text)


#: Format characters that show: marks that stand before numbers (Unicode's Prepended_Concatenation_Mark).
_SHOWN_FORMATS: Final = frozenset(
    "\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
)


def _shows_nothing(character: str) -> bool:
    # Joiners inside of words and emoji, and tags inside of flags, are part of what shows.
    if character in "\n\t\u200c\u200d" or "\U000e0020" <= character <= "\U000e007f":
        return False
    return category(character) in ("Cf", "Cc", "Cs", "Cn") and character not in _SHOWN_FORMATS


def nothing_echoes(trial: Trial) -> bool:
    """Returned text holds no fence tag and no long run of the prompt's own words, plainly or in simple encodings."""
    judged = False
    tags = trial.tags
    for leaf, text in _returned(trial):
        found = echoes(text, tags=tags, words=trial.subject.private_words)
        if found:
            raise LawFell(f"{leaf.path} repeats {found}")
        judged = True
    return judged


def errors_say_nothing(trial: Trial) -> bool:
    """An error holds no text of input, reply or server; once a model was asked, the end user is told one sentence.

    Telemetry is told no such text either, whatever came of the call.
    """
    seen = trial.observation
    if seen.told and any(text in seen.told for text in trial.foreign_texts):
        raise LawFell("telemetry repeats text of the input or of the reply")
    error = seen.error
    if not isinstance(error, PromptspecError):
        return False
    if seen.requests and not isinstance(error, InputRefused) and error.user_message != NO_ANSWER:
        raise LawFell(f"after a model was asked the end user is told: {error.user_message}")
    said = " ".join([str(error), error.detail, error.user_message, *map(str, error.violations), repr(error)])
    for secret in trial.foreign_texts:
        if secret in said:
            raise LawFell("the error repeats text of the input or of the reply")
    chained = error.__cause__ or error.__context__
    if chained is not None and not isinstance(error, CallFailed) and not error.__suppress_context__:
        raise LawFell(f"another error hangs on it, with whatever it holds: {type(chained).__name__}")
    keys = [violation for violation in error.violations if violation.rule == "one_of"]
    if any(violation.message != NOT_ON_OFFER for violation in keys):
        raise LawFell("a key that is not offered is refused in words of its own")
    conditional = [v for v in keys if _INDEX.sub("[]", v.path) in trial.subject.conditional]
    if conditional and len(error.violations) > len(conditional):
        raise LawFell("a key under a `where` is refused beside other things, which tells whether it exists")
    return True


_INDEX: Final = re.compile(r"\[\d+\]")


def _returned(trial: Trial) -> Iterator[tuple[Leaf, str]]:
    reply = trial.observation.reply
    if reply is None:
        return
    wire = None if trial.kept is NOTHING else trial.kept
    for leaf in leaves(trial.subject, wire, reply.value):
        for text in texts(leaf):
            yield leaf, text


def _is_judged_elsewhere(rule: str) -> bool:
    return rule in _BEYOND_TYPES or rule.startswith("tone_")


def _rules(error: ReplyRefused) -> frozenset[str]:
    return frozenset(violation.rule for violation in error.violations)
