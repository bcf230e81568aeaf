"""Items that must be left out are, and no others: what the fuzzer finds where they are not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from promptspec.fuzz.profiles import PROFILES
from promptspec.fuzz.running import Plan, fuzz_feature
from promptspec.loading import load
from promptspec.runtime.dropping import Drops

SPEC = """promptspec 1

feature pick {
    model "gpt-5.6-luna"

    input {
        note: text(1..100)
    }

    output list(1..4) of line(1..20)

    ensure all x in output: x != "no" and x != note else drop "is no"
}
"""
BOUNDARIES = replace(PROFILES["pr"], phases=("boundaries",))
KEEP = Drops.keep


def _kept_all(_self: Drops, reply: Any, *_arguments: Any, **_keywords: Any) -> Any:
    return reply


def _dropped_in_silence(self: Drops, *arguments: Any, **keywords: Any) -> Any:
    reply = KEEP(self, *arguments, **keywords)
    self.dropped.clear()
    return reply


def _dropped_under_the_bound(self: Drops, *arguments: Any, **keywords: Any) -> Any:
    return KEEP(self, *arguments, **{**keywords, "least": 0})


@pytest.fixture
def fallen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    (tmp_path / "pick.spec").write_text(SPEC)
    feature = load(tmp_path / "pick.spec").features["pick"]
    return lambda: {each.law for each in fuzz_feature(feature, Plan(profile=BOUNDARIES)).fallen}


def test_no_law_falls(fallen: Callable[[], set[str]]) -> None:
    assert fallen() == set()


@pytest.mark.parametrize("broken", [_kept_all, _dropped_in_silence, _dropped_under_the_bound])
def test_what_drops_otherwise_is_found(
    fallen: Callable[[], set[str]], monkeypatch: pytest.MonkeyPatch, broken: Callable[..., Any]
) -> None:
    monkeypatch.setattr(Drops, "keep", broken)
    assert "reply_is_total" in fallen()
