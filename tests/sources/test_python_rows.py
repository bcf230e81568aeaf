"""Rows from callables, and from kinds that packages bring."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptspec.contract.models import Environment
from promptspec.sources.origins import OriginFailed
from promptspec.sources.pulling import PullRefused
from sources.origins import live, pulled, rows_in

ROWS = [("a", "Alien"), ("b", "Brazil")]


def shop(name: str, **options: Any) -> Any:
    return live(f"sources.shop_of_tests:{name}", kind="python", **options)


@pytest.mark.parametrize(
    "name", ["listed", "generated", "awaited", "streamed", "streamed_later", "objects", "Shop.films"]
)
def test_rows_come_from_whatever_a_callable_returns(tmp_path: Path, name: str) -> None:
    assert pulled(shop(name), tmp_path).rows == 2
    assert rows_in(tmp_path) == ROWS


def test_numbers_and_uuids_are_keys_by_their_digits(tmp_path: Path) -> None:
    pulled(shop("numbered"), tmp_path)
    assert [key for key, _ in rows_in(tmp_path)] == ["7", "00000000-0000-0000-0000-000000000001"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nothing", "source `films`: it has no rows, so nothing could be chosen"),
        ("tuples", "source `films`: row 2: a row must be a mapping with the columns as its names, not `tuple`"),
        ("repeated", "source `films`: row 3: id: the key `a` stands in row 1 already"),
        ("nan_keys", "source `films`: row 2: id: the key is no text (and 1 more)"),
        ("missing_column", "source `films`: row 2: title: the row has no `title`; did you mean `titel`"),
        ("huge_cell", "source `films`: row 2: title: the cell is longer than 20 chars"),
        ("surrogates", "source `films`: row 2: id: the key `b\\u{D800}` holds characters that do not show"),
    ],
)
def test_rows_that_do_not_fit_are_told_with_their_row_and_column(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(PullRefused) as refused:
        pulled(shop(name), tmp_path)
    assert str(refused.value).startswith(said)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["two_million", "endless"])
def test_no_more_rows_are_taken_than_most_says(tmp_path: Path, name: str) -> None:
    with pytest.raises(PullRefused, match="row 1001: there are more than 1,000 rows"):
        pulled(shop(name, most=1_000, time_ms=60_000), tmp_path)


@pytest.mark.parametrize(
    ("name", "said", "foreign"),
    [
        ("raising", "it raised ValueError after row 1", "secret of the shop"),
        ("leaving", "it raised SystemExit", ""),
        ("none", "it must return rows, one mapping each, not `NoneType`", ""),
        ("text", "it must return rows, one mapping each, not `str`", ""),
        ("one_row", "it must return rows, one mapping each, not `dict`", ""),
        ("no_callable", "`sources.shop_of_tests:no_callable` is no callable", ""),
        ("absent", "`sources.shop_of_tests:absent` cannot be imported", "AttributeError: "),
    ],
)
def test_a_callable_that_fails_is_told_and_what_it_says_is_kept_apart(
    tmp_path: Path, name: str, said: str, foreign: str
) -> None:
    with pytest.raises(OriginFailed) as failed:
        pulled(shop(name), tmp_path)
    assert failed.value.message == said
    assert foreign in failed.value.foreign
    assert name != "raising" or isinstance(failed.value.__cause__, ValueError)


def test_a_callable_that_never_ends_is_left_behind(tmp_path: Path) -> None:
    with pytest.raises(OriginFailed, match=r"not read to its end within 0.3 s; raise `time`"):
        pulled(shop("sleeping", time_ms=300), tmp_path)


def test_a_pull_that_fails_leaves_the_snapshot_before_it(tmp_path: Path) -> None:
    pulled(shop("listed"), tmp_path)
    for name in ("raising", "repeated", "nothing"):
        with pytest.raises((OriginFailed, PullRefused)):
            pulled(shop(name), tmp_path)
    assert rows_in(tmp_path) == ROWS
    assert [path.name for path in tmp_path.iterdir()] == ["films.sqlite"]


# Kinds that packages bring


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package that brings the kind `sheet`."""
    site = tmp_path / "site"
    told = site / "sheets-1.0.dist-info"
    told.mkdir(parents=True)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: sheets\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text("[promptspec.sources]\nsheet = sheets_of_tests:read\nlost = nowhere:read\n")
    (site / "sheets_of_tests.py").write_text(
        "def read(address, token, *, settings):\n"
        "    assert settings.columns == ('id', 'title'), settings\n"
        "    yield {'id': token, 'title': f'{address} {settings.name} {settings.most} {settings.seconds:g}'}\n"
    )
    monkeypatch.syspath_prepend(str(site))
    yield site
    sys.modules.pop("sheets_of_tests", None)


@pytest.mark.usefixtures("package")
def test_a_kind_is_given_its_arguments_and_what_the_spec_says(tmp_path: Path) -> None:
    source = live("a", Environment(name="TOKEN"), kind="sheet", most=9)
    pulled(source, tmp_path, environment={"TOKEN": "t1"})
    assert rows_in(tmp_path) == [("t1", "a films 9 5")]


@pytest.mark.usefixtures("package")
def test_a_kind_that_cannot_be_had_is_told(tmp_path: Path) -> None:
    with pytest.raises(OriginFailed, match="no installed package brings the kind `other`"):
        pulled(live("a", kind="other"), tmp_path)
    with pytest.raises(OriginFailed, match="the kind `lost` cannot be imported"):
        pulled(live("a", kind="lost"), tmp_path)
    with pytest.raises(OriginFailed, match="the environment variable TOKEN is not set"):
        pulled(live(Environment(name="TOKEN"), kind="sheet"), tmp_path)
