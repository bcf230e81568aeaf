"""What a file may hold, and how its author learns what is wrong with it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from promptspec.contract.types import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Enumeration,
    Integer,
    ListOf,
    Member,
    Pattern,
    Text,
    Type,
    Url,
    Words,
)
from promptspec.sources.load import load_rows
from promptspec.sources.problems import MOST_PROBLEMS
from sources.described import ORIGIN, PRICE, column, films, line, plans, source, told

FILE = b"id,title\na1,Alien\nb2,Brazil\n"
ROWS = (("a1", "Alien"), ("b2", "Brazil"))


@pytest.mark.parametrize(
    "data",
    [
        FILE,
        FILE.replace(b"\n", b"\r\n"),
        b"\xef\xbb\xbf" + FILE,
        FILE.removesuffix(b"\n"),
        b'id,title\n\na1,"Alien"\nb2,Brazil\n\n',
        b"title,year,id\nAlien,1979,a1\nBrazil,1985,b2\n",
    ],
    ids=["lf", "crlf", "bom", "no last break", "blank lines", "other order"],
)
def test_a_csv_file_gives_its_rows_in_the_order_of_the_columns(data: bytes) -> None:
    loaded = load_rows(films(), data)
    assert loaded.problems == ()
    assert loaded.rows == ROWS
    assert loaded.keys == ("a1", "b2")
    assert loaded.keys_are_closed


def test_quoted_cells_hold_commas_quotes_and_breaks() -> None:
    described = films(column("plot", Text(kind="text", cap=line().cap)))
    loaded = load_rows(described, b'id,title,plot\na,"A, ""B""","one\r\ntwo"\nb,,\n')
    assert loaded.rows == (("a", 'A, "B"', "one\ntwo"), ("b", "", ""))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (1, None, "no_header")),
        (b"\n\n", (1, None, "no_header")),
        (b"id,titel\na,b\n", (1, None, "missing_column")),
        (b"id,title,id\na,b,c\n", (1, None, "repeated_header")),
        (FILE + b"c3\n", (4, None, "ragged")),
        (FILE + b"c3,Cube,1997\n", (4, None, "ragged")),
        (FILE + "c3,Amélie\n".encode("latin-1"), (4, None, "not_utf8")),
        (FILE.decode().encode("utf-16"), (1, None, "not_utf8")),
        (FILE + b"c3,Cu\0be\n", (4, None, "nul")),
        (FILE + b'c3,"Cube\n', (4, None, "malformed_csv")),
        (FILE + b'c3,"Cube"s\n', (4, None, "malformed_csv")),
        (FILE + b",Cube\n", (4, "id", "empty_key")),
        (FILE + b"a1,Cube\n", (4, "id", "repeated_key")),
        (FILE + b" c3,Cube\n", (4, "id", "unclean_key")),
        (FILE + "c\u200b3,Cube\n".encode(), (4, "id", "unclean_key")),
        (FILE + "cafe\u0301,Cube\n".encode(), (4, "id", "unclean_key")),
        (FILE + b"c" * 65 + b",Cube\n", (4, "id", "too_long")),
        (FILE + b"c3," + b"x" * 21 + b"\n", (4, "title", "too_long")),
        (FILE + b"c3," + b"x" * 2_000 + b"\n", (4, "title", "too_long")),
        (FILE + b'c3,"two\nlines"\n', (4, "title", "line_break")),
        (FILE + b"c3,\x1b[31mred\n", (4, "title", "control")),
    ],
)
def test_a_csv_file_is_refused_with_its_line(data: bytes, expected: tuple[int, str | None, str]) -> None:
    assert told(films(), data) == [expected]


def test_the_lines_of_rows_after_a_cell_of_several_lines_are_right() -> None:
    data = b'id,title,plot\na,A,"1\n2\n3"\na,B,x\n'
    described = films(column("plot", Text(kind="text", cap=line().cap)))
    (problem,) = load_rows(described, data).problems
    assert (problem.line, problem.message) == (5, "the key `a` stands in line 2 already")


def test_a_missing_column_names_one_that_is_spelt_like_it() -> None:
    (problem,) = load_rows(films(), b"id,Titel\n").problems
    assert problem.message == "the header has no `title`; did you mean `Titel`"
    assert str(problem) == "line 1: the header has no `title`; did you mean `Titel`"


