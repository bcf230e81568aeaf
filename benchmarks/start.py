"""What importing a generated module costs, beside what peers cost: `python -m benchmarks.start`."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks import peers
from benchmarks.features import built_module
from benchmarks.measuring import Bar, print_bars, print_machine, print_ratios

_PACKAGES = ("openai", "pydantic", "pydantic-ai-slim", "baml-py")
_US = "a generated module of one feature"
_MEASURE = """
import resource
def cpu():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
def most():
    with open("/proc/self/status") as file:
        return int(next(line.split()[1] for line in file if line.startswith("VmHWM")))
before, small = cpu(), most()
{statement}
print(cpu() - before, most() - small)
"""


def main() -> int:
    rounds = 5 if "--quick" in sys.argv[1:] else 15
    print_machine(_PACKAGES)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built_module(folder, 1, 0)
        statements = {
            "import openai": "import openai",
            _US: "from films0.films0 import review_film",
            "pydantic, one model": "from pydantic import BaseModel\nclass M(BaseModel):\n    a: int",
            "from pydantic_ai import Agent": "from pydantic_ai import Agent",
        }
        try:
            peers.generate_baml(folder / "baml", 1, ["ReviewFilm"])
        except (OSError, subprocess.SubprocessError, ImportError) as error:
            print(f"left out: BAML ({type(error).__name__})")
        else:
            statements["BAML's client of one function"] = "from baml_client.sync_client import b"
        found = cpu_of_imports(statements, [folder, folder / "baml"], rounds)
    print_ratios(
        "CPU of an import, in a fresh process",
        {name: seconds for name, (seconds, _) in found.items()},
        "import openai",
        scale=1e3,
        unit="ms",
    )
    print("\nMemory: " + ", ".join(f"{name}: {most / 1024:.0f} MiB" for name, (_, most) in found.items()))
    return (
        1 if print_bars([Bar("import, over `import openai`", found[_US][0] / found["import openai"][0], 1 / 3)]) else 0
    )


def cpu_of_imports(
    statements: Mapping[str, str], places: list[Path], rounds: int, *, written: bool = True
) -> dict[str, tuple[float, float]]:
    """Return the median CPU seconds and KiB more resident of each statement, alternating, each in a fresh process.

    Without *written*, no bytecode is kept: each import is the first one.
    """
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*map(str, places), os.environ.get("PYTHONPATH", "")]),
        "BAML_LOG": "off",
        "PYTHONDONTWRITEBYTECODE": "" if written else "1",
    }
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in statements}
    for turn in range(rounds + written):
        for name, statement in statements.items():
            done = subprocess.run(
                [sys.executable, "-c", _MEASURE.format(statement=statement)],
                env=environment,
                cwd=places[0],
                capture_output=True,
                text=True,
                timeout=120,
                check=True,
            )
            if turn or not written:  # the first one writes bytecode
                seconds, most = done.stdout.split()
                taken[name].append((float(seconds), float(most)))
    return {
        name: (statistics.median(s for s, _ in each), statistics.median(m for _, m in each))
        for name, each in taken.items()
    }


if __name__ == "__main__":
    raise SystemExit(main())
