"""Rule 18: Markdown opens no images, raw HTML or autolinks, and links only to hosts of the list."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from promptspec.values.markdown import find_markdown_sinks

HOSTS = ("example.org",)


@pytest.mark.parametrize(
    "text",
    ["# Title", "Title\n=====", "*so* **it** _is_ __all__ ~~gone~~", "- a\n- b\n  1. c", "> quoted", "`code` ``co`de``",
     "```python\nx = a[0] + f(1)\n```", "~~~\ncode\n~~~", "| a | b |\n|---|---|\n| 1 | 2 |", "a\n\n---\n\nb",
     "    indented", "[x] done, [ ] open", "5 < 6 & 7 > 3", "AT&T; R&D", "Price\\: 3\\*4", "e.g. *this*", "a[0][1]"],
)  # fmt: skip
def test_markdown_that_shows_text_is_open(text: str) -> None:
    assert find_markdown_sinks(text) == ()


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("![x](/y)", "markdown_image"),
        ("![x][y]", "markdown_image"),
        ("!\\[x]", "markdown_image"),
        ("[x](/y)", "markdown_link"),
        ("[x\ny](/z)", "markdown_link"),
        ("[x]\\(y)", "markdown_link"),
        ("[x]: /y", "markdown_link"),
        ("1. [x]:\n/y", "markdown_link"),
        ("[x\ny]: /z", "markdown_link"),
        ("[x\\]]: /z", "markdown_link"),
        ("**x** <b>", "html"),
        ("`<b>`", "html"),
        ("```\n<script>\n```", "html"),
        ("\\<b>", "html"),
        ("&copy;", "html"),
        ("&#33;", "html"),
        ("&NotEqualTilde;", "html"),
        ("<https://example.org>", "autolink"),
        ("<1@b.c>", "autolink"),
        ("see https://example.org/", "url"),
        ("exam**ple**.com", "url"),
        ("example\\.com", "url"),
        ("w*ww*.x", "url"),
        ("[url]x[/url]", "bbcode"),
        ("*x*\x1b[0m", "terminal_escape"),
    ],
)
def test_what_a_renderer_acts_on_is_refused(text: str, name: str) -> None:
    assert name in find_markdown_sinks(text)


@pytest.mark.parametrize(
    "text",
    ["[the page](https://example.org/a_b)", "see **[the page](https://example.org/)**, or https://example.org/b",
     "| a | [b](https://example.org/) |\n|---|---|"],
)  # fmt: skip
def test_links_to_hosts_of_the_list_are_open(text: str) -> None:
    assert find_markdown_sinks(text, HOSTS) == ()
    assert find_markdown_sinks(text) != ()


@pytest.mark.parametrize(
    "text",
    ["[x](https://evil.test/)", "![x](https://example.org/x.png)", "[![x](https://example.org/x)](https://example.org/)",
     "[evil.com](https://example.org/)", "[x](https://example.org/ 'title')", "[x](<https://example.org/>)",
     "[x](https://example.org/?q=1)", "[x][1]\n\n[1]: https://example.org/", "<https://example.org/>",
     "[x](https://example.org@evil.test/)", "[x](https://example.org\\@evil.test)", "[x](//example.org/)",
     "\\[x](https://example.org/)", "[x [y](https://example.org/)](https://evil.test/)", "[x](https&colon;//a.test)"],
)  # fmt: skip
def test_other_links_are_refused(text: str) -> None:
    assert find_markdown_sinks(text, HOSTS) != ()


PIECES = [
    *"[]()!<>\\`*_~&#:;-|>/ \n\tax1.@=\"'", "](", "]:", "![", "[a]", "(/x)", "<b", "<!--", "<?", "</a", "```", "~~~",
    "    ", "https://example.org/", "https://evil.test/", "https:", "javascript:", "www.", "&lt;", "&#60;", "&colon;",
    "- ", "1. ", "> ", "\n\n", "[a](https://example.org/)", "|---|", "| a |", "(<", "\\[", "a@b.c",
]  # fmt: skip


@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join), st.booleans())
@example("[a]\n:/x", False)
@example("[a\\\n]: /x\n\n[a\\\n]", False)
def test_no_renderer_finds_an_image_html_or_another_link(text: str, linked: bool) -> None:
    if find_markdown_sinks(text, HOSTS if linked else ()):
        return
    for kind, address in rendered(text):
        assert kind == "link_open"
        assert linked
        assert address.startswith("https://example.org/")


def rendered(text: str) -> Iterator[tuple[str, str]]:
    """Yield the images, HTML and links of *text*, with their addresses."""
    for block in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text):
        for token in (block, *(block.children or ())):
            if token.type in ("image", "html_inline", "html_block", "link_open"):
                yield token.type, str(token.attrGet("href") or token.attrGet("src"))


@pytest.mark.parametrize(
    "piece", ["[", "[a", "[a](", "[a](https://", "![", "*", "`", "&a", "[a](https://example.org/)"]
)
def test_judging_takes_linear_time(piece: str) -> None:
    start = time.process_time()
    find_markdown_sinks(piece * (300_000 // len(piece)), HOSTS)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("reference", ["&quest;q=SECRET", "&#63;q=SECRET", "&sol;&sol;evil.com", "&bsol;"])
def test_references_to_characters_are_found_in_links_that_are_allowed(reference: str) -> None:
    link = f"[a](https://example.org/{reference})"
    assert "html" in find_markdown_sinks(link, ("example.org",))
