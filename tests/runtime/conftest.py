"""The shop's feature, loaded once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from codegen.specs import write_spec
from promptspec.loading import load
from promptspec.runtime.feature import Feature
from runtime.shop import FILES, SPEC


@pytest.fixture(scope="session")
def sort(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feature[Any]]:
    folder = tmp_path_factory.mktemp("shop")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield load(write_spec(folder, SPEC)).features["sort"]
