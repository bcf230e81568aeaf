"""What starts every process stays small: heavy modules of the standard library load with what needs them."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("asyncio", "ssl", "sqlite3", "concurrent.futures", "multiprocessing", "urllib.request", "openai", "sqlalchemy")


@pytest.mark.parametrize("module", ["promptspec.runtime.v1", "promptspec.api"])
def test_neither_a_generated_module_nor_the_compiler_loads_what_it_may_not_need(module: str) -> None:
    script = f"import sys, {module}; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
