"""`promptspec schema`: JSON Schemas of a feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from promptspec.cli.ending import REFUSED, USAGE, Stop, ending
from promptspec.cli.options import Format, FormatOption, TargetArgument

if TYPE_CHECKING:
    from promptspec.cli.desk import Desk
    from promptspec.contract.feature import Feature, Module


def command(
    ctx: typer.Context,
    target: TargetArgument,
    input: Annotated[bool, typer.Option("--input", help="The schema of the input.")] = False,
    output: Annotated[bool, typer.Option("--output", help="The schema of the reply.")] = False,
    wire: Annotated[bool, typer.Option("--wire", help="The schema that the model is given.")] = False,
    format: FormatOption = Format.TEXT,
) -> None:
    """Print a JSON Schema of a feature; without an option, of its input and its reply."""
    with ending(ctx.obj, json=format is Format.JSON):
        from promptspec.cli.json_output import pretty
        from promptspec.schema.wire import input_schema, output_schema

        if input + output + wire > 1:
            raise Stop(USAGE, "one of --input, --output and --wire, please")
        module, feature = _contract(ctx.obj, target, json=format is Format.JSON)
        travels = output_schema(module, feature)
        # An output that is one type travels as `{"answer": …}` and is returned bare.
        returned = travels["properties"]["answer"] if feature.bare else travels
        if input:
            shown = input_schema(module, feature)
        elif output or wire:
            shown = returned if output else travels
        else:
            shown = {"input": input_schema(module, feature), "output": returned}
        ctx.obj.say(pretty(shown))


def _contract(desk: Desk, text: str, *, json: bool) -> tuple[Module, Feature]:
    """Return the contract of the feature, and of the module that it stands in; no generated code runs."""
    from promptspec.cli.reporting import seen_from_here, write_problems
    from promptspec.cli.targets import choose_feature, read_target

    target = read_target(text)
    compilation = desk.compiler.compile([target.path], trials=False)
    if compilation.has_errors():
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(REFUSED)
    modules = [unit.module for unit in compilation.units if unit.module and unit.file in compilation.named]
    features = {feature.name: (module, feature) for module in modules for feature in module.features}
    return features[choose_feature(target, features)]
