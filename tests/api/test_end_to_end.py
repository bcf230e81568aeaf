"""A built spec against the server of llama.cpp with random weights: nonsense in the right form, or refused."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from codegen.specs import write_spec
from engines.fixtures import Aimock, Engine
from promptspec.api import compile_paths
from promptspec.building import build
from promptspec.errors import ReplyRefused
from promptspec.ports import World
from promptspec.runtime.feature import Feature
from promptspec.runtime.host import HOST
from promptspec.safety.callers import ID_KEY, Session

SPEC = """
model local = openai("tiny") {{
    server llama_cpp
    base_url "{base_url}"
    key env("LLM_KEY")
    structured {structured}
}}

enum Mood {{ calm, wild }}

feature rate {{
    model local

    input {{
        note: text(1..200)
        notes: list(1..3) of {{ key id: int(1..9) }}
    }}

    output {{
        mood: Mood
        stars: int(1..5)
        sure: bool
        note: one of notes
    }}

    limits {{
        reply 400 tokens
        time 20s
        retries 0
    }}
}}
"""


def built(folder: Path, engine: Engine, structured: str) -> Feature[Any]:
    """Build the spec into a package, import the module from disk, and return its function."""
    (folder / "pyproject.toml").write_text('[tool.promptspec]\nenv = ["LLM_KEY"]\nhosts = ["127.0.0.1"]\n')
    compilation = compile_paths([write_spec(folder, SPEC.format(base_url=engine.base_url, structured=structured))])
    assert not compilation.has_errors(), compilation.diagnostics
    out = folder / f"built_{structured}"
    build(compilation, out)
    name = f"end_to_end_{structured}"
    spec = importlib.util.spec_from_file_location(name, out / "a.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    found: Feature[Any] = module.rate
    return found


def world(engine: Engine) -> World:
    environment = {"LLM_KEY": engine.key, ID_KEY: "k1:0123456789abcdef"}
    return World(clock=HOST.clock, entropy=HOST.entropy, environment=environment)


FIELDS = {"note": "How was it?", "notes": [{"id": 4}, {"id": 7}]}


@pytest.mark.parametrize("structured", ["json_schema", "grammar"])
def test_constrained_nonsense_has_the_form_or_is_refused(tmp_path: Path, llama: Engine, structured: str) -> None:
    rate = built(tmp_path, llama, structured)
    stars: list[int] = []
    with rate.override(world=world(llama)):
        for _ in range(12):
            try:
                reply = rate.call_fields(FIELDS, caller=Session("s"))
            except ReplyRefused as refused:
                assert {v.path for v in refused.violations} <= {"reply", "output.note"}  # noqa: PT017
                continue
            assert not reply.rehearsed
            assert reply.usage.output_tokens
            assert reply.value.note.id in (4, 7)
            stars.append(reply.value.stars)
    assert stars or structured == "grammar"  # the grammar allows blanks without end, and nonsense uses them
    assert set(stars) <= set(range(1, 6))


def test_unconstrained_nonsense_is_refused(tmp_path: Path, llama: Engine) -> None:
    rate = built(tmp_path, llama, "prompt")
    with rate.override(world=world(llama)), pytest.raises(ReplyRefused):
        rate.call_fields(FIELDS, caller=Session("s"))


@pytest.mark.needs_npm
def test_what_the_server_receives_is_the_request_of_the_contract(tmp_path: Path, aimock: Aimock) -> None:
    # Answered at once: a model that writes nonsense up to its cap may take longer than the call has.
    reply = {"mood": "calm", "stars": 3, "sure": True, "note": 2}
    aimock.script({"match": {"userMessage": "How was it?"}, "response": {"content": json.dumps(reply)}})
    rate = built(tmp_path, aimock, "json_schema")
    with rate.override(world=world(aimock)):
        assert rate.call_fields(FIELDS, caller=Session("raw-session-id")).value.note.id == 7
    (entry,) = aimock.journal()
    assert entry["path"] == "/v1/chat/completions"
    text = json.dumps(entry)
    assert "raw-session-id" not in text
    body = entry["body"]
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["response_format"]["json_schema"]["strict"] is True
    assert 400 in (body.get("max_tokens"), body.get("max_completion_tokens"))
    assert "tools" not in body
