"""The fixture for an application's own tests."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

APPLICATION_TEST = """
import pytest
import promptspec

classify_message = promptspec.load({spec!r}).classify_message


def test_with_a_reply(promptspec_replies):
    promptspec_replies(classify_message, "order", "complaint")
    caller = promptspec.Session("s")
    assert [classify_message(message="Hello", caller=caller) for _ in range(2)] == ["order", "complaint"]


def test_a_reply_is_judged_like_a_models(promptspec_replies):
    promptspec_replies(classify_message, "nonsense")
    with pytest.raises(promptspec.ReplyRefused):
        classify_message(message="Hello", caller=promptspec.Session("s"))
"""


def test_the_fixture_replaces_the_model_until_the_test_ends(tmp_path: Path) -> None:
    spec = str(ROOT / "specs" / "classify_message.spec")
    (tmp_path / "test_application.py").write_text(APPLICATION_TEST.format(spec=spec))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "promptspec.pytest_plugin", "-p", "no:cacheprovider"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_loading_the_plugin_imports_nothing_of_the_compiler_or_the_runtime() -> None:
    script = (
        "import pytest, sys, promptspec.pytest_plugin;"
        "print([m for m in sys.modules if m.startswith('promptspec.') and m != 'promptspec.pytest_plugin'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
