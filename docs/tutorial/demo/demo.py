"""`make demo`: the samples checked and built, one of them called, and three refusals. Nothing leaves this machine."""

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OUT = ROOT / "build" / "demo" / "features"
FEATURE = "specs/suggest_films.spec:suggest_films"
#: Longer output of a step is cut in the middle.
MOST_LINES = 14


def main() -> int:
    """Run the steps in turn; return 0 if each ended as it should."""
    film = str(HERE.relative_to(ROOT) / "film.json")
    leak = str(HERE.relative_to(ROOT) / "open_system.spec")
    unknown = ["--input", film, "--field", "film=tt9999999"]
    steps = [
        ("1. Check the samples: types, caps, trust, prompts, and every example", ["check", "specs"], 0),
        ("2. Build them into typed Python modules", ["build", "specs", "--out", str(OUT.relative_to(ROOT))], 0),
        ("3. Run the tests that stand in the specs", ["test", "specs"], 0),
        ("4. Call one; it is rehearsed, as there is no key", ["run", FEATURE, "--input", film], 0),
        ("5. Refused: a film that is not in the catalogue", ["run", FEATURE, *unknown], 1),
        ("6. Refused: a spec that lets what a visitor types speak as the system", ["check", leak], 1),
    ]
    for title, arguments, expected in steps:
        print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}")
        print(f"$ promptspec {' '.join(arguments)}", flush=True)
        if not run([sys.executable, "-m", "promptspec", *arguments], expected):
            return 1
    print("\n7. Refused: a reply that invents a film and smuggles in a link", flush=True)
    if not run([sys.executable, str(HERE / "hostile_reply.py")], 1):
        return 1
    print(
        "\nTo ask a real model: set OPENAI_API_KEY, and PROMPTSPEC_ID_KEY to a secret of your own, and run step 4\n"
        "again. For a server of your own see docs/how-to/use-a-local-server.md; to write a feature of your own,\n"
        "docs/tutorial/first-feature.md."
    )
    return 0


def run(command: list[str], expected: int) -> bool:
    """Run *command* with no key in its environment; say so if it does not end with *expected*."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_API_KEY"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    lines = done.stdout.splitlines()
    if len(lines) > MOST_LINES and done.returncode == expected:
        cut = len(lines) - MOST_LINES
        lines = [*lines[: MOST_LINES - 1], f"… and {cut:,} lines more, down to:", lines[-1]]
    print("\n".join(lines), flush=True)
    code = done.returncode
    if code != expected:
        print(f"this step ended with {code} and should have ended with {expected}", file=sys.stderr)
    return code == expected


if __name__ == "__main__":
    sys.exit(main())
