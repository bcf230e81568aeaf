"""Rows of a query on a file of SQLite."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import Any

import pytest

from promptspec.contract.models import Environment
from promptspec.sources.origins import OriginFailed
from promptspec.sources.pulling import PullRefused
from sources.described import PRICE, column
from sources.origins import live, pulled, rows_in


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with a database."""
    root = tmp_path / "shop"
    root.mkdir()
    database = sqlite3.connect(root / "shop.db")
    database.executescript(
        "create table film (id integer, title text, price text);"
        "insert into film values (1, 'Alien', '9.50'), (2, 'Brazil', '7.00');"
    )
    database.close()
    return root


def query(text: str, *, path: str = "shop.db", **options: Any) -> Any:
    return live(f"sqlite:///{path}", text, kind="sql", **options)


def test_a_query_gives_rows(tmp_path: Path, shop: Path) -> None:
    pulled(query("select id, title from film order by id"), tmp_path, root=shop)
    assert rows_in(tmp_path) == [("1", "Alien"), ("2", "Brazil")]


def test_a_percent_sign_and_a_colon_in_a_query_are_what_they_are(tmp_path: Path, shop: Path) -> None:
    text = "select id, title || ' 5% :x' as title from film where title like 'A%' order by id"
    pulled(query(text), tmp_path, root=shop)
    assert rows_in(tmp_path) == [("1", "Alien 5% :x")]


def test_a_database_that_the_environment_names_stands_where_it_says(tmp_path: Path, shop: Path) -> None:
    source = live(Environment(name="DB"), "select id, title from film order by id", kind="sql")
    pulled(source, tmp_path, environment={"DB": f"sqlite:///{shop}/shop.db"})
    assert len(rows_in(tmp_path)) == 2
    with pytest.raises(OriginFailed, match="a relative path of SQLite is known to `promptspec source pull` alone"):
        pulled(source, tmp_path, environment={"DB": "sqlite:///shop.db"})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select id from film", "source `films`: the query gives no `title`"),
        ("select id, title as titel from film", "the query gives no `title`; did you mean `titel`"),
        ("select id, title, id from film", "the query gives two columns called `id`"),
        ("select 1 as id, title from film", "row 2: id: the key `1` stands in row 1 already"),
        ("select id, null as title from film", "row 1: title: the cell is empty"),
        ("select id, title from film where id > 5", "it has no rows, so nothing could be chosen"),
        ("select x'00' as id, title from film", "row 1: id: the key is no text"),
        ("select id, 1.5 as title from film", "row 1: title: the cell is no text"),
    ],
)
def test_rows_that_do_not_fit_are_told(tmp_path: Path, shop: Path, text: str, said: str) -> None:
    with pytest.raises(PullRefused) as refused:
        pulled(query(text), tmp_path, root=shop)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "with gone as (select 1) delete from film",
        "with gone as (select 1) insert into film values (3, 'x', 'y')",
        "select id, load_extension('x') as title from film",
        "select name as id, type as title from pragma_table_info('film')",
        "select id, nothing as title from film",
    ],
)
def test_a_query_can_do_nothing_but_read(tmp_path: Path, shop: Path, text: str) -> None:
    before = (shop / "shop.db").read_bytes()
    with pytest.raises(OriginFailed, match="the database said no"):
        pulled(query(text), tmp_path, root=shop)
    assert (shop / "shop.db").read_bytes() == before
    assert [path.name for path in shop.iterdir()] == ["shop.db"]


@pytest.mark.parametrize(
    "text", ["attach 'x.db' as x", "select 1; select 2", "pragma user_version", "delete from film"]
)
def test_what_is_no_single_query_is_not_sent(tmp_path: Path, shop: Path, text: str) -> None:
    with pytest.raises(OriginFailed, match="it is no single SELECT"):
        pulled(query(text), tmp_path, root=shop)


def test_a_query_cannot_make_a_huge_value(tmp_path: Path, shop: Path) -> None:
    with pytest.raises(OriginFailed):
        pulled(query("select id, hex(zeroblob(900000000)) as title from film"), tmp_path, root=shop)


def test_a_query_that_takes_long_is_ended(tmp_path: Path, shop: Path) -> None:
    text = "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) as id, 'x' as title from n"
    begun = time.monotonic()
    with pytest.raises(OriginFailed, match=r"the database said no|not read to its end"):
        pulled(query(text, time_ms=500), tmp_path, root=shop)
    assert time.monotonic() - begun < 5


def test_two_million_rows_are_not_taken_where_most_says_less(tmp_path: Path, shop: Path) -> None:
    text = (
        "with recursive n(i) as (select 1 union all select i + 1 from n limit 2000000)"
        " select i as id, 'x' as title from n"
    )
    begun = time.monotonic()
    with pytest.raises(PullRefused, match="row 1001: there are more than 1,000 rows"):
        pulled(query(text, most=1_000), tmp_path, root=shop)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize("path", ["gone.db", "../outside.db", "link.db"])
def test_a_file_that_is_gone_or_outside_is_not_opened(tmp_path: Path, shop: Path, path: str) -> None:
    sqlite3.connect(tmp_path / "outside.db").close()
    (shop / "link.db").symlink_to(tmp_path / "outside.db")
    with pytest.raises(OriginFailed, match=r"there is no file|lies outside the project"):
        pulled(query("select id, title from film", path=path), tmp_path, root=shop)


def test_what_is_no_database_is_told(tmp_path: Path, shop: Path) -> None:
    (shop / "shop.db").write_bytes(b"no database at all" * 1000)
    with pytest.raises(OriginFailed, match="the database said no"):
        pulled(query("select id, title from film"), tmp_path, root=shop)


def test_cells_are_judged_by_their_columns(tmp_path: Path, shop: Path) -> None:
    source = query(
        "select id, title, cast(price as real) as price from film order by id", columns=(column("price", PRICE),)
    )
    pulled(source, tmp_path, root=shop)
    assert [str(row[2]) for row in rows_in(tmp_path)] == ["9.5", "7.0"]
