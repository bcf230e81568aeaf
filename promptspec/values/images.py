"""Pictures from outside: PNG, JPEG and WebP by their content, measured before they are decoded, written anew.

What comes out holds the pixels alone: no EXIF, XMP, ICC profile, comment, thumbnail, and nothing behind the end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast

from promptspec.values.quiet import without_logs, without_warnings

if TYPE_CHECKING:
    from PIL.Image import Image as Decoded

Kind: TypeAlias = Literal["PNG", "JPEG", "WEBP"]

#: The package that pictures are read with, and the extra that brings it.
PACKAGE: Final = "PIL"
EXTRA: Final = "promptspec[image]"

#: No cap on bytes is higher. A request carries four thirds of it.
MOST_BYTES: Final = 20 * 1024 * 1024
#: Pixels of a picture, and of its longer side. 25 million pixels take 100 MB while they are decoded.
MOST_PIXELS: Final = 25_000_000
MOST_SIDE: Final = 8_192

#: The side of a patch, the most tokens that servers count for one, and the least that they count for a picture:
#: OpenAI counts 32 × 32 pixels as 2.46 tokens at most (small models), or a picture as at most 1,445 (tiles);
#: models such as Qwen's count 28 × 28 as one. See the guide "Images and vision" of OpenAI's documentation.
PATCH: Final = 32
_HUNDREDTHS: Final = 246
LEAST_TOKENS: Final = 1_445

_MEDIA: Final[Mapping[Kind, str]] = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_OPTIONS: Final[Mapping[Kind, Mapping[str, Any]]] = {
    "PNG": {"compress_level": 6},
    "JPEG": {"quality": 90, "subsampling": 0},
    "WEBP": {"quality": 90, "method": 1},
}
#: Scans of a JPEG, those of thumbnails among them: each costs a pass over all pixels, and an honest file has about ten.
MOST_SCANS: Final = 100
_SCAN: Final = b"\xff\xda"
_LOGGERS: Final = tuple(f"PIL.{name}" for name in ("Image", "ImageFile", "PngImagePlugin", "TiffImagePlugin"))
_BROKEN: Final = "must be a whole image that can be decoded"
_ORIENTATION: Final = 0x0112
#: How a picture with that orientation is turned, by Pillow's number of the turn.
_TURNS: Final = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}


class BadImage(Exception):
    """A picture that is refused: the name of the *rule*, and a *message* that holds nothing of it."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(rule)
        self.rule = rule
        self.message = message


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it is sent: *data* is a whole file of type *media*, with pixels and nothing else."""

    media: str
    width: int
    height: int
    data: bytes = field(repr=False)


def is_missing() -> bool:
    """Say whether the package that pictures are read with is not installed."""
    return find_spec(PACKAGE) is None


def tokens_of(width: int, height: int) -> int:
    """Return how many tokens a picture of *width* times *height* pixels counts at most."""
    patches = -(-width // PATCH) * -(-height // PATCH)
    return max(-(-patches * _HUNDREDTHS // 100), LEAST_TOKENS)


#: Tokens of the largest picture: its whole patches, and those that are begun along two sides.
MOST_TOKENS: Final = (MOST_PIXELS // PATCH**2 + 2 * MOST_SIDE // PATCH + 1) * _HUNDREDTHS // 100 + 1


def read_picture(data: bytes, *, most: int) -> Picture:
    """Return the picture in *data*, of at most *most* bytes, written anew. Raises BadImage.

    The same bytes and the same Pillow give the same picture.
    """
    if len(data) > most:
        raise BadImage("image_size", f"must have at most {most:,} bytes")
    kind = kind_of(data)
    if kind is None:
        raise BadImage("image_format", "must be a PNG, JPEG or WebP image")
    size = header_size(data, kind)
    if size is None or (kind == "PNG" and not _ends(data)):
        raise BadImage("image_broken", _BROKEN)
    if kind == "JPEG" and data.count(_SCAN) > MOST_SCANS:
        raise BadImage("image_broken", _BROKEN)
    _refuse_size(size)
    found = _read(data, kind)
    if isinstance(found, BadImage):  # raised out here, so that nothing of Pillow's errors hangs on it
        raise found
    return found


def _refuse_size(size: tuple[int, int]) -> None:
    width, height = size
    if max(size) > MOST_SIDE or width * height > MOST_PIXELS:
        raise BadImage("image_pixels", f"must have at most {MOST_PIXELS:,} pixels, and {MOST_SIDE:,} on a side")
    if min(size) < 1:
        raise BadImage("image_broken", _BROKEN)


def _read(data: bytes, kind: Kind) -> Picture | BadImage:
    from PIL import Image, ImageFile

    if ImageFile.LOAD_TRUNCATED_IMAGES:
        raise RuntimeError("Pillow is set to read pictures that are cut off; unset ImageFile.LOAD_TRUNCATED_IMAGES")
    try:
        # Pillow logs each tag and chunk that it reads, and warns of those that are cut off.
        with (
            without_logs(*_LOGGERS),
            without_warnings(),
            Image.open(BytesIO(data), formats=(kind,)) as opened,
        ):
            # What a phone puts behind a photo (MPO) is dropped like all that is no pixel of the first.
            if opened.format == kind and getattr(opened, "is_animated", False):
                return BadImage("image_format", "must be a still image")
            _refuse_size(opened.size)
            return _written(opened, kind)
    except BadImage as bad:
        return bad
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001  a broken file ends in almost any error
        return BadImage("image_broken", _BROKEN)


def _written(opened: Decoded, kind: Kind) -> Picture:
    """Return *opened* as a file of the same *kind*, the right way up."""
    opened.load()
    turn = _TURNS.get(cast("int", opened.getexif().get(_ORIENTATION, 1)))
    image = _plain(opened, kind)
    if turn is not None:
        image = image.transpose(cast("Any", turn))
    image.info = {}
    out = BytesIO()
    image.save(out, format=kind, **_OPTIONS[kind])
    return Picture(_MEDIA[kind], image.width, image.height, out.getvalue())


def _plain(image: Decoded, kind: Kind) -> Decoded:
    """Return the pixels in eight bits a channel: grey, colours, or colours that show what is behind them."""
    if image.mode.startswith(("I", "F")):  # 16 bits of grey
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if kind != "JPEG" and image.has_transparency_data:
        return image.convert("RGBA")
    if image.mode in ("1", "L", "LA") and kind != "WEBP":
        return image.convert("L")
    return image.convert("RGB")


# Headers, which say how large a picture is before anything is decoded


def kind_of(data: bytes) -> Kind | None:
    """Return what *data* is by its first bytes, or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    return None


