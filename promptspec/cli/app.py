"""The table of commands, and what they share: help, wrong usage, and the end of the process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches
from importlib import import_module
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from promptspec import __version__
from promptspec.cli.desk import Desk
from promptspec.cli.ending import BROKEN_PIPE, INTERRUPTED, USAGE, report_failure
from promptspec.diagnostics.foreign import escape

#: In the order in which a newcomer meets them. Each is the function `command` of a module of that name.
COMMANDS: Final = (
    "new", "check", "fmt", "run", "render", "test", "evaluate", "fuzz", "redteam", "tone", "audit", "diff", "build",
    "source", "review", "callers", "reports", "schema", "explain",
)  # fmt: skip
#: Commands that have commands of their own: the functions `COMMANDS` of their modules, by their names.
GROUPS: Final = ("source", "review", "callers", "reports")
#: Commands of two words, the first of which is a command of its own, and their modules.
PAIRS: Final[dict[tuple[str, ...], str]] = {("audit", "verify"): "verify"}

# Typer has its own copy of click's errors or takes click's, by its version; either way this is their root.
_WrongUsage: Final = cast("type[Exception]", typer.BadParameter.__mro__[2])


class LazyCommands(TyperGroup):
    """Commands whose modules load when they are named, or when the help lists them."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command, loading its module, or None."""
        if cmd_name not in COMMANDS:
            return None
        alone = typer.Typer(add_completion=False)
        module = import_module(f"promptspec.cli.commands.{cmd_name}")
        if cmd_name in GROUPS:
            for name, command in module.COMMANDS.items():
                alone.command(name)(command)
            group = typer.main.get_command(alone)
            group.name, group.help = cmd_name, module.HELP
            return group
        alone.command(cmd_name)(module.command)
        return typer.main.get_command(alone)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that *args* begin with, or say which one may have been meant."""
        module = PAIRS.get(tuple(args[:2]))
        if module is not None:
            alone = typer.Typer(add_completion=False)
            alone.command(" ".join(args[:2]))(import_module(f"promptspec.cli.commands.{module}").command)
            return " ".join(args[:2]), typer.main.get_command(alone), args[2:]
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0][:64], COMMANDS, n=1)
            ctx.fail(f"there is no command `{args[0]}`" + (f"; did you mean `{near[0]}`?" if near else ""))
        return super().resolve_command(ctx, args)


def run(arguments: Sequence[str], desk: Desk) -> int:
    """Run the command that *arguments* name, and return its exit code."""
    desk = replace(desk, debug=desk.debug or desk.environment.get("PROMPTSPEC_DEBUG") == "1")
    if "--debug" in arguments[:1]:
        desk = replace(desk, debug=True)
    try:
        code = _typer_command().main(args=list(arguments), prog_name="promptspec", standalone_mode=False, obj=desk)
        desk.output.flush()
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        desk.silence()
        return BROKEN_PIPE
    except _WrongUsage as error:
        return _wrong_usage(desk, error)
    except Exception as error:  # noqa: BLE001  the outermost frame of the process: nobody should meet a traceback
        return report_failure(desk, error, json=False)


def _typer_command() -> Any:
    app = typer.Typer(
        cls=LazyCommands,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
        rich_markup_mode="rich",
    )
    app.callback()(_promptspec)
    return typer.main.get_command(app)


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"promptspec {__version__}")
        raise typer.Exit


def _promptspec(
    ctx: typer.Context,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error came from.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Typed functions that ask a language model, made from .spec files, with everything declared enforced."""
    if debug:
        ctx.obj = replace(ctx.obj, debug=True)
    if ctx.invoked_subcommand is None:
        print(ctx.get_help(), end="")
        raise typer.Exit(USAGE)


def _wrong_usage(desk: Desk, error: Any) -> int:
    desk.warn(f"{desk.paint('error', 'bold red', desk.errors)}: {escape(str(error.format_message()))}")
    context = getattr(error, "ctx", None)
    path = getattr(context, "command_path", None) or "promptspec"
    desk.warn(f"{desk.paint('help', 'bold cyan', desk.errors)}: `{escape(path)} --help` shows what it takes")
    return USAGE
