"""Folding by characters is folding."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from promptspec.tone.folding import fold, without_invisible
from promptspec.values.words import folded


@given(st.text())
def test_folding_character_by_character_changes_nothing(text: str):
    assert fold(text) == folded(without_invisible(text))
