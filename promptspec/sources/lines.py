"""A file to lines of text: one at a time, each judged, none too long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

from promptspec.sources.problems import FileProblem

BOM: Final = b"\xef\xbb\xbf"
#: The longest line of a file, in bytes.
MOST_LINE: Final = 16 * 1024 * 1024
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_lines(file: BinaryIO) -> Iterator[str]:
    """Yield the lines of *file*, with their line breaks and without a byte order mark; keeps none of them.

    Raises FileProblem with `not_utf8`, `nul` or `long_line`, which names the line.
    """
    number = 0
    while data := file.readline(MOST_LINE + 1):
        number += 1
        if number == 1:
            if data.startswith(_UTF_16):
                raise utf_16()
            data = data.removeprefix(BOM)
        if len(data) > MOST_LINE:
            raise FileProblem("long_line", f"the line is longer than {MOST_LINE:,} bytes", line=number)
        if 0 in data:
            raise FileProblem("nul", "the file holds a NUL byte, so it is no text", line=number)
        try:
            yield data.decode()
        except UnicodeDecodeError as error:
            raise not_utf8(data[error.start], number) from None


def check_encoding(data: bytes) -> None:
    """Raise FileProblem where *data* is no UTF-8 without NUL, a byte order mark aside."""
    if data.startswith(_UTF_16):
        raise utf_16()
    at = data.find(0)
    if at >= 0:
        raise FileProblem("nul", "the file holds a NUL byte, so it is no text", line=data.count(b"\n", 0, at) + 1)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise not_utf8(data[error.start], data.count(b"\n", 0, error.start) + 1) from None


def utf_16() -> FileProblem:
    """Return the problem of a file in UTF-16."""
    return FileProblem("not_utf8", "the file is UTF-16; save it as UTF-8", line=1)


def not_utf8(byte: int, line: int) -> FileProblem:
    """Return the problem of a *byte* that no UTF-8 has."""
    return FileProblem("not_utf8", f"byte 0x{byte:02X} is no UTF-8; save the file as UTF-8", line=line)
