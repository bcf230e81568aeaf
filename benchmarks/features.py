"""The specs that are measured, made from templates."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

from promptspec.api import compile_paths
from promptspec.building import build

SYSTEM = "You review films for a magazine. The reader is in a {mood} mood."
TITLE = "The Long Way Home"
NOTE = "A quiet film that a friend told me about. I saw it on a rainy evening and liked the ending most of all."

_SETTINGS = '[tool.promptspec]\nhosts = ["127.0.0.1"]\nenv = ["BENCH_KEY"]\n'

_CALLED = """promptspec 1

model local = openai("bench") {{
    base_url "http://127.0.0.1:{port}/v1"
    server openai
    api chat
    key env("BENCH_KEY")
}}

enum Mood {{ calm "Calm", tense "Tense", funny "Funny" }}

## Says in one sentence what a film is about, and how well it fits a mood.
feature review_film {{
    model local

    input {{
        mood: Mood
        ## The film's title.
        title: line(1..120)
        ## What the reader wrote about it.
        note: text(1..2_000)
    }}

    output {{
        ## One sentence.
        summary: text(1..300)
        score: int(0..10)
        tags: list(..5) of line(1..40)
    }}

    prompt {{
        system \"\"\"
            You review films for a magazine. The reader is in a {{{{ mood }}}} mood.
            \"\"\"
        user \"\"\"
            Film: {{{{ title }}}}
            Note: {{{{ note }}}}
            \"\"\"
    }}

    caller anyone
{examples}}}
"""

_EXAMPLE = """
    example "film {number}" {{
        given {{ mood: calm, title: "Film {number}", note: "Seen in the year of {number}, and not forgotten since." }}
        returns {{ summary: "Film {number} takes its time and is worth it.", score: 7, tags: ["slow"] }}
    }}
"""


def pairs(count: int) -> list[tuple[str, str]]:
    """Return the few-shot pairs of `called_spec` as a person would write them by hand."""
    return [
        (
            f"Film: Film {n}\nNote: Seen in the year of {n}, and not forgotten since.",
            f'{{"summary":"Film {n} takes its time and is worth it.","score":7,"tags":["slow"]}}',
        )
        for n in range(1, count + 1)
    ]


def called_spec(port: int, examples: int) -> str:
    """Return the spec of the feature that is called."""
    made = "".join(_EXAMPLE.format(number=number) for number in range(1, examples + 1))
    return _CALLED.format(port=port, examples=made)


def built_module(folder: Path, port: int, examples: int) -> ModuleType:
    """Build the feature that is called below *folder* and import it."""
    name = f"films{examples}"
    project = folder / f"{name}_specs"
    project.mkdir(parents=True)
    (project / "pyproject.toml").write_text(_SETTINGS)
    (project / f"{name}.spec").write_text(called_spec(port, examples))
    compilation = compile_paths([project])
    if compilation.has_errors():
        raise SystemExit("\n".join(each.message for each in compilation.diagnostics))
    build(compilation, folder / name)
    os.environ["BENCH_KEY"] = "a-key-of-the-benchmark"
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(f"{name}.{name}")


_SMALL = """promptspec 1

enum Kind {{ order "Wants to buy", delivery "Asks where something is", complaint "Is unhappy", other "Anything else" }}

## Says what message number {number} is about, and answers it in a sentence.
feature {name} {{
    model "gpt-5.6-luna"

    input {{
        ## The message, as the customer wrote it.
        message: text(1..2_000)
        customer: line(..80)?
        orders: int(0..999) = 0
    }}

    output {{
        kind: Kind
        ## One sentence that a person may send.
        answer: text(..280)
        doubts: list(..3) of line(1..80)
    }}

    prompt {{
        system \"\"\"
            You sort the messages of shop number {number}. Answer politely, and promise nothing.
            {{% if orders > 10 %}}
            The customer knows the shop well.
            {{% endif %}}
            \"\"\"
        user \"\"\"
            {{% if customer %}}From {{{{ customer }}}}.{{% endif %}}
            {{{{ message }}}}
            \"\"\"
    }}

    ensure len(doubts) > 0 when kind == other else "is other without a doubt"

    caller session
{example}}}
"""

_SMALL_EXAMPLE = """
    example "a parcel" {
        given { message: "Hello, my parcel was to come on Friday. Where is it?" }
        returns { kind: delivery, answer: "We are looking for it and write again today.", doubts: [] }
    }
"""


def write_small_specs(folder: Path, count: int) -> None:
    """Write *count* specs of one small feature each below *folder*; one in ten has an example."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_SETTINGS)
    for number in range(count):
        text = _SMALL.format(
            name=f"sort_message_{number}", number=number, example="" if number % 10 else _SMALL_EXAMPLE
        )
        (folder / f"shop_{number}.spec").write_text(text)
