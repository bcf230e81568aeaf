"""Run the tools under an audit hook: `python guard.py ROOT COMMAND SPEC`. A forbidden event ends the process with 42.

What is forbidden while a spec is judged: sockets, processes, and opening anything that is neither in the project's
root, nor in the cache folder, nor part of an installed package or of Python itself (rule 1).
"""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path
from typing import Any

FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "ctypes.", "webbrowser.")


def allowed_roots(root: str) -> tuple[str, ...]:
    package = Path(__file__).parents[2] / "promptspec"
    places = [root, os.environ["PROMPTSPEC_CACHE"], str(package), sys.prefix, sys.base_prefix]
    places += [path for path in sysconfig.get_paths().values() if path]
    places += [str(Path(__file__).parents[2] / name) for name in ("grammar", "docs")]
    return tuple(os.path.realpath(place) + os.sep for place in places)


def install(root: str) -> None:
    roots = allowed_roots(root)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN):
            end(f"{event} {arguments!r:.200}")
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.path.realpath(os.fsdecode(arguments[0]))
            if not (path + os.sep).startswith(roots) and not path.startswith(("/proc/self", "/dev/null", "/dev/tty")):
                # Settings are looked for upwards, up to the root of the disk.
                if Path(path).name == "pyproject.toml" or path.endswith(("/localtime", ".so", ".py", ".pyc")):
                    return
                end(f"open {path}")

    sys.addaudithook(hook)


def end(said: str) -> None:
    os.write(2, f"FORBIDDEN {said}\n".encode())
    os._exit(42)


def main(root: str, command: str, spec: str) -> None:
    from promptspec.api import compile_paths, format_text
    from promptspec.building import build
    from promptspec.project import Unusable
    from promptspec.trials import check_paths

    install(root)
    if command == "plug":  # the guard itself is tried
        import socket

        socket.create_connection(("127.0.0.1", 9))
    elif command == "read":
        Path("/etc/hostname").read_bytes()
    try:
        if command == "check":
            check_paths([Path(spec)])
        elif command == "build":
            compilation = compile_paths([Path(spec)])
            if not compilation.has_errors():
                build(compilation, Path(root) / "out")
        elif command == "fmt":
            format_text(Path(spec).read_text(errors="replace"), "a.spec")
        elif command in ("schema", "explain", "audit", "audit-html", "diff"):
            words: dict[str, tuple[str, ...]] = {
                "schema": (f"{spec}:f",),
                "explain": ("PS301",),
                "audit": (spec,),
                "diff": (spec, spec),
                "audit-html": (spec, "--format", "html"),
            }
            code = speak(command.removesuffix("-html"), *words[command])
            print(f"ended with {code}")
        found = compile_paths([Path(spec)])
        print(*sorted({each.code for each in found.diagnostics}), "ok" if not found.has_errors() else "")
    except Unusable as unusable:
        print("unusable", unusable)


def speak(*line: str) -> int:
    """Run a command line as it is typed, and return its exit code."""
    from promptspec.cli.app import run
    from promptspec.cli.desk import desk_of_process

    return run(line, desk_of_process())


if __name__ == "__main__":
    main(*sys.argv[1:])
