"""The data beside the sample specs: clean, small, and made by the script that stands beside it."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import pytest

from promptspec.contract.feature import Source
from promptspec.contract.types import Integer
from promptspec.sources.load import load_rows
from sources.described import PRICE, column, line, source

DATA = Path(__file__).parents[2] / "specs" / "data"

FILMS = source(
    column("id", line(10)),
    column("title", line(80, 1)),
    column("year", Integer(least=1888, most=2100)),
    column("plot", line(300, 1)),
    trusted=True,
)
VARIANTS = source(column("id", line(40)), column("sku", line(40)), column("weight_kg", PRICE), label="id", trusted=True)
ARTICLES = source(
    column("slug", line(40)),
    column("title", line(80, 1)),
    column("body", line(400, 1)),
    kind="json",
    select="$.articles[*]",
    key="slug",
    trusted=True,
)
PRODUCTS = source(
    column("sku", line(40)),
    column("name", line(60)),
    column("price", PRICE),
    column("facts", line(300)),
    kind="json",
    select="$.items[*]",
    key="sku",
    label="name",
    trusted=True,
)


@pytest.mark.parametrize(
    ("described", "file", "rows"),
    [
        (FILMS, "films.csv", 3_000),
        (VARIANTS, "variants.csv", 77),
        (ARTICLES, "articles.json", 40),
        (PRODUCTS, "products.json", 15),
    ],
)
def test_a_sample_file_can_be_trusted(described: Source, file: str, rows: int) -> None:
    loaded = load_rows(described, (DATA / file).read_bytes(), file=file)
    assert loaded.problems == ()
    assert len(loaded.rows) == rows
    assert loaded.keys_are_closed


def test_the_script_writes_the_films_again(tmp_path: Path) -> None:
    runpy.run_path(str(DATA / "make_films.py"))["main"](tmp_path)
    assert (tmp_path / "films.csv").read_bytes() == (DATA / "films.csv").read_bytes()


def test_the_script_writes_the_images_again(tmp_path: Path) -> None:
    runpy.run_path(str(DATA / "make_images.py"))["main"](tmp_path)
    assert (tmp_path / "lamp.png").read_bytes() == (DATA / "lamp.png").read_bytes()


def test_each_variant_belongs_to_a_product() -> None:
    products = {item["sku"] for item in json.loads((DATA / "products.json").read_text())["items"]}
    variants = load_rows(VARIANTS, (DATA / "variants.csv").read_bytes())
    assert {row[1] for row in variants.rows} == products
