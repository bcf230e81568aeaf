"""The same feature in the words of other libraries, against one base URL. Each maker may fail where one is missing."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import httpx2
import openai
from pydantic import BaseModel, ConfigDict, Field

from benchmarks.features import NOTE, SYSTEM, TITLE, pairs

Sync: TypeAlias = Callable[[], object]
Async: TypeAlias = Callable[[], Awaitable[object]]

KEY = "a-key-of-the-benchmark"


class Mood(Enum):
    """The input's enum."""

    calm = "calm"
    tense = "tense"
    funny = "funny"


class Asked(BaseModel):
    """The input as a careful colleague would check it."""

    mood: Mood
    title: Annotated[str, Field(min_length=1, max_length=120)]
    note: Annotated[str, Field(min_length=1, max_length=2000)]


class Review(BaseModel):
    """The reply."""

    model_config = ConfigDict(extra="forbid")

    summary: Annotated[str, Field(min_length=1, max_length=300, description="One sentence.")]
    score: Annotated[int, Field(ge=0, le=10)]
    tags: Annotated[list[Annotated[str, Field(min_length=1, max_length=40)]], Field(max_length=5)]


_SCHEMA = {"name": "Review", "strict": True, "schema": {**Review.model_json_schema(), "additionalProperties": False}}
_FORMAT: Any = {"type": "json_schema", "json_schema": _SCHEMA}


def base_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/v1"


def messages(examples: int) -> list[Any]:
    """Return the messages, the few-shot pairs among them, as code by hand makes them for each call."""
    asked = Asked.model_validate({"mood": "calm", "title": TITLE, "note": NOTE})
    found = [{"role": "system", "content": SYSTEM.format(mood=asked.mood.value)}]
    for question, answer in pairs(examples):
        found += ({"role": "user", "content": question}, {"role": "assistant", "content": answer})
    return [*found, {"role": "user", "content": f"Film: {asked.title}\nNote: {asked.note}"}]


def raw(port: int) -> Sync:
    """httpx2 by hand: a body, a POST, the reply judged by pydantic."""
    client = httpx2.Client(timeout=30, trust_env=False, headers={"Authorization": f"Bearer {KEY}"})
    url = base_url(port) + "/chat/completions"

    def call() -> object:
        body = {
            "model": "bench",
            "messages": messages(0),
            "response_format": _FORMAT,
            "max_completion_tokens": 1000,
            "store": False,
        }
        response = client.post(url, json=body).raise_for_status()
        return Review.model_validate_json(response.json()["choices"][0]["message"]["content"])

    return call


def create(port: int, examples: int = 0) -> Sync:
    """`chat.completions.create`."""
    client = openai.OpenAI(base_url=base_url(port), api_key=KEY, max_retries=0)

    def call() -> object:
        done = client.chat.completions.create(
            model="bench",
            messages=messages(examples),
            response_format=_FORMAT,
            max_completion_tokens=1000,
            store=False,
        )
        return Review.model_validate_json(done.choices[0].message.content or "")

    return call


def create_async(port: int) -> Async:
    """`chat.completions.create`, asynchronously, over the client that the package makes by default."""
    client = openai.AsyncOpenAI(base_url=base_url(port), api_key=KEY, max_retries=0)

    async def call() -> object:
        done = await client.chat.completions.create(
            model="bench", messages=messages(0), response_format=_FORMAT, max_completion_tokens=1000, store=False
        )
        return Review.model_validate_json(done.choices[0].message.content or "")

    return call


def parse(port: int) -> Sync:
    """`chat.completions.parse` with a pydantic model."""
    client = openai.OpenAI(base_url=base_url(port), api_key=KEY, max_retries=0)

    def call() -> object:
        done = client.chat.completions.parse(
            model="bench", messages=messages(0), response_format=Review, max_completion_tokens=1000, store=False
        )
        return done.choices[0].message.parsed

    return call


def instructor(port: int) -> Sync:
    """Instructor, in its mode for JSON Schema."""
    module = importlib.import_module("instructor")
    inner = openai.OpenAI(base_url=base_url(port), api_key=KEY, max_retries=0)
    client = module.from_openai(inner, mode=module.Mode.JSON_SCHEMA)

    def call() -> object:
        return client.chat.completions.create(
            model="bench",
            messages=messages(0),
            response_model=Review,
            max_retries=0,
            max_completion_tokens=1000,
            store=False,
        )

    return call


def _agent(port: int) -> Any:
    ai = importlib.import_module("pydantic_ai")
    models = importlib.import_module("pydantic_ai.models.openai")
    providers = importlib.import_module("pydantic_ai.providers.openai")
    inner = openai.AsyncOpenAI(base_url=base_url(port), api_key=KEY, max_retries=0)
    model = models.OpenAIChatModel("bench", provider=providers.OpenAIProvider(openai_client=inner))
    return ai.Agent(model, output_type=ai.NativeOutput(Review), instructions=SYSTEM.format(mood="calm"))


def pydantic_ai_async(port: int) -> Async:
    """Pydantic AI, with the server's own structured output."""
    agent = _agent(port)

    async def call() -> object:
        return (await agent.run(messages(0)[-1]["content"])).output

    return call


_BAML = """
client<llm> Local {{
  provider openai-generic
  options {{
    base_url "{base_url}"
    model "bench"
    api_key "{key}"
  }}
}}
generator python {{
  output_type "python/pydantic"
  output_dir ".."
  version "{version}"
}}
enum Mood {{
  Calm
  Tense
  Funny
}}
class Review {{
  summary string @description("One sentence.")
  score int
  tags string[]
}}
"""
_BAML_FUNCTION = """
function {name}(mood: Mood, title: string, note: string) -> Review {{
  client Local
  prompt #"
    {{{{ _.role("system") }}}}
    You review films for a magazine. The reader is in a {{{{ mood }}}} mood.
    {{{{ ctx.output_format }}}}
    {{{{ _.role("user") }}}}
    Film: {{{{ title }}}}
    Note: {{{{ note }}}}
  "#
}}
"""


def generate_baml(folder: Path, port: int, names: Sequence[str]) -> None:
    """Write functions of these names in BAML, and have its compiler generate their client below *folder*."""
    source = folder / "baml_src"
    source.mkdir(parents=True)
    head = _BAML.format(base_url=base_url(port), key=KEY, version=version("baml-py"))
    (source / "main.baml").write_text(head + "".join(_BAML_FUNCTION.format(name=name) for name in names))
    command = [str(Path(sys.executable).with_name("baml-cli")), "generate", "--from", str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def _baml(port: int, folder: Path) -> tuple[Any, Any]:
    os.environ["BAML_LOG"] = "off"
    importlib.import_module("baml_py")  # said to be missing before anything is written
    if not folder.exists():
        generate_baml(folder, port, ["ReviewFilm"])
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module("baml_client"), importlib.import_module("baml_client.types")


def baml(port: int, folder: Path) -> Sync:
    """BAML's synchronous client."""
    _, types = _baml(port, folder)
    b = importlib.import_module("baml_client.sync_client").b
    return lambda: b.ReviewFilm(mood=types.Mood.Calm, title=TITLE, note=NOTE)


def baml_async(port: int, folder: Path) -> Async:
    """BAML's asynchronous client."""
    _, types = _baml(port, folder)
    b = importlib.import_module("baml_client.async_client").b
    return lambda: b.ReviewFilm(mood=types.Mood.Calm, title=TITLE, note=NOTE)
