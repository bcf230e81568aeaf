"""The command line in this process, and behind a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import select
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from promptspec.cli.app import run
from promptspec.cli.compiler import RealCompiler
from promptspec.cli.desk import Desk

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Seen:
    code: int
    out: str
    err: str


class Screen(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def promptspec(
    *arguments: object,
    stdin: str = "",
    environment: dict[str, str] | None = None,
    terminal: bool = False,
    compiler: Any = None,
) -> Seen:
    """Run a command in this process; nothing of the real environment is seen."""
    stream = Screen if terminal else io.StringIO
    out, err = stream(), stream()
    desk = Desk(
        input=stream(stdin),
        output=out,
        errors=err,
        environment=environment or {},
        compiler=compiler or RealCompiler(),
    )
    code = run([str(argument) for argument in arguments], desk)
    return Seen(code, out.getvalue(), err.getvalue())


def on_a_terminal(arguments: Sequence[str], answers: Sequence[tuple[str, str]], environment: dict[str, str]) -> Seen:
    """Run a command behind a pseudo-terminal; each answer is typed when the text before it has been shown."""
    import pty

    child, master = pty.fork()
    if child == 0:
        os.chdir(ROOT)
        os.execve(
            sys.executable,
            [sys.executable, "-m", "promptspec", *arguments],
            {"TERM": "xterm", "PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        )
    seen = b""
    mark = 0
    waiting = list(answers)
    deadline = time.monotonic() + 20
    try:
        while time.monotonic() < deadline:
            if waiting and (at := seen.find(waiting[0][0].encode(), mark)) >= 0:
                mark = at + len(waiting[0][0].encode())
                os.write(master, waiting.pop(0)[1].encode())
            if select.select([master], [], [], 0.1)[0]:
                try:
                    data = os.read(master, 65_536)
                except OSError:  # Linux reports so that the other end is closed
                    break
                if not data:
                    break
                seen += data
        else:
            raise AssertionError(f"the command did not end; it showed {seen!r} and {waiting!r} was not asked for")
        assert not waiting, f"{waiting!r} was not asked for in {seen!r}"
    finally:
        if time.monotonic() >= deadline:
            os.kill(child, 9)
        status = os.waitpid(child, 0)[1]
        os.close(master)
    return Seen(os.waitstatus_to_exitcode(status), seen.decode(), "")
