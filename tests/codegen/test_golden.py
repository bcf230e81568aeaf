"""Generated modules as a reviewer reads them; `PROMPTSPEC_UPDATE=1` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from promptspec.api import compile_paths
from promptspec.building import build

GOLDEN = Path(__file__).parents[1] / "cases" / "golden"
NAMES = ("__init__.py", "orders.py", "places.py", "shared.py")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compilation = compile_paths([GOLDEN])
    assert not compilation.has_errors()
    out = tmp_path_factory.mktemp("golden")
    build(compilation, out)
    return out


@pytest.mark.parametrize("name", NAMES)
def test_the_module_is_the_one_that_was_reviewed(built: Path, name: str) -> None:
    found = (built / name).read_text()
    reviewed = GOLDEN / "modules" / name
    if os.environ.get("PROMPTSPEC_UPDATE") == "1":
        reviewed.parent.mkdir(exist_ok=True)
        reviewed.write_text(found)
    assert found == reviewed.read_text()


def test_the_golden_specs_use_every_kind_of_type() -> None:
    from promptspec.contract import types as t

    compilation = compile_paths([GOLDEN])
    work: list[t.Type] = []
    for unit in compilation.units:
        assert unit.module is not None
        work += [f.type for r in unit.module.records for f in r.fields]
        work += [f.type for each in unit.module.features for f in (*each.input.fields, *each.output.fields)]
    seen = {type(each) for each in work} | {type(each.item) for each in work if isinstance(each, t.ListOf)}
    assert seen == set(t.Type.__args__)  # pyright: ignore[reportAttributeAccessIssue]
