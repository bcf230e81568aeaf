"""Spellings that chat templates turn into control tokens, as dated data."""

from __future__ import annotations

import re

# As of 2026-11-01, when the list was last compared with the templates of published models.
# Families, not single models: `<|…|>` alone covers ChatML, Llama 3 and 4, Phi, GLM, Granite, Command, gpt-oss.
_SPELLINGS = (
    r"<\|[^\s<>|]{1,40}\|>",
    r"<｜[^\s<>｜]{1,40}｜>",  # DeepSeek, with the full-width bar
    r"<\|(?:turn|channel|tool)>|<(?:turn|channel|tool)\|>",  # Gemma 4
    r"<(?:start|end)_of_(?:turn|image|audio)>",  # Gemma 1 to 3
    r"</?s>|<(?:bos|eos|pad|unk|mask|sep|cls)>|<(?:BOS|EOS|PAD|UNK)_TOKEN>",
    r"<</?SYS>>",  # Llama 2
    r"\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|ARGS|CALL_ID|IMG|THINK)\]",
    r"</?(?:think|tool_call|tool_response|tools)>",  # Qwen, DeepSeek and their kin
)
_PATTERN = re.compile("|".join(_SPELLINGS))


def find_control_token(text: str) -> str | None:
    """Return the first control-token spelling in *text*, or None.

    What is returned is a part of *text*: it must not reach a log or an end user.
    """
    if "<" not in text and "[" not in text:
        return None
    found = _PATTERN.search(text)
    return found.group() if found else None