def header_size(data: bytes, kind: Kind) -> tuple[int, int] | None:
    """Return the width and height that the header of *data* tells, or None where it tells none."""
    match kind:
        case "PNG":
            return (_big(data, 16, 4), _big(data, 20, 4)) if data[12:16] == b"IHDR" and len(data) >= 24 else None
        case "JPEG":
            return _size_of_jpeg(data)
        case "WEBP":
            return _size_of_webp(data)


def _ends(png: bytes) -> bool:
    """Say whether the chunks of a PNG lead to its end; Pillow reads one whose last chunks are cut off."""
    at = 8
    while at + 12 <= len(png):
        if png[at + 4 : at + 8] == b"IEND":
            return True
        at += 12 + _big(png, at, 4)
    return False


def _size_of_jpeg(data: bytes) -> tuple[int, int] | None:
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _big(data, at + 7, 2), _big(data, at + 5, 2)
        elif marker == 0x01 or 0xD0 <= marker <= 0xD9:
            at += 2
        else:
            at += 2 + _big(data, at + 2, 2)
    return None


def _size_of_webp(data: bytes) -> tuple[int, int] | None:
    form = data[12:16]
    if len(data) < 30:
        return None
    if form == b"VP8X":
        return 1 + _little(data, 24, 3), 1 + _little(data, 27, 3)
    if form == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        return _little(data, 26, 2) & 0x3FFF, _little(data, 28, 2) & 0x3FFF
    if form == b"VP8L" and data[20] == 0x2F:
        bits = _little(data, 21, 4)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return None


def _big(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "big")


def _little(data: bytes, at: int, size: int) -> int:
    return int.from_bytes(data[at : at + size], "little")
