"""The hosts that a spec may name are those that a call may go to."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.specs import write_spec
from promptspec.api import compile_paths
from promptspec.models.origins import find_origin
from promptspec.models.port import Unavailable

HOSTS = ("llm.example.org", "Other.Example.org:8443", "[::1]:8080", "127.0.0.1", "example.net")

ADDRESSES = [
    "https://LLM.example.org/v1",
    "https://llm.example.org:444/v1",
    "https://other.example.org:8443",
    "https://other.example.org",
    "http://[::1]:8080/v1",
    "http://[::1]/v1",
    "http://127.0.0.1:1/v1",
    "https://api.openai.com/v1",
    "https://api.openai.com:8443/v1",
    "https://my-llm.example.org/v1",
    "https://evil.org/llm.example.org",
    "https://evil.org/v1#llm.example.org",
    "https://llm.example.org.evil.org/v1",
    "https://llm.example.org:99999/v1",
    "https://llm.example.org;x/v1",
    "https://evil.org\\\\@llm.example.org/v1",
    "http://llm.example.org/v1",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_checks_is_what_runs_and_only_its_own_host_goes_into_the_module(tmp_path: Path, address: str) -> None:
    path = write_spec(
        tmp_path,
        f"""
        model m = openai("m") {{ base_url "{address}" key env("KEY") }}
        feature f {{
            model m
            input {{ note: line(..9) }}
            output bool
        }}
        """,
    )
    listed = ", ".join(f'"{host}"' for host in HOSTS)
    (tmp_path / "pyproject.toml").write_text(f'[tool.promptspec]\nenv = ["KEY"]\nhosts = [{listed}]\n')
    compilation = compile_paths([path])
    written = address.replace("\\\\", "\\")
    try:
        origin = find_origin(base_url=written, base_url_env=None, hosts=HOSTS, environment={})
    except Unavailable:
        assert {d.code for d in compilation.diagnostics if d.severity.value == "error"} & {"PS803", "PS805", "PS807"}
        return
    assert not compilation.has_errors()
    module = compilation.unit("a.spec").module
    assert module is not None
    assert find_origin(base_url=written, base_url_env=None, hosts=module.hosts, environment={}) == origin
    assert len(module.hosts) == (0 if origin.is_openai else 1)
