"""Images to feed in: plain ones of a type, and both sides of everything that an image must be."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from promptspec.fuzz.edge import Edge
from promptspec.fuzz.reference_images import INJECTED, MAGIC, broken, whole, with_chunk

if TYPE_CHECKING:
    from promptspec.contract.types import Image

#: Images are filled up to their cap only below it.
_LARGEST: Final = 256 * 1024


def images_for(type: Image) -> tuple[str, ...]:
    """Return whole images that *type* takes, as base64; the smallest of all where none fits."""
    fitting = [data for data in whole() if len(data) <= type.most]
    return tuple(map(_text, fitting or whole()[:1]))


def image_edges(type: Image) -> Iterator[Edge]:
    """Yield images on both sides of everything that an image must be."""
    for data in whole():
        technique = "image-with-more" if INJECTED.encode() in data else "plain"
        yield Edge(technique, _text(data), () if len(data) <= type.most else ("image_size",))
    for technique, data, rule in broken():
        yield Edge(technique, _text(data), (rule if len(data) <= type.most else "image_size",))
    if type.most <= _LARGEST:
        smallest = whole()[0]
        for size, rules in ((type.most, ()), (type.most + 1, ("image_size",)), (2 * type.most + 90, ("image_size",))):
            if size >= len(smallest) + 12:
                yield Edge("length-at-cap", _text(_filled(_png(), size)), rules)
    text = _text(whole()[0])
    for near in ("photo.png", "/etc/passwd.", "https://example.org/a.png", f"data:image/png;base64,{text}", "@a.png"):
        yield Edge("name-for-image", near, ("image_broken", "image_size"))
    for near in (text[:-1], text + "=", text + "\n", f" {text}", text[:4] + "\n" + text[4:], text[:4] + "é"):
        yield Edge("near-base64", near, ("image_broken", "image_size"))
    yield Edge("name-for-image", "photopng", ("image_format", "image_size"))


def _png() -> bytes:
    return next(data for data in whole() if data.startswith(MAGIC["PNG"]))


def _filled(png: bytes, size: int) -> bytes:
    """Return *png* with a chunk that nobody reads, so that it has *size* bytes."""
    return with_chunk(png, b"prVt", b"x" * (size - len(png) - 12))


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")
