"""What is generated passes the strict modes of both type checkers, for the samples and for the golden specs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from promptspec.api import compile_paths
from promptspec.building import build

ROOT = Path(__file__).parents[2]
CALLS = """
from promptspec.runtime.v1 import Anyone, Reply, Session, Verified, Rendered
from typing import assert_type
from golden.orders import sort_orders as sort_orders
from golden.shared import name_it, rate
from samples.classify_message import Intent, classify_message
from samples.suggest_films import SuggestFilmsOutput as SuggestFilmsOutput
import golden

assert_type(classify_message(message="x", caller=Session("s")), Intent)
assert_type(classify_message.call(message="x", caller=Verified("s")), Reply[Intent])
assert_type(rate.render(document={}), Rendered)
golden.rate(document={})
rate(document={}, caller=Anyone())
name_it(class_="b, ps.text(", caller=Verified("v"))
"""
REFUSED = {
    "a caller who is known too little": 'name_it(class_="a", caller=Session("v"))',
    "no caller": 'name_it(class_="a")',
    "a word that was not declared": 'name_it(class_="d", caller=Verified("v"))',
    "a positional argument": 'name_it("a", caller=Verified("v"))',
    "a field that was not declared": 'name_it(class_="a", other=1, caller=Verified("v"))',
}


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("typed")
    build(compile_paths([ROOT / "tests" / "cases" / "golden"]), folder / "golden")
    build(compile_paths([ROOT / "specs"]), folder / "samples")
    (folder / "calls.py").write_text(CALLS)
    for number, line in enumerate(REFUSED.values()):
        (folder / f"refused{number}.py").write_text(
            f"from promptspec.runtime.v1 import Session, Verified\nfrom golden.shared import name_it\n\n{line}\n"
        )
    (folder / "pyrightconfig.json").write_text(
        json.dumps(
            {
                "typeCheckingMode": "strict",
                "pythonVersion": "3.11",
                "extraPaths": [str(ROOT)],
                "reportMissingTypeStubs": False,
            }
        )
    )
    return folder


def run(folder: Path, *command: str) -> str:
    environment = os.environ | {"MYPYPATH": str(ROOT), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def pyright(packages: Path) -> str:
    return run(packages, sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "-p", ".")


def errors_of(output: str, *files: str) -> list[str]:
    return [line for line in output.splitlines() if " error: " in line and any(file in line for file in files)]


def test_pyright_finds_nothing_in_strict_mode(pyright: str) -> None:
    assert "errors" in pyright
    assert errors_of(pyright, "golden/", "samples/", "calls.py") == []


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=list(REFUSED))
def test_pyright_refuses(pyright: str, number: int) -> None:
    assert errors_of(pyright, f"refused{number}.py")


def test_mypy_finds_nothing_in_strict_mode(packages: Path, tmp_path: Path) -> None:
    found = run(
        packages,
        *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"),
        *("--cache-dir", str(tmp_path), "golden", "samples", "calls.py"),
    )
    assert "Success" in found, found
