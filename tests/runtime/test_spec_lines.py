"""A failure in generated code names the line of the spec that it came from."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import promptspec

SPEC = """promptspec 1

## Shortens a text.
feature shorten {
    model "gpt-5.6-luna"
    caller anyone
    input { body: text(1..200) }
    output text(..80)
    ensure words(output) < 20 else "is too long"
}
"""


def test_a_failure_in_a_rule_names_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shorten.spec").write_text(SPEC)
    loaded = promptspec.load(tmp_path / "shorten.spec")
    module: Any = loaded.module("shorten.spec")

    def fail(text: str) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(module, "ps", SimpleNamespace(**{**vars(module.ps), "words": fail}))
    shorten = loaded.shorten
    with shorten.override(model=promptspec.replies("Short.")), pytest.raises(promptspec.CallFailed) as failed:
        shorten(body="A long text.")
    assert failed.value.detail == "shorten: ZeroDivisionError at shorten.spec line 9"
    assert isinstance(failed.value.__cause__, ZeroDivisionError)
