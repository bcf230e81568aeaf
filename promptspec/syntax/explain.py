"""What to say where a spec does not parse."""

from __future__ import annotations

from typing import Any

from promptspec.syntax.findings import Findings
from promptspec.syntax.quoted import shown
from promptspec.text import Span


def explain(error: Any, content: str, begin: int, end: int, findings: Findings, locate: Any, code: str = "PS101") -> None:
    position = error.pos_in_stream
    if position is None or getattr(getattr(error, "token", None), "type", "") == "$END":
        position = end
    findings.add(code, locate(min(position, end), min(position + 1, end)), f"unexpected `{shown(content[position:position+20])}`")
