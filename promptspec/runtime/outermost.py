"""The outermost frame of a call: whatever is no error of ours becomes one here, and nowhere else (rule 22)."""

from __future__ import annotations

from types import TracebackType

from promptspec.errors import CallFailed, PromptspecError
from promptspec.telemetry.telling import CallTelling


class Outermost:
    """Lets errors of ours pass with a line in the log, and turns every other Exception into CallFailed.

    KeyboardInterrupt, CancelledError, SystemExit, GeneratorExit and MemoryError pass as they are. *telling* tells
    telemetry of what happens inside.
    """

    __slots__ = ("_name", "_telling")

    def __init__(self, name: str, telling: CallTelling | None = None) -> None:
        self._name = name
        self._telling = telling

    def __enter__(self) -> None:
        if self._telling is not None:
            self._telling.begin()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._telling is not None:
            self._telling.end(error)
        if error is None:
            return
        if isinstance(error, PromptspecError):
            import logging

            logging.getLogger("promptspec").info("%s: %s: %s", self._name, error.code, error.detail or error)
        elif isinstance(error, Exception) and not isinstance(error, MemoryError):
            raise CallFailed(f"{self._name}: {type(error).__name__}{spec_line(trace)}") from error


def spec_line(trace: TracebackType | None) -> str:
    """Return ` at films.spec line 7` where *trace* passes through generated code, else nothing.

    Generated modules say in a comment which line of the spec the statements below it come from.
    """
    found = ""
    while trace is not None:
        if "STAMP" in trace.tb_frame.f_globals:
            found = _comment_above(trace.tb_frame.f_code.co_filename, trace.tb_lineno) or found
        trace = trace.tb_next
    return found


def _comment_above(file: str, number: int) -> str:
    import linecache
    import re

    for at in range(number, 0, -1):
        line = linecache.getline(file, at)
        match = re.match(r"\s*# (\S+) line (\d+)$", line.rstrip())
        if match:
            return f" at {match[1]} line {match[2]}"
        if line.lstrip().startswith(("def ", "async def ")):
            return ""
    return ""
