"""Specs to run commands on."""

from __future__ import annotations

from pathlib import Path

import pytest

GREET = """promptspec 1

enum Mood {
    funny "Something to laugh about",
    sad,
}

source plans = rows {
    "free" "Free of charge",
    "pro" "Professional",
    "team" "For a whole team",
}

## Greets a customer.
feature greet {
    model "gpt-5.6-luna"

    input {
        ## Who is greeted.
        name: line(1..40)
        plan: one of plans
        age: int(0..150)
        mood: Mood = funny
        regular: bool
        since: date?
        tags: list(..3) of line(..20)
    }

    output {
        text: text(1..80)
        score: decimal(0..1, 2)
    }

    require age >= 18 else "is for adults"

    example "a visitor" {
        given { name: "Ada", plan: "pro", age: 36, regular: true, tags: [] }
        returns { text: "Welcome back, Ada", score: 0.50 }
    }

    test "a child is refused" {
        given { name: "Ada", plan: "pro", age: 3, regular: true, tags: [] }
        refuses input.age
    }
}
"""

BROKEN = """promptspec 1

feature greet {
    model "x"
    input {
        name: text
    }
    output text(..80)
}
"""


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def greet(project: Path) -> Path:
    path = project / "greet.spec"
    path.write_text(GREET)
    return path


@pytest.fixture
def broken(project: Path) -> Path:
    path = project / "broken.spec"
    path.write_text(BROKEN)
    return path
