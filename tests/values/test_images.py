"""Images are judged by what they hold, and written anew from their pixels."""

from __future__ import annotations

import logging
import warnings
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from promptspec.fuzz.reference_images import INJECTED, broken, is_clean, seen, whole
from promptspec.values.images import (
    LEAST_TOKENS,
    MOST_BYTES,
    MOST_PIXELS,
    MOST_SCANS,
    MOST_SIDE,
    MOST_TOKENS,
    BadImage,
    header_size,
    kind_of,
    read_picture,
    tokens_of,
)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, format=kind, **options)
    return out.getvalue()


def rule_of(data: bytes, most: int = MOST_BYTES) -> str:
    with pytest.raises(BadImage) as caught:
        read_picture(data, most=most)
    return caught.value.rule


@pytest.mark.parametrize("data", whole(), ids=seen)
def test_a_whole_image_is_sent_as_its_pixels_alone(data: bytes) -> None:
    picture = read_picture(data, most=len(data))
    assert is_clean(data, picture.data)
    assert INJECTED.encode() not in picture.data
    assert f"({picture.media}, {picture.width} × {picture.height})" == seen(data)
    assert read_picture(data, most=MOST_BYTES) == picture


@pytest.mark.parametrize(("technique", "data", "rule"), broken())
def test_a_broken_image_is_refused_by_its_rule(technique: str, data: bytes, rule: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert rule_of(data) == rule, technique


def test_a_byte_over_the_cap_is_refused_whatever_it_is() -> None:
    assert rule_of(b"x" * 11, most=10) == "image_size"


@pytest.mark.parametrize(("size", "fits"), [((5_000, 5_000), True), ((5_001, 5_000), False)])
def test_pixels_are_counted_before_they_are_decoded(size: tuple[int, int], fits: bool) -> None:
    assert (size[0] * size[1] <= MOST_PIXELS) == fits
    data = encoded(Image.new("1", size), "PNG")
    assert (read_picture(data, most=MOST_BYTES).width if fits else rule_of(data)) == (5_000 if fits else "image_pixels")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(1, 1), (7, 3), (300, 260), (MOST_SIDE, 2)])
def test_a_header_is_read_as_pillow_reads_it(kind: str, size: tuple[int, int]) -> None:
    for options in ({}, {"lossless": True}, {"exif": b"Exif\0\0"}):
        data = encoded(Image.new("RGB", size), kind, **options)
        assert kind_of(data) == kind
        assert header_size(data, kind) == size  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_image_is_turned_the_right_way_up(orientation: int) -> None:
    image = Image.new("RGB", (24, 8), "white")
    image.paste((200, 0, 0), (0, 0, 8, 4))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(image, "PNG", exif=exif.tobytes())
    assert is_clean(data, read_picture(data, most=MOST_BYTES).data)


@pytest.mark.parametrize(
    ("image", "kind", "pixel"),
    [
        (Image.new("I;16", (4, 4), 0x8000), "PNG", 128),
        (Image.new("LA", (4, 4), (3, 100)), "PNG", (3, 3, 3, 100)),
        (Image.new("RGBA", (4, 4), (1, 2, 3, 4)), "PNG", (1, 2, 3, 4)),
        (Image.new("1", (4, 4), 1), "PNG", 255),
        (Image.new("CMYK", (4, 4)), "JPEG", (255, 255, 255)),
    ],
)
def test_other_modes_become_plain_ones(image: Image.Image, kind: str, pixel: object) -> None:
    picture = read_picture(encoded(image, kind), most=MOST_BYTES)
    with Image.open(BytesIO(picture.data)) as sent:
        assert sent.getpixel((1, 1)) == pixel


def test_pillow_that_takes_what_is_cut_off_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(RuntimeError, match="LOAD_TRUNCATED_IMAGES"):
        read_picture(whole()[0], most=MOST_BYTES)


def test_memory_that_runs_out_is_no_violation(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_keywords: object) -> None:
        raise MemoryError

    monkeypatch.setattr(Image, "open", full)
    with pytest.raises(MemoryError):
        read_picture(whole()[0], most=MOST_BYTES)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(whole()), st.data())
def test_whatever_happens_to_a_file_it_is_clean_or_refused(data: bytes, draw: st.DataObject) -> None:
    at = draw.draw(st.integers(0, len(data)))
    changed = data[:at] + draw.draw(st.binary(max_size=8)) + data[draw.draw(st.integers(at, len(data))) :]
    refused: BadImage | None = None
    sent = b""
    try:
        sent = read_picture(changed, most=MOST_BYTES).data
    except BadImage as bad:
        refused = bad
    if refused is None:
        assert is_clean(sent, sent)
        assert INJECTED.encode() not in sent
    else:
        assert refused.__context__ is None
        assert refused.rule in ("image_format", "image_pixels", "image_broken")


def test_tokens_follow_from_pixels() -> None:
    assert tokens_of(1, 1) == LEAST_TOKENS
    assert tokens_of(1_024, 1_024) == 2_520  # 1,024 patches of 2.46
    assert all(tokens_of(MOST_SIDE, high) <= MOST_TOKENS for high in (1, MOST_PIXELS // MOST_SIDE))
    assert tokens_of(5_000, 5_000) <= MOST_TOKENS


def test_what_stands_in_the_metadata_reaches_no_log(caplog: pytest.LogCaptureFixture) -> None:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "SECRETDESC at home"
    Image.new("RGB", (8, 8)).save(out, format="JPEG", exif=exif)
    with caplog.at_level(logging.DEBUG):
        read_picture(out.getvalue(), most=100_000)
    assert "SECRETDESC" not in caplog.text
    assert caplog.records == []


def test_a_jpeg_of_too_many_scans_is_refused_before_it_is_decoded() -> None:
    out = BytesIO()
    Image.new("RGB", (64, 64)).save(out, format="JPEG", progressive=True)
    whole = out.getvalue()
    scan = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00\x00"
    assert read_picture(whole, most=100_000).width == 64
    with pytest.raises(BadImage) as refused:
        read_picture(whole[:-2] + scan * MOST_SCANS + whole[-2:], most=100_000)
    assert refused.value.rule == "image_broken"
