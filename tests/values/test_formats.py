"""Rules 13 and 18: one form for each kind of value."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values.formats import (
    BadFormat,
    format_datetime,
    parse_date,
    parse_datetime,
    parse_email,
    parse_url,
)

HOSTS = ("example.org",)


@pytest.mark.parametrize("text", ["a@b", "first.last+tag@mail.example.org", "!#$%@x-y.z", "a" * 252 + "@b"])
def test_addresses_of_html_forms_pass(text: str) -> None:
    assert parse_email(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "a", "@b", "a@", "a@b\n", " a@b", "a@-b", "a@b-", "a@b..c", "a b@c", "é@b", "a@é", '"a"@b', "a" * 253 + "@b"],
)
def test_other_addresses_do_not(text: str) -> None:
    with pytest.raises(BadFormat) as refused:
        parse_email(text)
    assert refused.value.rule == "email"


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("https://example.org", "https://example.org/"),
        ("http://Example.org/a?b#c", "http://example.org/a?b#c"),
        ("https://bücher.de/é", "https://xn--bcher-kva.de/%C3%A9"),
        ("https://example.org/a/../b", "https://example.org/b"),
    ],
)
def test_inputs_may_name_any_host(text: str, canonical: str) -> None:
    assert parse_url(text, None) == canonical


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("http://example.org/", "url_scheme"),
        ("javascript:alert(1)", "url_scheme"),
        ("https:example.org", "url_scheme"),
        ("//example.org/", "url_scheme"),
        (" https://example.org/", "url"),
        ("https://exam\tple.org/", "url"),
        ("https://example.org/\n", "url"),
        ("https://example.org@evil.test/", "url_parts"),
        ("https://user:word@example.org/", "url_parts"),
        ("https://example.org:443/", "url_parts"),
        ("https://example.org:/", "url_parts"),
        ("https://example.org\\@evil.test/", "url_parts"),
        ("https:\\\\example.org/", "url_parts"),
        ("https://evil.test/example.org", "url_host"),
        ("https://example.org.evil.test/", "url_host"),
        ("https://sub.example.org/", "url_host"),
        ("https://example.org./", "url_host"),
        ("https://EXAMPLE.org/", "url_host"),
        ("https://ex\uff41mple.org/", "url_host"),
        ("https://exampl%65.org/", "url_host"),
        ("https:///example.org/", "url_host"),
        ("https://example.org/" + "a" * 2_048, "url"),
        ("https://example.org/" + "é" * 1_000, "url"),
    ],
)
def test_outputs_name_an_allowed_host_and_nothing_more(text: str, rule: str) -> None:
    assert parse_url("https://example.org/a?b", HOSTS) == "https://example.org/a?b"
    with pytest.raises(BadFormat) as refused:
        parse_url(text, HOSTS)
    assert refused.value.rule == rule


def test_a_query_can_be_closed() -> None:
    assert parse_url("https://example.org/#?", HOSTS, query=False)
    for text in ("https://example.org/?a", "https://example.org/?", "https://example.org?a#b"):
        with pytest.raises(BadFormat) as refused:
            parse_url(text, HOSTS, query=False)
        assert refused.value.rule == "url_query"


@given(st.text(st.sampled_from("https://example.org@:\\?#[].%é evil")))
def test_an_accepted_address_is_read_alike_again(text: str) -> None:
    try:
        canonical = parse_url("https://" + text, None)
    except BadFormat:
        return
    assert parse_url(canonical, None) == canonical


@given(st.dates())
def test_dates_have_one_form(day: date) -> None:
    assert parse_date(day.isoformat()) == day


@pytest.mark.parametrize(
    "text", ["2026-1-31", "20260131", "2026-02-30", "0000-01-01", "2026-01-31T00:00", " 2026-01-31", "٢٠٢٦-01-31", ""]
)
def test_other_dates_are_refused(text: str) -> None:
    with pytest.raises(BadFormat) as refused:
        parse_date(text)
    assert refused.value.rule == "date"


@given(st.datetimes(), st.integers(-1439, 1439))
def test_moments_are_read_as_they_are_written(moment: datetime, minutes: int) -> None:
    offset = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)) if minutes else UTC)
    assert parse_datetime(format_datetime(offset)) == offset
    assert parse_datetime(format_datetime(offset)).utcoffset() == offset.utcoffset()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("2026-01-31T09:30:00", "datetime_offset"),
        ("2026-01-31T09:30Z", "datetime"),
        ("2026-01-31 09:30:00Z", "datetime"),
        ("2026-01-31t09:30:00z", "datetime"),
        ("2026-01-31T09:30:00-00:00", "datetime"),
        ("2026-01-31T09:30:00+01:60", "datetime"),
        ("2026-01-31T09:30:00+24:00", "datetime"),
        ("2026-01-31T09:30:60Z", "datetime"),
        ("2026-02-30T09:30:00Z", "datetime"),
        ("2026-01-31T09:30:00.1234567Z", "datetime"),
        ("2026-01-31T09:30:00Z\n", "datetime"),
    ],
)
def test_other_moments_are_refused(text: str, rule: str) -> None:
    with pytest.raises(BadFormat) as refused:
        parse_datetime(text)
    assert refused.value.rule == rule
