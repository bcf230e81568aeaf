"""Pictures that a caller gives: bytes that are judged by what they hold, and kept as they are sent."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from pydantic_core import CoreSchema, core_schema

from promptspec.runtime.values import break_rule, json_form
from promptspec.values.images import EXTRA, BadImage, Picture, is_missing, read_picture

if TYPE_CHECKING:
    from pydantic import GetCoreSchemaHandler, ValidationInfo


@dataclass(frozen=True, slots=True)
class Image:
    """A picture that was judged. *size* counts the bytes that were given; its repr shows none of them."""

    picture: Picture
    size: int

    @property
    def media(self) -> str:
        """`image/png`, `image/jpeg` or `image/webp`."""
        return self.picture.media

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.picture.width

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.picture.height

    @property
    def data(self) -> bytes:
        """The file that is sent."""
        return self.picture.data

    def base64(self) -> str:
        """Return the file that is sent, as base64."""
        return b64encode(self.picture.data).decode("ascii")

    def __repr__(self) -> str:
        return f"<{self.media}, {self.width} × {self.height}>"


@dataclass(frozen=True)
class image:
    """A PNG, JPEG or WebP picture of at most *most* bytes: as bytes, or as base64 where JSON brings it."""

    most: int

    def __post_init__(self) -> None:
        if is_missing():
            raise ModuleNotFoundError(f"an `image(…)` needs Pillow: install `{EXTRA}`", name="PIL")

    def judge(self, value: object, _info: ValidationInfo) -> Image:
        """Return the picture without anything but its pixels."""
        if isinstance(value, Image):
            if value.size > self.most:
                self._refuse_size()
            return value
        data = self._bytes(value)
        try:
            picture = read_picture(data, most=self.most)
        except BadImage as bad:
            break_rule(bad.rule, bad.message)
        return Image(picture, len(data))

    def _bytes(self, value: object) -> bytes:
        if isinstance(value, bytes | bytearray | memoryview):
            view = memoryview(cast("bytes", value))
            if view.nbytes > self.most:
                self._refuse_size()
            return view.tobytes()
        if not isinstance(value, str):
            break_rule("type", "must be the bytes of an image")
        if len(value) > base64_length(self.most):
            self._refuse_size()
        data = None
        if len(value) % 4 == 0:  # Pythons differ in what they take beyond whole groups
            with suppress(ValueError):
                data = b64decode(value, validate=True)
        if data is None:
            break_rule("image_broken", "must be base64, where it is given as text")
        return data

    def _refuse_size(self) -> None:
        break_rule("image_size", f"must have at most {self.most:,} bytes")

    __get_pydantic_json_schema__ = json_form

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_plain_validator_function(
            self.judge,
            json_schema_input_schema=core_schema.str_schema(max_length=base64_length(self.most)),
            serialization=core_schema.plain_serializer_function_ser_schema(Image.base64, when_used="json"),
        )


def base64_length(size: int) -> int:
    """Return the characters of base64 that *size* bytes have."""
    return (size + 2) // 3 * 4