def test_a_foreign_header_is_taken_by_its_name_in_the_file() -> None:
    described = films(headers=(("title", "Film Title"),))
    assert load_rows(described, b"id,Film Title\na1,Alien\nb2,Brazil\n").rows == ROWS
    assert told(described, FILE) == [(1, None, "missing_column")]


def test_messages_show_foreign_text_escaped_and_shortened() -> None:
    key = "\u202e" + "x" * 500
    (problem,) = load_rows(source(column("id", line(900)), label="id"), f"id\n{key}\n".encode()).problems
    assert "\\u{202E}x" in problem.message
    assert key not in problem.message
    assert len(problem.message) < 250


def test_the_first_twenty_problems_are_kept_and_all_are_counted() -> None:
    data = b"id,title\n" + b",x\n" * 50
    loaded = load_rows(films(), data)
    assert len(loaded.problems) == MOST_PROBLEMS == 20
    assert loaded.problem_count == 50


def test_more_rows_than_allowed_name_the_first_that_is_too_many() -> None:
    assert told(films(most=2), FILE) == []
    (problem,) = load_rows(films(most=1), FILE, file="data/films.csv").problems
    assert (problem.line, problem.rule) == (3, "too_many_rows")
    assert problem.file == "data/films.csv"
    assert problem.message == "there are more than 1 rows; raise `most`, or shorten the file"


def test_open_text_is_cleaned_like_input() -> None:
    loaded = load_rows(films(), "id,title\na,Ame\u0301\u200blie\n".encode())
    assert loaded.rows == (("a", "Amélie"),)


def test_keys_are_exact_in_case_and_form() -> None:
    loaded = load_rows(films(), "id,title\na,1\nA,2\né,3\n".encode())
    assert loaded.keys == ("a", "A", "é")
    assert not loaded.keys_are_closed


@pytest.mark.parametrize("key", ["a b", "é", "a/b", "{x}", "x" * 65])
def test_a_key_of_other_characters_makes_the_keys_open(key: str) -> None:
    described = source(column("id", line(100)), label="id")
    assert not load_rows(described, f"id\nok\n{key}\n".encode()).keys_are_closed
    assert load_rows(described, b"id\nok\nA.b_c:d-9\n").keys_are_closed


@pytest.mark.parametrize("cell", ["see https://evil.example/x", "<b>bold</b>", "[x](http://a.example)"])
def test_a_curated_cell_holds_no_sink(cell: str) -> None:
    data = f'id,title\na,"{cell}"\n'.encode()
    described = films(trusted=True, label="title")
    wide = source(column("id", line(64)), column("title", line(80)), trusted=True)
    assert told(wide, data) == [(2, "title", "sink")]
    assert told(source(*wide.columns, trusted=False), data) == []
    assert told(described, FILE) == []


OTHER = Enumeration(name="Genre", members=(Member(name="noir"), Member(name="drama")), origin=ORIGIN)


@pytest.mark.parametrize(
    ("type", "written", "value"),
    [
        (Integer(least=-5, most=3_000), "1979", 1979),
        (Integer(least=-5, most=3_000), "-5", -5),
        (PRICE, "12.50", Decimal("12.50")),
        (PRICE, "12.500", Decimal("12.50")),
        (PRICE, "12", Decimal(12)),
        (Boolean(), "TRUE", True),
        (Boolean(), "false", False),
        (Date(), "1979-05-25", date(1979, 5, 25)),
        (Date(least="today"), "1979-05-25", date(1979, 5, 25)),
        (DateTime(), "1979-05-25T20:00:00Z", datetime(1979, 5, 25, 20, tzinfo=UTC)),
        (Words(words=("pro", "free plan")), "free plan", "free plan"),
        (Choice(name="Genre", file=ORIGIN.file), "noir", "noir"),
        (Email(), "ada@example.org", "ada@example.org"),
        (Url(), "https://example.org/a", "https://example.org/a"),
        (line(9, pattern=Pattern(source="[a-z]+")), "abc", "abc"),
    ],
)
def test_cells_are_read_by_their_type(type: Type, written: str, value: object) -> None:
    loaded = load_rows(films(column("more", type)), f"id,title,more\na,A,{written}\n".encode(), enums=[OTHER])
    assert loaded.problems == ()
    assert loaded.rows[0][2] == value
    assert str(loaded.rows[0][2]) == str(value)
    assert loaded.rows[0][2].__class__ is value.__class__


