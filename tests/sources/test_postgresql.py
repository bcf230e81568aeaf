"""Rows of a query on a real PostgreSQL server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from promptspec.contract.models import Environment
from promptspec.sources.origins import OriginFailed
from promptspec.sources.pulling import PullRefused
from sources.described import PRICE, column
from sources.origins import live, pulled, rows_in
from sources.postgresql import Server, server

TABLE = """
create table film (id integer, title text, price numeric(8, 2), since timestamptz, note json);
insert into film values (1, 'Alien', 9.50, '2026-01-31 09:30:00Z', '{}'), (2, 'Brazil', 7, null, '[]');
create table big as select n as id, 'film ' || n as title from generate_series(1, 2000000) n;
create function sneaky() returns text language plpgsql as $$ begin
    insert into film values (3, 'Sneaky', 1); return 'done'; end $$;
"""


@pytest.fixture(scope="module")
def shop() -> Iterator[Server]:
    with server() as running:
        running.run(TABLE)
        yield running


def pull(shop: Server, folder: Path, text: str, *, url: str = "", **options: Any) -> None:
    options.setdefault("hosts", ("127.0.0.1",))
    source = live(Environment(name="DB"), text, kind="sql", **options)
    pulled(source, folder, environment={"DB": url or shop.url})


def test_a_query_gives_rows(tmp_path: Path, shop: Server) -> None:
    pull(
        shop,
        tmp_path,
        "select id, title || ' 5% :x' as title, price from film where title like '%i%' order by id",
        columns=(column("price", PRICE),),
    )
    assert [(key, title, str(price)) for key, title, price in rows_in(tmp_path)] == [  # type: ignore[misc]
        ("1", "Alien 5% :x", "9.50"),
        ("2", "Brazil 5% :x", "7.00"),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("select id from film", "the query gives no `title`"),
        ("select id, note as title from film", "row 1: title: the cell is no text"),
        ("select 'NaN'::float8 as id, title from film", "row 1: id: the key is no text"),
        ("select 'NaN'::numeric as id, title from film", "row 1: id: the key is no text"),
        ("select 1 as id, title from film", "row 2: id: the key `1` stands in row 1 already"),
        ("select id, title from film where id > 9", "it has no rows"),
    ],
)
def test_rows_that_do_not_fit_are_told(tmp_path: Path, shop: Server, text: str, said: str) -> None:
    with pytest.raises(PullRefused) as refused:
        pull(shop, tmp_path, text)
    assert said in str(refused.value)


def test_two_million_rows_are_not_taken_where_most_says_less(tmp_path: Path, shop: Server) -> None:
    begun = time.monotonic()
    with pytest.raises(PullRefused, match="row 1001: there are more than 1,000 rows"):
        pull(shop, tmp_path, "select id, title from big", most=1_000)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(
    "text",
    [
        "with gone as (delete from film returning id) select id, 'x' as title from gone",
        "select 1 as id, sneaky() as title",
        "select 1 as id, set_config('transaction_read_only', 'off', false) || sneaky() as title",
        "select nothing as id, title from film",
        "select id, title from film for update",
    ],
)
def test_a_query_can_do_nothing_but_read(tmp_path: Path, shop: Server, text: str) -> None:
    with pytest.raises(OriginFailed, match="the database said no"):
        pull(shop, tmp_path, text)
    pull(shop, tmp_path, "select id, title from film")
    assert len(rows_in(tmp_path)) == 2


def test_a_slow_query_is_ended_on_the_server_too(tmp_path: Path, shop: Server) -> None:
    begun = time.monotonic()
    with pytest.raises(OriginFailed, match=r"the database said no|not read to its end within 0.5 s"):
        pull(shop, tmp_path, "select 1 as id, pg_sleep(60)::text as title", time_ms=500)
    assert time.monotonic() - begun < 5
    time.sleep(1)
    pull(
        shop,
        tmp_path,
        "select pid as id, 'x' as title from pg_stat_activity where pid <> pg_backend_pid()"
        " and query like '%pg_sleep(60)%' union all select 0, 'end'",
    )
    assert rows_in(tmp_path) == [("0", "end")]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://postgres@127.0.0.1:1/postgres", "the database said no"),
        ("postgresql://postgres@other.example.org/postgres", "the project does not list the host `other.example.org`"),
        ("postgresql://postgres@127.0.0.1/postgres?host=other.example.org", "its address names no database"),
        ("postgresql://postgres@127.0.0.1,other.example.org/postgres", "its address names no database"),
        ("mysql://127.0.0.1/shop", "its address names no database"),
    ],
)
def test_a_database_that_is_gone_or_not_allowed_is_told(tmp_path: Path, shop: Server, url: str, said: str) -> None:
    with pytest.raises(OriginFailed) as failed:
        pull(shop, tmp_path, "select id, title from film", url=url)
    assert said in failed.value.message


def test_nothing_of_a_password_is_told(tmp_path: Path, shop: Server) -> None:
    with pytest.raises(OriginFailed) as failed:
        pull(shop, tmp_path, "select 1 as id", url="postgresql://postgres:pa55w0rd@127.0.0.1:1/postgres")
    assert "pa55w0rd" not in failed.value.message + failed.value.foreign
