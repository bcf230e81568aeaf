"""What a generated module imports, and that the same spec gives the same bytes everywhere."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from promptspec.api import compile_paths
from promptspec.building import build

ROOT = Path(__file__).parents[2]
SPECS = (ROOT / "specs", ROOT / "tests" / "cases" / "golden")
BUILD = """
import sys
from pathlib import Path
from promptspec.api import compile_paths
from promptspec.building import build
build(compile_paths([Path(sys.argv[1])]), Path(sys.argv[2]))
"""


def run(code: str, *arguments: str, cwd: Path | None = None, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def hashes(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".sqlite")
    return {path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("modules")
    for specs in SPECS:
        build(compile_paths([specs]), folder / f"built_{specs.name}")
    return folder


def test_the_same_specs_give_the_same_bytes_on_every_machine(out: Path, tmp_path: Path) -> None:
    for seed, zone, locale in (("1", "Pacific/Kiritimati", "C"), ("77", "America/Adak", "de_DE.UTF-8")):
        again = tmp_path / seed
        run(BUILD, str(ROOT / "specs"), str(again), cwd=tmp_path, PYTHONHASHSEED=seed, TZ=zone, LC_ALL=locale)
        assert hashes(again) == hashes(out / "built_specs")


def test_modules_import_the_runtime_pydantic_the_standard_library_and_each_other(out: Path) -> None:
    for path in out.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                assert {alias.name for alias in node.names} <= sys.stdlib_module_names
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = {alias.name for alias in node.names}
                allowed = node.module in ("collections.abc", "decimal", "typing", "importlib")
                allowed |= (node.module, names) in (("pydantic", {"Field"}), ("promptspec.runtime", {"v1"}))
                assert allowed, (path, node.module)


def test_importing_a_module_loads_neither_the_compiler_nor_clients(out: Path) -> None:
    code = "import sys, built_golden.orders, built_specs.suggest_films\nprint('\\n'.join(sys.modules))"
    loaded = set(run(code, PYTHONPATH=f"{ROOT}{os.pathsep}{out}").split())
    heavy = {"openai", "lark", "sqlite3", "hypothesis", "jsonschema", "promptspec.contract.feature"}
    compiler = {
        f"promptspec.{name}" for name in ("syntax", "text", "diagnostics", "check", "schema", "codegen", "api", "fuzz")
    }
    assert not loaded & (heavy | compiler)


def test_a_module_of_another_abi_fails_at_import_with_one_sentence(out: Path, tmp_path: Path) -> None:
    text = (out / "built_specs" / "classify_message.py").read_text()
    (tmp_path / "old.py").write_text(text.replace("abi=1,", "abi=99,"))
    said = run("try:\n    import old\nexcept ImportError as error:\n    print(error)", PYTHONPATH=f"{ROOT}:{tmp_path}")
    assert said.strip() == (
        "this module was built for ABI 99 of promptspec and the installed one has 1: run `promptspec build` again"
    )


def test_a_package_hands_out_its_features(out: Path) -> None:
    code = "import json, built_golden\nprint(json.dumps([dir(built_golden), built_golden.sort_orders.plan.name]))"
    names, name = json.loads(run(code, PYTHONPATH=f"{ROOT}:{out}"))
    assert name == "sort_orders"
    assert "rate" in names


def test_no_module_says_pickle(out: Path) -> None:
    files = [*(ROOT / "promptspec").rglob("*.py"), *out.rglob("*.py")]
    words = ("import pickle", "import marshal", "import shelve", "from pickle", "from marshal", "from shelve")
    found = [path for path in files if any(word in path.read_text() for word in words)]
    assert found == []


def test_the_docstring_of_a_feature_holds_its_limitations(out: Path) -> None:
    tree = ast.parse((out / "built_golden" / "orders.py").read_text())
    feature = next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == "SortOrders")
    said = ast.get_docstring(feature, clean=False)
    assert said is not None
    assert said.endswith('Limitations: Knows nothing of "returns".')