@pytest.mark.parametrize(
    ("type", "written", "rule"),
    [
        (Integer(least=0, most=9), "nine", "wrong_type"),
        (Integer(least=0, most=9), "5.0", "wrong_type"),
        (Integer(least=0, most=9), "٣", "wrong_type"),
        (Integer(least=0, most=9), " 3", "wrong_type"),
        (Integer(least=0, most=9), "10", "out_of_bounds"),
        (Integer(least=0, most=9), "9" * 500, "wrong_type"),
        (Integer(least=0, most=9), "", "empty"),
        (PRICE, '"12,50"', "wrong_type"),
        (PRICE, "1e2", "wrong_type"),
        (PRICE, "NaN", "wrong_type"),
        (PRICE, "12.505", "places"),
        (PRICE, "1000", "out_of_bounds"),
        (Boolean(), "yes", "wrong_type"),
        (Date(), "25.05.1979", "date"),
        (Date(most=date(1970, 1, 1)), "1979-05-25", "out_of_bounds"),
        (DateTime(), "1979-05-25T20:00:00", "datetime_offset"),
        (Words(words=("pro", "free")), "Free", "not_a_word"),
        (Choice(name="Genre", file=ORIGIN.file), "comedy", "not_a_word"),
        (Email(), "ada", "email"),
        (Url(), "ftp://example.org", "url_scheme"),
        (line(9, 1), "", "too_short"),
        (line(9, 1), "  ", "blank"),
        (line(9, pattern=Pattern(source="[a-z]+")), "abc1", "pattern"),
    ],
)
def test_a_cell_of_another_type_is_refused(type: Type, written: str, rule: str) -> None:
    data = f"id,title,more\na,A,{written}\n".encode()
    assert told(films(column("more", type)), data, enums=[OTHER]) == [(2, "more", rule)]


def test_a_misspelt_word_of_an_enum_names_the_one_that_is_near() -> None:
    (problem,) = load_rows(
        films(column("more", Words(words=("drama", "noir")))), b"id,title,more\na,A,dramma\n"
    ).problems
    assert problem.message == "`dramma` is none of the words of the column; did you mean `drama`"


def test_an_empty_cell_of_an_optional_column_is_nothing() -> None:
    described = films(
        column("year", Integer(least=0, most=9_999), optional=True),
        column("note", line(), optional=True),
        column("price", PRICE, has_default=True, default=Decimal(1)),
    )
    assert load_rows(described, b"id,title,year,note,price\na,A,,,\n").rows == (("a", "A", None, None, Decimal(1)),)


def test_each_broken_cell_of_a_row_is_told() -> None:
    described = films(column("year", Integer(least=0, most=9)))
    assert told(described, b"id,title,year\n,xxxxxxxxxxxxxxxxxxxxxxx,77\n") == [
        (2, "id", "empty_key"),
        (2, "title", "too_long"),
        (2, "year", "out_of_bounds"),
    ]


def test_a_source_that_no_file_can_fill_is_the_callers_mistake() -> None:
    with pytest.raises(ValueError, match="key column"):
        load_rows(films(key="isbn"), FILE)
    with pytest.raises(ValueError, match="ListOf"):
        load_rows(films(column("tags", ListOf(item=line(), least=0, most=3))), FILE)


# rows


def test_rows_give_key_and_label() -> None:
    loaded = load_rows(plans(("free", "Free"), ("pro", "")), b"")
    assert loaded.rows == (("free", "Free"), ("pro", "pro"))
    assert loaded.problems == ()


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ((("a", "A"), ("a", "B")), "repeated_key"),
        ((("", "A"),), "empty_key"),
        ((("a", "visit https://evil.example"),), "too_long"),
        ((("a", "https://a.example"),), "sink"),
    ],
)
def test_rows_are_judged_like_a_curated_file(rows: Any, rule: str) -> None:
    (problem,) = load_rows(plans(*rows), b"").problems
    assert problem.rule == rule
    assert problem.place == f"row {len(rows)}"
