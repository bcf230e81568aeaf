"""Markdown that shows text: what it may hold beyond plain text, and what is refused in it as everywhere."""

from __future__ import annotations

import re
from typing import Final

from promptspec.values.sinks import SINKS, find_sinks, without_links

#: What the option `markdown` opens.
OPENED: Final = frozenset({"markup", "code_fence"})

# A link with its text, all in one line, and nothing before it that would make it an image or no link.
_NAMED_LINK: Final = re.compile(r"(?<![!\\])\[([^\[\]\n\\`<>!]{1,300})\]\((https://[^()\s<>]{1,2048})\)")
# What a renderer drops from a text that it shows: marks of emphasis and of code, and backslashes.
_DROPPED: Final = str.maketrans("", "", "\\*_~`")
_REFERENCE: Final = re.compile(r"&[A-Za-z][A-Za-z0-9]+;|&#")


def find_markdown_sinks(text: str, hosts: tuple[str, ...] = (), queries: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Return the names of the sinks that the Markdown *text* holds: all of SINKS but markup and fences of code.

    Emphasis, headings, lists, quotes, tables, rules and code are open. Images, HTML, references to characters,
    definitions of links and autolinks are sinks wherever they stand, in code too: what one renderer takes for code
    another one may not. Links, with a text in brackets or bare, are open to *hosts* as in `without_links`. The text
    is judged as it is written and as it is shown, without the marks that a renderer drops. Linear in the text.
    """
    refers = _REFERENCE.search(text.translate(_DROPPED)) is not None  # inside of allowed links too
    if hosts:
        text = without_links(_without_named_links(text, hosts, queries), hosts, queries)
    shown = text.translate(_DROPPED)
    names = {*find_sinks(text), *(find_sinks(shown) if shown != text else ())} - OPENED
    if "]:" in shown:
        names.add("markdown_link")
    if refers:
        names.add("html")
    return tuple(name for name in SINKS if name in names)


def _without_named_links(text: str, hosts: tuple[str, ...], queries: tuple[str, ...]) -> str:
    """Return *text* with the words of each allowed link in place of it."""

    def judged(match: re.Match[str]) -> str:
        allowed = without_links(match[2], hosts, queries) == "link"
        return match[1] if allowed else match.group()

    return _NAMED_LINK.sub(judged, text)
