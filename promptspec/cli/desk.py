"""What a command works with: its streams, the environment, and the compiler."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import TYPE_CHECKING, BinaryIO, TextIO, cast

if TYPE_CHECKING:
    from promptspec.cli.compiler import Compiler


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Streams, environment and compiler of one run of the command line."""

    input: TextIO
    output: TextIO
    errors: TextIO
    environment: Mapping[str, str]
    compiler: Compiler
    debug: bool = False

    def say(self, text: str) -> None:
        """Write a line, already escaped, to standard output."""
        self.output.write(text + "\n")

    def warn(self, text: str) -> None:
        """Write a line, already escaped, to standard error."""
        self.output.flush()
        self.errors.write(text + "\n")
        self.errors.flush()

    def colours(self, stream: TextIO) -> bool:
        """Say whether colours may be written to *stream*: to terminals, where nobody forbids it (no-color.org)."""
        dumb = self.environment.get("TERM", "") in ("", "dumb")
        return stream.isatty() and not dumb and not self.environment.get("NO_COLOR")

    def paint(self, text: str, style: str, stream: TextIO) -> str:
        """Return *text*, in a rich *style* where *stream* takes colours."""
        if not self.colours(stream):
            return text
        from rich.color import ColorSystem
        from rich.style import Style

        return Style.parse(style).render(text, color_system=ColorSystem.STANDARD)

    @property
    def width(self) -> int:
        """How many cells a line has; without a terminal, 100."""
        from shutil import get_terminal_size

        return get_terminal_size((100, 24)).columns if self.output.isatty() else 100

    @property
    def may_ask(self) -> bool:
        """Say whether somebody is there to answer questions."""
        return self.input.isatty() and self.errors.isatty()

    def silence(self) -> None:
        """Write nothing more: nobody reads the pipe, and the interpreter would complain of it at its end."""
        if self.output is sys.stdout:
            os.dup2(os.open(os.devnull, os.O_WRONLY), self.output.fileno())

    def read_input(self, *, most: int) -> bytes:
        """Return what stands on standard input, up to one byte more than *most*."""
        binary = cast("BinaryIO | None", getattr(self.input, "buffer", None))
        return binary.read(most + 1) if binary is not None else self.input.read(most + 1).encode()


def desk_of_process() -> Desk:
    """Return the streams and the environment of this process; nothing that is written can fail to be encoded."""
    # A stream that was closed before the start is None.
    input, output, errors = sys.stdin or StringIO(), sys.stdout or StringIO(), sys.stderr or StringIO()
    for stream in (output, errors):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    from promptspec.cli.compiler import RealCompiler

    return Desk(input=input, output=output, errors=errors, environment=os.environ, compiler=RealCompiler())
