"""Sabotages of images: what is taken in, what is sent of it, and where it stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from promptspec.values.images import BadImage, Picture
from quality.builds import Edit
from quality.sabotage import Patch, Sabotage, Way, method

_IMAGES: Final = "promptspec.values.images"
_DRAFTS: Final = "promptspec.runtime.drafts"
_ASKING: Final = "promptspec.runtime.asking"
_PHOTO: Final = "photo: Annotated[ps.Image, ps.image(20_480)]"


def _emitted(name: str, law: str, rule: str, way: Way, old: str, new: str, *, within: str = "Look") -> Sabotage:
    edit = Edit(old, new, within)
    return Sabotage(name=name, law=law, feature="look", rule=rule, way=way, edits=(edit,))


def _patched(name: str, target: str, function: Callable[..., Any], *, law: str = "fences_hold") -> Sabotage:
    return Sabotage(name=name, law=law, feature="look", patches=(Patch(target, method(function)),))


def _as_given(original: Any, data: bytes, kind: Any) -> Any:
    found = original(data, kind)
    return replace(found, data=data) if isinstance(found, Picture) else found


def _with_its_info(original: Any, opened: Any, kind: Any) -> Any:
    from io import BytesIO

    made = original(opened, kind)
    out = BytesIO()
    comment = opened.info.get("comment") or opened.info.get("exif")
    if kind != "JPEG" or comment is None:
        return made
    opened.save(out, format="JPEG", comment=comment)
    return replace(made, data=out.getvalue())


def _not_turned(original: Any, opened: Any, kind: Any) -> Any:
    opened.getexif = dict
    return original(opened, kind)


def _a_pixel_more(original: Any, size: tuple[int, int]) -> None:
    original((max(size[0] - 1, 1), max(size[1] - 1, 1)) if min(size) > 0 else size)


def _any_size(_original: Any, _size: object) -> None:
    return


def _any_format(original: Any, data: bytes) -> Any:
    return original(data) or "PNG"


def _cut_off(_original: Any, _png: bytes) -> bool:
    return True


def _first_frame(original: Any, data: bytes, kind: Any) -> Any:
    found = original(data, kind)
    if isinstance(found, BadImage) and found.rule == "image_format":
        from io import BytesIO

        from PIL import Image

        still = BytesIO()
        Image.open(BytesIO(data)).convert("RGB").save(still, format=kind)
        return original(still.getvalue(), kind)
    return found


def _unfenced(original: Any, self: Any, path: str, value: Any) -> None:
    original(self, path, value)
    self._messages[0][1].append(f" {value.width}")


def _same_names(original: Any, messages: Any, *, responses: bool = False) -> bytes:
    return original(messages, responses=False)


def _other_type(original: Any, part: Any, responses: bool) -> bytes:
    return original(part, responses).replace(b"data:image/jpeg", b"data:image/png")


IMAGES: Final = (
    _emitted(
        "image-of-any-size",
        "refuses_invalid",
        "image.most",
        "removed",
        _PHOTO,
        _PHOTO.replace("20_480", "2_000_000"),
        within="LookInput",
    ),
    _emitted(
        "image-of-a-byte-more",
        "refuses_invalid",
        "image.most",
        "off by one",
        _PHOTO,
        _PHOTO.replace("20_480", "20_481"),
        within="LookInput",
    ),
    _emitted("image-left-out", "fences_hold", "Draft.image", "removed", 'out.image("photo", x.photo)', "pass"),
    _emitted(
        "image-of-another-field",
        "fences_hold",
        "Draft.image",
        "off by one",
        'out.image("last", x.last)',
        'out.image("last", x.photo)',
    ),
    _patched("image-as-it-came", f"{_IMAGES}:_read", _as_given),
    _patched("metadata-kept", f"{_IMAGES}:_written", _with_its_info),
    _patched("image-not-turned", f"{_IMAGES}:_written", _not_turned),
    _patched("a-pixel-more", f"{_IMAGES}:_refuse_size", _a_pixel_more, law="refuses_invalid"),
    _patched("any-number-of-pixels", f"{_IMAGES}:_refuse_size", _any_size, law="refuses_invalid"),
    _patched("any-format", f"{_IMAGES}:kind_of", _any_format, law="refuses_invalid"),
    _patched("image-cut-off", f"{_IMAGES}:_ends", _cut_off, law="refuses_invalid"),
    _patched("first-frame-of-many", f"{_IMAGES}:_read", _first_frame, law="refuses_invalid"),
    _patched("image-told-in-system", f"{_DRAFTS}:Draft.image", _unfenced, law="system_is_closed"),
    _patched("image-under-the-names-of-chat", f"{_ASKING}:encode_messages", _same_names),
    _patched("image-of-another-type", f"{_ASKING}:_part", _other_type),
)
