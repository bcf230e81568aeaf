"""A file to lines of text: judged in blocks, none too long."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import BinaryIO, Final

from promptspec.sources.problems import FileProblem

BOM: Final = b"\xef\xbb\xbf"
#: The longest line of a file, in bytes.
MOST_LINE: Final = 16 * 1024 * 1024
#: Bytes that are read at once; a block ends with the line that it ends in.
BLOCK: Final = 64 * 1024
_UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")


def read_blocks(file: BinaryIO) -> Iterator[str]:
    """Yield the text of *file* in pieces of whole lines, without a byte order mark; keeps none of them.

    Raises FileProblem with `not_utf8`, `nul` or `long_line`, which names the line, after the lines before it.
    """
    number = 0
    while data := file.read(BLOCK):
        if not data.endswith(b"\n"):
            data += file.readline(MOST_LINE + 1)
        if number == 0:
            if data.startswith(_UTF_16):
                raise utf_16()
            data = data.removeprefix(BOM)
        text = _decoded(data)
        if text is None:
            yield from _up_to_the_problem(data, number)
        else:
            yield text
        number += data.count(b"\n")


def lines_of(block: str) -> Iterator[str]:
    """Return the lines of *block*, which end with `\\n` and nothing else."""
    return StringIO(block, newline="\n")


def _decoded(data: bytes) -> str | None:
    """Return *data* as text, or None where something is wrong with one of its lines."""
    if 0 in data or len(data) - (data.rfind(b"\n", 0, -1) + 1) > MOST_LINE:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _up_to_the_problem(data: bytes, before: int) -> Iterator[str]:
    """Yield the sound lines of *data*, which *before* others precede; raise what is wrong with the one after them."""
    start = 0
    for number in range(before + 1, before + 2 + data.count(b"\n")):
        end = data.find(b"\n", start) + 1 or len(data)
        line = data[start:end]
        start = end
        if len(line) > MOST_LINE:
            raise FileProblem("long_line", f"the line is longer than {MOST_LINE:,} bytes", line=number)
        if 0 in line:
            raise FileProblem("nul", "the file holds a NUL byte, so it is no text", line=number)
        try:
            yield line.decode()
        except UnicodeDecodeError as error:
            raise not_utf8(line[error.start], number) from None


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
