"""Rule 18: what plain text must not hold, and what it may; rule 31: what a terminal is shown."""

from __future__ import annotations

import time
from pathlib import Path

import ada_url
import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values import sinks
from promptspec.values.sinks import RECOGNISERS, SINKS, escape_terminal, find_sinks, without_links

PROSE = (
    """
e.g. this|i.e. that, etc.|3.5|a < b|I <3 you|Mr. Smith|and/or|C#|F# and C++|5 * 3 * 2|2*3*4|state-of-the-art|10:30
https|don't|Well... ok|he said:ok|$5.00/month|U.S.A. and U.K. people|km/h|24/7|a.m./p.m.|e.g./i.e.|v1.2.3|AT&T|R&D; ok
the data: 5 rows|1.2.3.4/24|[1] see|(a) and [b]|snake_case_name|he/she.They went|x_1 and y_2|100% & more|Q&A: ok|#1 fan
~5 km|p < 0.05, n > 3|a -> b|=> ok|St. Mary's|No.5|Node.js|README.md|end.In the|http is old|Ph.D.|foo(bar)|note: *
rock 'n' roll|It was great.Then|www|Dr.No|word.word/word|price: 3,50 €/kg|naïve café|Привет, мир. Как дела?|漢字。かな
🙂 ok 👩‍👩‍👧|at 5.30pm|Inc. and Ltd.|file.txt|x.y.z|a[0][1]|> 5 years|"quoted"|(see above)|{x}|a|1: one; 2: two|50/50
HTTP: the protocol|JavaScript: the good parts|talk about:life|see main.py:120|the data:1,2|file: x|data: 3|Re: ok
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@pytest.mark.parametrize("text", [*PROSE, "- one\n- two", "1. a\n2. b", "* item\n* item", "a\n---\nb", "a\tb", "C:\\x"])
def test_ordinary_prose_is_plain(text: str) -> None:
    assert find_sinks(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        *("http://a", "HTTPS://A.B", "ftp://x", "x-y+z://q", "https:evil.test", "https:/evil.test", "//evil.com/x"),
        *(
            "(//evil.com)",
            "www.x.y",
            "see example.com",
            "Example.COM.",
            "bit.ly/x",
            "evil.it/abc",
            "evil.zip",
            "t.me/x",
        ),
        *("t.me/x", "user@example.com", "mailto:a@b", "javascript:alert(1)", "JaVaScRiPt: x()", "data:text/html,x"),
        *("data:,x", "data:text/html;base64,xx", "1.2.3.4:8080", "1.2.3.4/evil", "xn--e1a", "пример.рф", "例え.com"),
        *(
            "magnet:?x",
            "hxxps://evil",
            "hxxp[:]//evil",
            "h**p://x",
            "example[.]com",
            "example (dot) com",
            "\\\\host\\share",
        ),
        *(
            "http：／／x.y",
            "example．com",
            "example。com",
            "ｈｔｔｐ：//x",
            "http∶//x",
            "𝐞𝐱𝐚𝐦𝐩𝐥𝐞.𝐜𝐨𝐦",
            "https:⁄⁄x",
            "a.museum/x/",
        ),
    ],
)
def test_addresses_are_links_however_they_are_written(text: str) -> None:
    assert "url" in find_sinks(text)
    assert "url" in find_sinks(f"Look here: {text} now")


@pytest.mark.parametrize("gap", ["\t", "\n", "\r", "\r\n", "\t\t\n"])
@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "JavaScript: x()", "javascript:a.b=1", "vbscript:x()", "data:text/html,x", "data:,x",
     "data:text/html;base64,xx", "https:evil", "http:evil", "https:/evil"],
)  # fmt: skip
def test_tabs_and_line_breaks_in_a_scheme_hide_no_address(address: str, gap: str) -> None:
    scheme = address.index(":")
    for at in range(1, scheme + 1):
        text = address[:at] + gap + address[at:]
        assert "url" in find_sinks(text), text
        assert "url" in find_sinks(f"Look here: {text} now"), text
    everywhere = gap.join(address[:scheme]) + gap + address[scheme:]
    assert "url" in find_sinks(everywhere)
    assert "url" in find_sinks(everywhere.replace(":", "：").replace("s", "ｓ"))


@pytest.mark.parametrize(
    "text",
    ["javascript:\t\talert(1)", "javascript:\n\nalert(1)", "vb\tscript:\n\ta.b(1)", "data:\ttext/html,x",
     "https:\t/evil", "https:\t\t/evil", "https:/\t/evil"],
)  # fmt: skip
def test_tabs_and_line_breaks_after_a_scheme_hide_no_address(text: str) -> None:
    assert "url" in find_sinks(text)


@pytest.mark.parametrize(
    "text",
    ["we drink java\nscript: done.", "language: java\nscript: run it", "java\nscript: Great.",
     "JavaScript:\n\nThe good parts", "JavaScript:\n\nArrays (chapter 3)", "JavaScript:\n\n- arrays\n- maps",
     "the da\nta: 3", "data\n: red/blue", "the data:\n3 rows", "the data:\nred/blue, green/grey", "big data\n",
     "HTTP\n: a protocol", "h\nt\nt\np", "HTTPS:\nthe protocol", "a\td\ta\tt\ta", "name\tdata\tscript:",
     "a map\nlist: ok", "meta\ndata: yes/no"],
)  # fmt: skip
def test_prose_in_lines_and_columns_is_plain(text: str) -> None:
    assert find_sinks(text) == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("<b>", ("html",)),
        ("a <img src=x onerror=y", ("html",)),
        ("</p", ("html",)),
        ("<!-- x", ("html",)),
        ("<?php", ("html",)),
        ("＜script＞", ("html",)),
        ("&lt;b", ("html",)),
        ("&#60", ("html",)),
        ("&#X3c", ("html",)),
        ("[a](b)", ("markdown_link",)),
        ("[a [b]](c)", ("markdown_link",)),
        ("[a]: b", ("markdown_link",)),
        ("> [a]: b", ("markdown_link",)),
        ("![x](y)", ("markdown_link", "markdown_image")),
        ("![x][y]", ("markdown_image",)),
        ("<xy:z>", ("html", "autolink")),
        ("<a@b>", ("html", "autolink")),
        ("```py", ("code_fence",)),
        ("~~~", ("code_fence",)),
        ("# Head", ("markup",)),
        ("Head\n====", ("markup",)),
        ("**bold**", ("markup",)),
        ("__bold__", ("markup",)),
        ("so *it* is", ("markup",)),
        ("so _it_ is", ("markup",)),
        ("~~gone~~", ("markup",)),
        ("run `rm`", ("markup",)),
        ("|---|---|", ("markup",)),
        ("[img]x[/img]", ("bbcode",)),
        ("\x1b[31m", ("terminal_escape",)),
        ("\x9b31m", ("terminal_escape",)),
        ("\\x1b[31m", ("terminal_escape",)),
        ("\\033[31m", ("terminal_escape",)),
        ("a\u200bb", ("invisible",)),
        ("a\u202eb", ("invisible",)),
    ],
)
def test_each_sink_is_named(text: str, names: tuple[str, ...]) -> None:
    assert find_sinks(text) == names


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("sql", each) for each in (
            "'; DROP TABLE users; --", "1 OR 1=1", "' UNION SELECT NULL--", "' union select a", "Robert'); --",
            "' or 'a'='a", "x'; exec xp_cmdshell", '{"$ne": 1}', "a; delete from t", "'/*")),
        *(("shell", each) for each in (
            "$(id)", "; cat /etc/passwd", "| nc -e x", "&& curl x", "rm -rf ~", "| sh", "curl -s x", "/bin/sh",
            ":(){ :|:& };:",
            "powershell -enc x", "bash -c x")),
        *(("template", each) for each in ("{{7*7}}", "{% raw %}",
            "${7*7}", "#{7*7}", "*{x}", "''.__class__", "{{\tx}}")),
        *(("request_forgery", each) for each in ("169.254.169.254", "127.0.0.1", "localhost:80", "[::1]", "gopher:x")),
        *(("xml_entity", each) for each in ("<!DOCTYPE x", "<!ENTITY e", 'SYSTEM "file:x"', "]]>")),
        *(("ldap", each) for each in ("*)(uid=*))(|(uid=*", "(&(a=b)", "(cn=*)")),
        *(("path_traversal", each) for each in (
            "../../x", "..\\x", "%2e%2e%2f", "..%2f", "/etc/passwd", "C:\\Windows", "~/.ssh/id")),
        *(("open_redirect", each) for each in ("/go?next=https:x", "?url=//x", "%0d%0aSet-Cookie: a=b", "a\nBcc: all")),
        *(("credential", each) for each in (
            "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1" * 18,
            "sk-proj-" + "a1" * 20, "xoxb-1234567890-x", "AIza" + "b" * 35,
            "-----BEGIN RSA PRIVATE KEY-----", "eyJhbGciOiJIUzI1.eyJzdWIiOiIx.x", "password=hunter22222",
            "api_key: ab12cd34ef")),
        *(("package", each) for each in (
            "pip install x", "run npm install left-pad", "yarn add x",
            "from os import path", "import numpy as np", "require('x')")),
        *(("test_signature", each) for each in ("$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!", "XJS*C4JDBQ*GTUBE-STANDARD")),
        *(("formula", each) for each in ("=SUM(A1)", "@SUM(A1)", "=cmd|' /C calc'", "+HYPERLINK(x)")),
        *(("latex", each) for each in ("\\href{x}{y}", "\\input{x}")),
        *(("serialized", each) for each in ("!!python/object", 'O:8:"stdClass"', "eval(atob('x'))")),
    ],
)  # fmt: skip
def test_payloads_are_named_in_any_case_and_inside_of_a_sentence(name: str, text: str) -> None:
    for written in (text, text.upper(), f"Yes.\n{text}\nThat is it."):
        assert name in find_sinks(written), written


def test_at_most_one_ordinary_sentence_of_a_hundred_is_refused() -> None:
    sentences = (Path(__file__).parent / "data" / "sentences.txt").read_text(encoding="utf-8").splitlines()
    refused = {text: find_sinks(text) for text in sentences if find_sinks(text)}
    assert len(sentences) >= 300
    assert len(refused) <= len(sentences) / 100, refused


def test_every_recogniser_is_needed_and_says_what_it_is() -> None:
    assert tuple(recogniser.name for recogniser in RECOGNISERS) == SINKS[:-1]
    assert all(recogniser.meaning and recogniser.patterns and recogniser.origin for recogniser in RECOGNISERS)


@given(st.text(st.sampled_from("ab.:/<>[]()!*_`#&;|-~= \n"), max_size=30))
def test_the_set_and_the_single_patterns_agree(text: str) -> None:
    alone = {name for name, pattern in sinks._one_by_one() if pattern.search(text.encode())}
    assert set(find_sinks(text)) == alone


def test_patterns_are_tried_one_by_one_where_the_set_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def Match(self, text: bytes) -> None:  # noqa: N802 - RE2's own name
            return None

    monkeypatch.setattr(sinks, "_together", Failing)
    assert find_sinks("<b> http://x") == ("url", "html")
    assert find_sinks("plain") == ()


@pytest.mark.parametrize("piece", ["a.", "<", "*a", "_", "[", "a", "`a", "&#", "é.", "http", "[a]", "__a "])
def test_finding_takes_linear_time(piece: str) -> None:
    text = piece * (300_000 // len(piece))
    start = time.process_time()
    find_sinks(text)
    assert time.process_time() - start < 2


LINKED = ("example.org", "b.example")


@pytest.mark.parametrize(
    "text",
    ["see https://example.org/a, or https://example.org.", "https://b.example/?q=1", "https://b.example?q=1&r=2",
     "(https://example.org/a)", "https://example.org/a#b", "https://example.org/a.\nNext", '"https://example.org"',
     "https://example.org/?", "https://example.org/a_b-c/%C3%A9", "one https://example.org/ two https://b.example/"],
)  # fmt: skip
def test_links_to_hosts_that_are_listed_are_taken_out(text: str) -> None:
    assert find_sinks(without_links(text, LINKED, ("b.example",))) == ()


@pytest.mark.parametrize(
    "text",
    ["https://evil.test/", "http://example.org/", "https://example.org/?q=1", "https://example.org@evil.test",
     "https://example.org:443/", "https://example.org\\@evil.test", "https://user@example.org/",
     "https://example.org,x@evil.museumx", "https://example.org.evil.test/", "https://sub.example.org/",
     "https://example.org./", "https://EXAMPLE.org/", "https://ex\u0430mple.org/", "https://example.org\u3002evil.test",
     "https://example\uff0eorg/", "\uff48ttps://example.org/", "https:example.org", "https://example.org/ example.com",
     "//example.org/a.com", "javascript:https://example.org/", "xhttps://example.org/", "https://example.org//evil.test",
     "https://b.example/?to=//evil.test", "https://b.example/?to=https%3A%2F%2Fevil.test", "https://b.example/%252f%252Fx",
     "https://example.org\n.evil.museumx/", "https://example.org\tx/", "https://example.org/ https://evil.test/",
     "https://example.org/a(evil.com)", "https://example.org/https://evil.test/", "https://b.example/%5cevil.test"],
)  # fmt: skip
def test_links_that_only_look_like_those_of_the_list_stay(text: str) -> None:
    assert "url" in find_sinks(without_links(text, LINKED, ("b.example",))), text


@pytest.mark.parametrize("text", ["<https://example.org/>", "[a](https://example.org/)", "*https://example.org/*"])
def test_a_link_that_is_allowed_opens_no_markup(text: str) -> None:
    assert find_sinks(without_links(text, LINKED)) != ()


@given(
    st.lists(st.sampled_from([*"htps:/.@?#%\\,xé \n\t-", "evil.com", "//", "com", "\u3002"]), max_size=12).map("".join)
)
def test_a_text_that_begins_with_a_link_is_no_other_address(tail: str) -> None:
    text = "https://example.org" + tail
    if without_links(text, LINKED).startswith("link"):
        try:
            # What turns texts into links ends them at a blank; tabs and line breaks are left out of addresses.
            host = ada_url.URL(text.split(" ")[0]).hostname
        except ValueError:
            return
        assert host.rstrip(".,;!*") in LINKED


@pytest.mark.parametrize(
    "piece", ["https://", "https://example.org/", "https://example.org", "https://" + "a." * 90, "/"]
)
def test_taking_links_out_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    without_links(piece * (300_000 // len(piece)), LINKED)
    assert time.process_time() - start < 2


def test_a_terminal_is_shown_what_shows() -> None:
    assert escape_terminal("a\x1b[3\u202e\x9b\u200bé😀\n") == "a\\u{1b}[3\\u{202e}\\u{9b}\\u{200b}é😀\\u{a}"
    assert escape_terminal("x" * 200) == "x" * 200
    assert escape_terminal("x" * 201) == "x" * 199 + "…"
    assert escape_terminal("\x1b" * 9, 10) == "\\u{1b}…"


@given(st.text(), st.integers(1, 30))
def test_terminal_text_is_bounded_and_printable(text: str, most: int) -> None:
    shown = escape_terminal(text, most)
    assert len(shown) <= most
    assert not any(ord(one) < 32 or 0x7F <= ord(one) < 0xA0 for one in shown)
