"""Writes lamp.png, the image of a lamp on a table, from rectangles: run it again after changing it."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

WIDTH, HEIGHT = 32, 24
WALL, TABLE, SHADE, FOOT = (236, 230, 214), (120, 84, 52), (206, 58, 40), (40, 40, 44)
#: Left, top, right, bottom and colour; what comes later lies on top.
RECTANGLES = (
    (0, 0, WIDTH, HEIGHT, WALL),
    (0, 18, WIDTH, HEIGHT, TABLE),
    (15, 9, 17, 18, FOOT),
    (12, 17, 20, 18, FOOT),
    (11, 5, 21, 9, SHADE),
    (13, 3, 19, 5, SHADE),
)


def main(folder: Path) -> None:
    """Write the image into *folder*, the same bytes everywhere."""
    rows = b"".join(b"\0" + b"".join(bytes(_colour(x, y)) for x in range(WIDTH)) for y in range(HEIGHT))
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    # Stored, not compressed: libraries differ in how they compress.
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b""))
    (folder / "lamp.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks))


def _colour(x: int, y: int) -> tuple[int, int, int]:
    found = [colour for left, top, right, bottom, colour in RECTANGLES if left <= x < right and top <= y < bottom]
    return found[-1]


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


if __name__ == "__main__":
    main(Path(__file__).parent)
