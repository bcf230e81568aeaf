"""How the command line ends: codes, hostile arguments, bugs, colours, and how fast it starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import ROOT, promptspec
from promptspec.cli.app import COMMANDS


class Faulty:
    """A compiler with a bug, or one that meets what happens outside."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        raise self.error


def test_a_bug_is_one_line_and_shows_where_only_when_asked(project: Path):
    seen = promptspec("check", project, compiler=Faulty(ZeroDivisionError("secret\x1b[31m")))
    assert seen.code == 3
    assert seen.err.count("\n") == 2
    assert "this is a bug of promptspec (ZeroDivisionError)" in seen.err
    assert "secret" not in seen.err
    for arguments, environment in ((["--debug"], {}), ([], {"PROMPTSPEC_DEBUG": "1"})):
        seen = promptspec(
            *arguments, "check", project, compiler=Faulty(ZeroDivisionError("secret\x1b[31m")), environment=environment
        )
        assert "Traceback" in seen.err
        assert "\x1b" not in seen.err
    told = json.loads(promptspec("check", project, "--format", "json", compiler=Faulty(KeyError("x"))).out)
    assert told["error"]["code"] == "bug"


def test_what_fails_outside_is_told_apart_from_bugs(project: Path):
    seen = promptspec("check", project, compiler=Faulty(PermissionError(13, "Permission denied", "a\x1b.spec")))
    assert seen.code == 3
    assert seen.err == "error: Permission denied `a\\u{1B}.spec`\n"


def test_an_interrupt_is_quiet(project: Path):
    seen = promptspec("check", project, compiler=Faulty(KeyboardInterrupt()))
    assert (seen.code, seen.out, seen.err) == (130, "", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["chek"],
        ["check", "--nope"],
        ["check", "--format", "xml"],
        ["run"],
        ["--nope"],
        ["build", "."],
        ["\x1b[31m\udc80"],
    ],
)
def test_wrong_usage_is_told_in_plain_words(arguments: list[str]):
    seen = promptspec(*arguments)
    assert seen.code == 2
    assert seen.err.startswith("error: ")
    assert "--help` shows what it takes" in seen.err
    assert "\x1b" not in seen.err
    assert "\udc80" not in seen.err
    assert "Traceback" not in seen.err


def test_a_misspelt_command_is_met_with_the_near_one():
    assert "did you mean `check`?" in promptspec("chek").err


def test_colours_are_for_terminals_that_want_them(broken: Path):
    wants = {"TERM": "xterm"}
    assert "\x1b[" in promptspec("check", broken, terminal=True, environment=wants).out
    assert "\x1b" not in promptspec("check", broken, environment=wants).out
    for unwanted in ({"TERM": "dumb"}, {}, {"TERM": "xterm", "NO_COLOR": "1"}):
        assert "\x1b" not in promptspec("check", broken, terminal=True, environment=unwanted).out


def start(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, cwd=ROOT, timeout=60, check=False, **options
    )


def test_every_command_has_help_and_the_help_loads_nothing_heavy():
    heavy = ("pydantic", "openai", "lark", "jsonschema", "re2", "jiter", "promptspec.api", "promptspec.syntax")
    code = (
        "import sys\n"
        "from promptspec.cli import main\n"
        "sys.argv[1:] = ['--help']\n"
        "code = main()\n"
        f"print([name for name in {heavy!r} if name in sys.modules], code)\n"
    )
    seen = start("-c", code)
    assert seen.stdout.splitlines()[-1] == "[] 0"
    for command in COMMANDS:
        assert command in seen.stdout


def test_no_arguments_show_the_help_and_are_wrong_usage():
    seen = start("-m", "promptspec")
    assert seen.returncode == 2
    assert "Usage: promptspec" in seen.stdout
    assert start("-m", "promptspec", "--version").stdout.startswith("promptspec ")


def test_a_reader_that_leaves_ends_the_command_quietly():
    reader, writer = os.pipe()
    os.close(reader)
    seen = subprocess.run(
        [sys.executable, "-m", "promptspec", "explain", "PS301"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        timeout=60,
        check=False,
    )
    os.close(writer)
    assert seen.returncode == 141
    assert seen.stderr == b""


def test_an_interrupt_from_the_keyboard_ends_a_waiting_command_quietly():
    waiting = subprocess.Popen(
        [sys.executable, "-m", "promptspec", "fmt", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    time.sleep(1.0)
    waiting.send_signal(signal.SIGINT)
    out, err = waiting.communicate(timeout=30)
    assert (waiting.returncode, out, err) == (130, b"", b"")


def test_a_stream_that_cannot_write_a_character_writes_its_number(greet: Path):
    seen = start(
        "-m", "promptspec", "render", str(greet), "--field=name=Ä", env={**os.environ, "PYTHONIOENCODING": "ascii"}
    )
    assert "Traceback" not in seen.stderr


def test_a_bar_moves_on_a_terminal_while_many_specs_are_checked(project: Path):
    for number in range(21):
        (project / f"mood_{number}.spec").write_text("promptspec 1\n\nenum Mood { funny, sad }\n")
    wants = {"TERM": "xterm"}
    seen = promptspec("check", project, terminal=True, environment=wants)
    assert seen.out == "21 specs, no problems\n"
    assert "21/21" in seen.err
    assert promptspec("check", project, environment=wants).err == ""
    assert promptspec("check", project, "--format", "json", terminal=True, environment=wants).err == ""
    (project / "mood_0.spec").unlink()
    assert promptspec("check", project, terminal=True, environment=wants).err == ""
