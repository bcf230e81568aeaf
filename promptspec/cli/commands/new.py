"""`promptspec new`: a first spec to change."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from promptspec.cli.ending import REFUSED, USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption

_SPEC: Final = """promptspec 1

# What a reply may be: one of these words, and nothing else.
enum Intent { order, complaint, other }

## Says what a customer's message is about.
feature NAME {
    # Without a key in OPENAI_API_KEY, `promptspec run` rehearses: it asks nobody and answers from this file.
    model "gpt-5.6-luna"

    input {
        ## What the customer wrote.
        message: text(1..2_000)
    }

    output Intent
}
"""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name of the feature, in snake_case.")],
    folder: Annotated[Path, typer.Option("--dir", metavar="DIR", help="Where the spec is written.")] = Path(),
    format: FormatOption = Format.TEXT,
) -> None:
    """Write the smallest spec with one feature, to be changed."""
    with ending(ctx.obj, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.diagnostics.foreign import escape

        name = name.removesuffix(".spec")
        path = folder / f"{_judged(name)}.spec"
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with open(path, "x", encoding="utf-8", newline="\n") as file:
                file.write(first_spec(name))
        except FileExistsError:
            raise Stop(REFUSED, f"`{path}` exists; nothing was written") from None
        if format is Format.JSON:
            ctx.obj.say(pretty({"written": [path.as_posix()]}))
            return
        ctx.obj.say(f"written: {escape(path.as_posix())}")
        ctx.obj.say(f"try it:  promptspec run {escape(path.as_posix())}:{name}")


def first_spec(name: str) -> str:
    """Return the smallest spec with the feature *name*."""
    # The feature's class takes its name from the feature; the enum must not take it too.
    return _SPEC.replace("NAME", name).replace("Intent", "Subject" if name.startswith("intent") else "Intent")


def _judged(name: str) -> str:
    from promptspec.syntax.words import NAMES_NOTHING

    if not _NAME.fullmatch(name):
        raise Stop(
            USAGE, f"`{name}` names no feature", help="use small letters, digits and _, as in `classify_message`"
        )
    if name in NAMES_NOTHING:
        raise Stop(USAGE, f"`{name}` is a word of the language and names no feature", help=f"`{name}_message` would do")
    return name
