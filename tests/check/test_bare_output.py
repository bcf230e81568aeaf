"""Conditions on an output that is one type."""

from __future__ import annotations

from pathlib import Path

import pytest

from promptspec.api import compile_paths


@pytest.mark.parametrize("condition", ["output == fine", "fine == output", "output in [fine]", "output != late"])
def test_a_bare_enum_is_compared_with_its_members(condition: str, tmp_path: Path):
    spec = tmp_path / "judge.spec"
    spec.write_text(
        "promptspec 1\nenum Verdict { fine, late }\n"
        'feature judge { model "m"\n input { days: int(0..5) }\n output Verdict\n'
        f'ensure {condition} when days < 3 else "is late too soon" }}\n'
    )
    assert not compile_paths([spec]).has_errors()
