"""Sources as specs name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from check.specs import checked, compiled, feature, said
from promptspec.diagnostics.terminal import render_terminal
from promptspec.sources import judging
from promptspec.trials import check_paths

FILMS = 'source films = jsonl("films.jsonl") {\n    key id\n    label title\n}\n' + feature(input="film: one of films")


def test_a_source_is_read_from_a_jsonl_file() -> None:
    assert checked(FILMS, films_jsonl='{"id": "a1", "title": "Alien"}\n').name == "sort"


def test_a_broken_line_names_the_file_and_the_line() -> None:
    assert said(FILMS, films_jsonl='{"id": "a1", "title": "Alien"}\n{"id": \n') == [
        "PS802 `films.jsonl`: line 2: this is not JSON"
    ]


def test_select_is_for_json_alone() -> None:
    text = FILMS.replace("key id", 'key id\n    select "$.items[*]"')
    assert said(text, films_jsonl='{"id": "a1", "title": "Alien"}\n') == ["PS803 `select` is for json"]


def test_a_parquet_source_without_pyarrow_is_refused_as_its_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(name: str) -> None:
        return None

    monkeypatch.setattr("promptspec.sources.parquet.find_spec", nowhere)
    source = 'source films = parquet("data/films.parquet") {\n    key id\n}\n'
    spec = tmp_path / "shop.spec"
    spec.write_text(f"promptspec 1\n\n{source}\n{feature(input='film: one of films')}", encoding="utf-8")
    found = check_paths([spec])
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "diagnostics" / "PS810.md"
    shown = render_terminal(found.diagnostics[:1], found.texts, colour=False, width=100).splitlines()[:7]
    assert [diagnostic.code for diagnostic in found.diagnostics][:1] == ["PS810"]
    assert "\n".join(shown) in page.read_text(encoding="utf-8")


def test_a_key_of_a_large_source_is_looked_up_and_one_that_is_near_is_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "MOST_IN_MEMORY", 10)
    films = "".join(f'{{"id": "film-{at}", "title": "Film {at}"}}\n' for at in range(600))
    text = FILMS.replace("film: one of films", 'film: one of films = "film-599"')
    assert said(text, films_jsonl=films) == []
    (wrong,) = compiled(text.replace("film-599", "flim-599"), films_jsonl=films).diagnostics
    assert wrong.message == "`films` has no key `flim-599`"
    assert "film-599" in "".join(wrong.help)
