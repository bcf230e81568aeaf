"""The kinds of rules that the compiler can emit, counted in the code that emits them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

import promptspec.codegen
from promptspec.contract.expressions import Function
from promptspec.runtime import v1

_CODEGEN: Final = Path(promptspec.codegen.__file__).parent
#: What is emitted without a name of the runtime.
STATEMENTS: Final = ("where", "require", "ensure", "when", "default", "optional", "if", "for", "all", "any", "review")
#: Functions of the language by what is emitted for them.
_EMITTED_AS: Final[Mapping[str, str]] = {"sum": "total"}

#: Kinds that are no rules of a spec, or that no case can see, with the reason.
EXEMPT: Final[Mapping[str, str]] = {
    "Cost.long_after": "no case has a prompt of so many tokens; tests/runtime/test_limits.py",
    "Cost.long_input": "as Cost.long_after",
    "Cost.long_output": "as Cost.long_after",
    "Cost.name": "it tells moderators apart, and those that are known cost nothing; tests/runtime/test_limits.py",
    "Costs.embedders": "each of them is counted by the fields of Cost",
    "Costs.judges": "each of them is counted by the fields of Cost",
    "Costs.models": "each of them is counted by the fields of Cost",
    "Costs.moderators": "as Cost.name",
    "Draft": "the parameter of `write_prompt`; its methods are counted one by one",
    "Env.name": "the same as OpenAI.base_url and OpenAI.key, in which it stands",
    "Example.today": "the day of an example is judged when the spec is compiled",
    "Feature": "the base of the function itself",
    "Gated": "the base of the function itself",
    "Image": "an annotation: what is given is judged by `image`",
    "OpenAI.hosts": "it allows what is called; a model that may not be called calls nobody, whatever a case says",
    "Judged.message": "a sentence for people",
    "Live": "no case sees a refresh: a stand-in reads what was built; tests/fuzz/test_changing_sources.py breaks it",
    "ByFunction.function": "what is called is the application's; the fuzzer stands in for it",
    "ByFunction.module": "what is called is the application's; the fuzzer stands in for it",
    "Held": "the annotation of `call`",
    "Keeping.review": "its fields are counted one by one",
    "Plan.keeping": "its fields are counted one by one",
    "value_of": "it returns the value of what it is given",
    "Embedding.model": "the fuzzer stands in for it; tests/runtime/test_embeddings.py asks it",
    "Embedding.vectors": "the fuzzer stands in for them; tests/runtime/test_embeddings.py reads them",
    "Moderation.by": "its fields are counted one by one",
    "Plan.across": "its fields are counted one by one",
    "Plan.asks_caller": "asked by `render` alone, and no case renders without a caller",
    "Plan.bare": "a build in which it is wrong returns another class, which type checkers and its first call show",
    "Plan.costs": "its fields are counted one by one",
    "Plan.counted_as": "any name is as good that no other feature has; a test of the compiler reads it",
    "Plan.embeddings": "each of them is told by Embedding.shortlist",
    "Plan.input": "wiring: another class is another build",
    "Plan.largest_reply": "a bound on memory, of which eight times as much is read",
    "Plan.limitations": "without it more replies are refused, those that repeat what everybody may know",
    "Plan.limits": "its fields are counted one by one",
    "Plan.moderations": "each of them is counted by its fields",
    "Plan.module": "wiring: without it no contract is found",
    "Plan.name": "wiring: without it no contract is found",
    "Plan.output": "wiring: another class is another build",
    "Plan.seed": "the tags of examples; any of them is as good",
    "Plan.sources": "keys to rehearse with",
    "Rehearsal": "asks nobody",
    "Rendered": "the annotation of `render`",
    "Reply": "the annotation of `call`",
    "Row": "the base of rows, which are judged when the spec is compiled",
    "Shortlist.equal": "where rows of large sources are looked for; what is found is judged by Shortlist.where",
    "Shortlist.name": "wiring: under another name nothing is found on it",
    "Source.content_hash": "a snapshot with another hash is not opened, so no call is made",
    "Source.label": "what people see when they choose; no call reads it",
    "Source.live": "as Live",
    "Source.module": "wiring: it leads to the snapshot",
    "Source.name": "named in a log alone",
    "Source.row": "wiring: the class of a row",
    "Source.snapshot": "wiring: another name is no file",
    "Stamp.abi": "a stamp: the import fails under another one",
    "Stamp.language": "a stamp",
    "Stamp.read": "a stamp",
    "Turn": "an annotation: what is given is judged by `turn`",
    "TurnFields": "an annotation of a parameter",
    "Tone.message": "a sentence for people",
    "AsyncStream": "the annotation of `astream`",
    "Piece": "an annotation: what a stream yields",
    "Stream": "the annotation of `stream`",
    "Violation.message": "a sentence for people",
    "given": "it returns what it is given",
    "Anyone": "an annotation: what is admitted is said by Plan.caller",
    "Session": "an annotation: what is admitted is said by Plan.caller",
    "SignedIn": "an annotation: what is admitted is said by Plan.caller",
    "Verified": "an annotation: what is admitted is said by Plan.caller",
}

#: Rules that can be broken in one way only, with the reason.
ONE_WAY: Final[Mapping[str, str]] = {
    "items.unique": "a set or a list",
    "Tone.rule": "it is that rule or another",
    "text.code": "it is that language or another",
    "Plan.lists": "each of the lists is named or not",
    "boolean": "nothing lies beside true and false",
    "text.ignore_case": "it makes a pattern laxer, so that taking it away refuses what is valid",
    "Keeping.report": "replies can be reported or not",
    "ReportTo.shows_reply": "the reply is told or not",
    "Input": "fields are declared or not",
    "Record": "fields are declared or not",
    "NOT_ON_OFFER": "a sentence is that sentence or another",
    "Violation.path": "it is that path or another",
    "Violation.rule": "it is that rule or another",
    "Across.counts": "calls or dollars",
    "Across.per": "of one caller, or of all",
    "ByServer.model": "it is that model or another",
    "Keeping.seals": "sealed or not",
    "Review.releases": "released or withheld",
    "Moderation.input": "it is looked at or not",
    "Moderation.output": "it is looked at or not",
    "Judge.model": "it is that model or another",
    "Judge.decisions": "it is asked for decisions or for a reply",
    "Judged.rule": "it is that name or another",
    "Plan.judges": "each of them is told by Judge.model and Judge.decisions",
    "OpenAI.name": "it is that model or another",
    "OpenAI.api": "it is that API or another",
    "OpenAI.server": "it is that kind of server or another",
    "OpenAI.structured": "the next weaker mode",
    "OpenAI.base_url": "it is that address or another",
    "OpenAI.key": "it is that key or none",
    "Embedding.shortlist": "it is that shortlist or another",
    "Example.given": "it is that input or another",
    "Example.reply": "it is that reply or another",
    "Plan.examples": "examples are counted by Example.given and Example.reply",
    "Shortlist.source": "it is that source or another",
    "Shortlist.path": "it is that path or another",
    "Shortlist.near": "it is that text or another",
    "Shortlist.itself": "it is left out or not",
    "Plan.finds": "calls make shortlists or they do not",
    "Source.key": "it is that column or another",
    "Source.columns": "each has its place or not",
    "exact": "a total is printed right or wrong",
}


def rules() -> frozenset[str]:
    """Return the kinds of rules: fields of what is emitted, functions, methods of a draft, statements."""
    return frozenset((*_names(), *_draft_methods(), *map(_of_function, get_args(Function)), *STATEMENTS))


def _of_function(function: str) -> str:
    return _EMITTED_AS.get(function, function)


def _text() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in sorted(_CODEGEN.glob("*.py")))


def _names() -> Iterator[str]:
    from promptspec.codegen.features import _CALLERS  # pyright: ignore[reportPrivateUsage]

    for name in {*re.findall(r"\bps\.([A-Za-z_]+)", _text()), *_CALLERS.values()}:
        held: Any = getattr(v1, name)
        fields = [field.name for field in dataclasses.fields(held)] if dataclasses.is_dataclass(held) else []
        # A type without fields, and one whose fields are no rules, is one kind.
        if fields and name not in EXEMPT:
            yield from (f"{name}.{field}" for field in fields)
        else:
            yield name


def _draft_methods() -> Iterator[str]:
    return (f"Draft.{name}" for name in set(re.findall(r"\bout\.([a-z_]+)\(", _text())))
