"""The command line."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command that the arguments of this process name, and return its exit code."""
    try:
        from promptspec.cli.app import run
        from promptspec.cli.desk import desk_of_process

        return run(sys.argv[1:], desk_of_process())
    except KeyboardInterrupt:  # also while modules are still loading
        return 130
