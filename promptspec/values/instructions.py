"""Texts that speak to a model instead of naming something: told by words that are usual in attacks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from promptspec.values.words import skeleton


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """A way of speaking to a model: its name, and the pattern that finds it in the skeleton of a text."""

    name: str
    pattern: str


_ALL: Final = (
    r"(?:(?:all|any|every|each|the|this|that|these|those|my|your|its|of|and|everything|anything|what)\W+){0,5}"
)
_BEFORE: Final = (
    r"(?:(?:previous|prior|earlier|above|preceding|foregoing|former|existing|other|system|old|initial|original)\W+)"
    r"{0,3}"
)
_RULES: Final = (
    r"(?:instructions?|rules?|prompts?|guidelines?|directions?|orders?|commands?|context|messages?|constraints?|policy|"
    r"policies|tasks?|training|restrictions?|guardrails?)"
)

#: What a label or a cell of a source seldom says, and an attack often does. Skeletons are small letters without
#: accents.
SPEECHES: Final = (
    Speech(
        name="override",
        pattern=(
            rf"\b(?:ignore|disregard|forget|override|bypass|skip|drop|discard|neglect)\W+{_ALL}{_BEFORE}{_RULES}\b"
            r"|\b(?:ignore|disregard|forget)\W+(?:this|everything|all|anything|what)\W+"
            r"(?:and|above|before|you|so far)\b"
            r"|\b(?:do not|don'?t|stop|never)\W+(?:follow|obey|reading|listen|heed)\w*\b"
            r"|\b(?:ignorier\w*|vergiss|vergesst|missachte)\W+(?:\w+\W+){0,3}"
            r"(?:anweisung\w*|regel\w*|alles|vorherige\w*)\b"
            r"|\b(?:ignore[rz]?|oublie[rz]?)\W+(?:\w+\W+){0,3}(?:instructions?|consignes?|regles?|tout)\b"
            r"|\b(?:ignora|olvida|ignore|olvide)\W+(?:\w+\W+){0,3}(?:instrucciones|reglas|todo)\b"
        ),
    ),
    Speech(
        name="new_task",
        pattern=(
            r"\bfrom now on\b|\bnew (?:instructions?|task|rules?|orders?|system prompt)\b|\bbefore anything else\b"
            r"|\binstead of (?:answering|the task|that),?\W"
            r"|\byour (?:new|real|only|true) (?:task|job|goal|role|instructions?)\b"
            r"|\b(?:next|real) task\b|\binstructions? follows?\b|\bexamples? above\b|\bevery example\b"
            r"|\bend of (?:user )?(?:instructions?|prompt|input|system|data|message|text)\b|\b(?:ab|von) jetzt an\b"
        ),
    ),
    Speech(
        name="new_role",
        pattern=(
            r"\byou are (?:now|no longer)\b|\bact as (?:if|an?|the|though|my)\b|\bpretend (?:to be|that|you)\b"
            r"|\b(?:do anything now|jailbreak|developer mode|god mode|dan mode)\b|\bdu bist (?:jetzt|nun)\b"
            r"|\b(?:roleplay|role-play) as\b"
        ),
    ),
    Speech(
        name="leak",
        pattern=(
            r"\b(?:reveal|print|repeat|show|output|tell|give|display|leak|recite|translate|quote|send)\W+(?:\w+\W+){0,5}"
            r"(?:system|hidden|secret|initial|your|above)\W+(?:\w+\W+){0,2}(?:prompt|instructions?|message|rules|password|key)\b"
            r"|\bsystem prompt\b|\byour (?:own |exact |hidden )?(?:instructions?|rules|prompt|first sentence)\b"
            r"|\b(?:everything|all|line|text|words?) above\b|\b(?:said|told) to you\b|\byou (?:were|have been) told\b"
        ),
    ),
    Speech(
        name="choice",
        pattern=(
            r"\b(?:always|only|must|please|you should)\W+"
            r"(?:choose|pick|select|recommend|answer|reply|respond|return|say)\b"
            r"|\b(?:choose|pick|select|recommend) (?:this|me|only)\b"
            r"|\b(?:answer|respond|reply) (?:only|with|as|in) (?:the|this|only|json|one)\b"
            r"|\bdo not (?:mention|tell|say|reveal)\b"
        ),
    ),
    Speech(
        name="speaker",
        pattern=(
            r"(?:^|[\n\[<(#*|])\W{0,4}(?:system|assistant|developer|user|human|ai|admin(?:istrator)?)\W{0,3}"
            r"(?:message|prompt|note|override|instruction)?s?\W{0,3}:"
            r"|\b(?:important|attention|urgent|note)\W+(?:to )?(?:the )?"
            r"(?:ai|assistant|model|language model|llm|chatbot)\b"
            r"|\b(?:for|to|hello|dear|hey) (?:the )?(?:ai|assistant|language model|llm|chatbot)\b"
            r"|\b(?:the )?(?:ai|language model|llm|chatbot|assistant) (?:must|should|shall|has to|is to|will)\b"
        ),
    ),
)
_COMPILED: Final = tuple((speech.name, re.compile(speech.pattern)) for speech in SPEECHES)
#: Characters of a text that are looked at.
_MOST: Final = 20_000


def find_speech(text: str) -> tuple[str, ...]:
    """Return the names of the ways in which *text* speaks to a model, in the order of SPEECHES.

    Case, accents and look-alikes make no difference. It errs on both sides: a film may be called "Act as if", and an
    attack need not use any of these words. It finds what to read, and decides nothing.
    """
    looked_at = skeleton(text[:_MOST])
    return tuple(name for name, pattern in _COMPILED if pattern.search(looked_at))
