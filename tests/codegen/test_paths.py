"""Paths through lists of lists: one list, for rules that look into it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codegen.specs import write_spec
from promptspec.errors import ReplyRefused
from promptspec.loading import load
from promptspec.runtime.v1 import replies

SPEC = """
source plans = rows {{ "free" "Free", "pro" "Professional" }}
record Part {{ names: list(..3) of line(..5)  plans: list(..3) of one of plans }}
record Whole {{ tags: list(..3) of line(..5)  numbers: list(..3) of int(0..9)  parts: list(..3) of Part }}
feature f {{
    model "m"
    caller anyone
    input {{ note: line(..9) }}
    output {{ wholes: list(..3) of Whole }}
    ensure {rule} else "broken"
}}
"""


def whole(*tags: str, numbers: tuple[int, ...] = (), names: tuple[str, ...] = (), plan: str = "free") -> Any:
    return {"tags": [*tags], "numbers": [*numbers], "parts": [{"names": [*names], "plans": [plan]}]}


@pytest.mark.parametrize(
    ("rule", "broken", "kept"),
    [
        ('"bad" not in wholes.tags', [whole("a"), whole("bad")], [whole("a"), whole("b")]),
        ('"bad" not in wholes.parts.names', [whole(names=("a", "bad"))], [whole(names=("a", "b"))]),
        ("distinct(wholes.tags)", [whole("a"), whole("a")], [whole("a"), whole("b")]),
        ("len(wholes.tags) <= 2", [whole("a", "b", "c")], [whole("a"), whole("b")]),
        ("sum(wholes.numbers) <= 5", [whole(numbers=(3, 3))], [whole(numbers=(3,)), whole(numbers=(2,))]),
        ('all t in wholes.tags: t != "bad"', [whole("bad")], [whole("a")]),
        ('all n in wholes.parts.names: n != "bad"', [whole(names=("bad",))], [whole(names=("a",))]),
        ('any t in wholes.tags: t == "good"', [whole("a")], [whole("a"), whole("b", "good")]),
        ('all p in wholes.parts.plans: p.key != "pro"', [whole(), whole(plan="pro")], [whole()]),
        ('"Professional" not in wholes.parts.plans.label', [whole(), whole(plan="pro")], [whole()]),
    ],
)
def test_a_rule_looks_into_every_list_that_its_path_leads_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rule: str, broken: object, kept: object
) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    feature = load(write_spec(tmp_path / "p", SPEC.format(rule=rule))).features["f"]
    with feature.override(model=replies({"wholes": broken})), pytest.raises(ReplyRefused, match="broken"):
        feature.call_fields({"note": "x"})
    with feature.override(model=replies({"wholes": kept})):
        feature.call_fields({"note": "x"})
