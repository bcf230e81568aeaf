"""The wheel, in a clean environment without the checkout."""

import os
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SPEC = """promptspec 1

enum Intent { order, complaint, other }

## Says what a customer's message is about.
feature classify_message {
    model "gpt-5.6-luna"
    input {
        message: text(1..2_000)
    }
    output Intent
}
"""

APPLICATION = """
import promptspec
from features.intent import Intent, classify_message

with classify_message.override(model=promptspec.replies("order")):
    assert classify_message(message="Two jumpers, please.", caller=promptspec.Session("4f1c")) is Intent.order
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it and nothing else, and return the environment's folder of programs."""
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT))
    (wheel,) = folder.glob("promptspec-*.whl")
    venv.create(folder / "env", with_pip=True)
    programs = folder / "env" / "bin"
    run(str(programs / "python"), "-m", "pip", "install", "--quiet", str(wheel))
    return programs


def run(*command: str, cwd: Path | None = None, code: int = 0) -> str:
    environment = {n: v for n, v in os.environ.items() if n not in ("PYTHONPATH", "OPENAI_API_KEY")}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


def test_the_wheel_alone_checks_builds_and_runs(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "intent.spec").write_text(SPEC)
    promptspec = str(installed / "promptspec")
    run(promptspec, "check", "intent.spec", cwd=tmp_path)
    run(promptspec, "build", "intent.spec", "--out", "features", cwd=tmp_path)
    shown = run(promptspec, "run", "intent.spec:classify_message", "--field", "message=Where is it?", cwd=tmp_path)
    assert shown.strip() in ("order", "complaint", "other")
    (tmp_path / "application.py").write_text(APPLICATION)
    run(str(installed / "python"), "application.py", cwd=tmp_path)


def test_the_wheel_explains_its_diagnostics(installed: Path, tmp_path: Path) -> None:
    assert "cap" in run(str(installed / "promptspec"), "explain", "PS301", cwd=tmp_path)


def test_the_wheel_carries_the_tables_of_its_own_grammar(installed: Path, tmp_path: Path) -> None:
    script = (
        "from promptspec.syntax import built_tables, parser_tables, lark_grammar;"
        "assert built_tables.GRAMMAR == parser_tables.digest(lark_grammar.read_grammar());"
        "import promptspec; print(promptspec.__file__)"
    )
    assert str(ROOT) not in run(str(installed / "python"), "-c", script, cwd=tmp_path)
