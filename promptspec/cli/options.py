"""Options and arguments that several commands take."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer


class Format(StrEnum):
    """How a command writes what it has to say."""

    TEXT = "text"
    JSON = "json"


class ReportFormat(StrEnum):
    """How diagnostics are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


FormatOption: TypeAlias = Annotated[Format, typer.Option("--format", help="For people, or for programs.")]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="The same as --format json.")]
PathsArgument: TypeAlias = Annotated[
    list[Path], typer.Argument(metavar="PATHS", help="Specs, and folders that hold some.", show_default=False)
]
TargetArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="SPEC:FEATURE", help="A spec and a feature of it.", show_default=False)
]
FieldOption: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--field",
        "-f",
        metavar="NAME=VALUE",
        help="A field of the input: text as it is; lists and records as JSON; an image as @FILE.",
        show_default=False,
    ),
]
InputOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--input", metavar="FILE", help="A file with the input as a JSON object; - reads standard input."),
]
CallerOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--caller", metavar="LEVEL:ID", help="Who calls: anyone, session:ID, signed_in:ID, verified:ID."),
]
