"""`promptspec audit`: the card of each feature, for whoever signs it off."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from promptspec.cli.ending import FINE, REFUSED, ending
from promptspec.cli.options import PathsArgument


class CardFormat(StrEnum):
    """How cards are written."""

    MD = "md"
    HTML = "html"
    JSON = "json"


def command(
    ctx: typer.Context,
    paths: PathsArgument = [Path()],  # noqa: B006  Typer copies it
    *,
    format: Annotated[CardFormat, typer.Option("--format", help="How the cards are written.")] = CardFormat.MD,
    max_bits_out: Annotated[
        int | None, typer.Option("--max-bits-out", min=0, help="Fail where a reply may say more bits.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Fail where a practice is left out.")] = False,
) -> None:
    """Print the card of each feature: practices, guarantees, bits in and out, the largest prompt, reply and cost."""
    with ending(ctx.obj, json=format is CardFormat.JSON):
        from promptspec.audit.card import card_of
        from promptspec.audit.findings import findings
        from promptspec.cli.progress import progress_of
        from promptspec.cli.reporting import seen_from_here, write_problems

        json = format is CardFormat.JSON
        with progress_of(ctx.obj, paths, quiet=json) as progress:
            compilation = ctx.obj.compiler.compile(paths, trials=True, progress=progress)
        if compilation.has_errors():
            write_problems(ctx.obj, *seen_from_here(compilation), json=json)
            raise typer.Exit(REFUSED)
        settings = compilation.project.settings
        policies = [policy.name for policy in compilation.policies]
        cards = [
            card_of(feature, unit.module, prices=settings.prices, policies=policies)
            for unit in compilation.units
            if unit.module is not None and unit.file in compilation.named
            for feature in unit.module.features
        ]
        from dataclasses import replace

        found = findings(cards, compilation.texts, strict=strict, max_bits_out=max_bits_out)
        diagnostics, texts = seen_from_here(replace(compilation, diagnostics=found))
        match format:
            case CardFormat.MD:
                from promptspec.audit.markdown import render_markdown

                ctx.obj.output.write(render_markdown(cards))
            case CardFormat.HTML:
                from promptspec.audit.html import render_html

                ctx.obj.output.write(render_html(cards))
            case CardFormat.JSON:
                from promptspec.audit.machine import card_objects
                from promptspec.cli.json_output import pretty
                from promptspec.diagnostics.machine import diagnostic_objects

                told = card_objects(cards)
                ctx.obj.say(pretty({**told, "diagnostics": diagnostic_objects(diagnostics, texts)}))
        if not json:
            write_problems(ctx.obj, diagnostics, texts, json=False)
        stopped = any(each.severity.value == "error" for each in found)
        raise typer.Exit(REFUSED if stopped else FINE)
