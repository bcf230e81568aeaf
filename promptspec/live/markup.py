"""Elements of HTML and XML as a tree. Every string in it is text: it is escaped where the tree is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, LiteralString, TypeAlias

from promptspec.diagnostics.foreign import escape, escape_character

Node: TypeAlias = "Element | str"

_VOID: Final = frozenset({"meta", "br", "hr"})
_TEXT: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_ATTRIBUTE: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;"})


@dataclass(frozen=True, slots=True)
class Element:
    """An element: its name, its attributes, and what it holds. Make it with `element`."""

    name: str
    attributes: tuple[tuple[str, str], ...]
    children: tuple[Node, ...]


def element(name: LiteralString, /, *children: Node, **attributes: str) -> Element:
    """Return an element. `class_` is `class`, and other underscores are hyphens; names come from our own source."""
    named = tuple((key.removesuffix("_").replace("_", "-"), value) for key, value in attributes.items())
    return Element(name, named, children)


def written(node: Node, *, html: bool = False) -> str:
    """Return the tree as text that any encoding can take; *html* leaves void elements open.

    Controls, bidirectional marks and all else that does not show is written as `\\u{…}`; in text, line feeds stay.
    """
    return "".join(_written(node, html))


def _written(node: Node, html: bool) -> Iterator[str]:
    if isinstance(node, str):
        yield visible(node).translate(_TEXT)
        return
    attributes = "".join(f' {name}="{escape(value).translate(_ATTRIBUTE)}"' for name, value in node.attributes)
    if html and node.name in _VOID:
        yield f"<{node.name}{attributes}>"
    elif not html and not node.children:
        yield f"<{node.name}{attributes}/>"
    else:
        yield f"<{node.name}{attributes}>"
        for child in node.children:
            yield from _written(child, html)
        yield f"</{node.name}>"


def visible(text: str) -> str:
    """Return *text* with all that does not show, but line feeds and spaces, as `\\u{…}`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c == "\n" else escape_character(c) for c in text)
