"""Images that the fuzzer makes: what it claims of them holds, and what it looks for on the wire it finds."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Annotated

import pytest
from pydantic import ConfigDict, ValidationError, create_model

from promptspec.contract.types import Image
from promptspec.fuzz.observations import Request
from promptspec.fuzz.pictures import image_edges, images_for
from promptspec.fuzz.reference_images import INJECTED, bytes_of, is_clean, judge_image, seen, whole
from promptspec.fuzz.reference_texts import Broken, OutOfFragment
from promptspec.runtime.images import Image as Judged
from promptspec.runtime.images import image
from promptspec.values.images import read_picture

URL = f"data:image/png;base64,{b64encode(b'x').decode()}"


def judged(value: str, most: int) -> str | None:
    """Return the rule that the runtime finds broken, None where it takes *value*."""
    config = ConfigDict(arbitrary_types_allowed=True)
    model = create_model("Holder", __config__=config, x=(Annotated[Judged, image(most)], ...))
    try:
        model.model_validate({"x": value})
    except ValidationError as error:
        return error.errors()[0]["type"]
    return None


@pytest.mark.parametrize("most", [40, 100, 2_000, 40_000])
def test_every_claim_of_an_edge_holds(most: int) -> None:
    for edge in image_edges(Image(most=most)):
        rule = judged(str(edge.value), most)
        assert (rule in edge.rules) if edge.rules else rule is None, (edge.technique, rule, edge.rules)


@pytest.mark.parametrize("most", [40, 100, 2_000, 40_000])
def test_the_reference_says_what_the_runtime_says(most: int) -> None:
    for edge in image_edges(Image(most=most)):
        value = str(edge.value)
        found: str | None = None
        try:
            judge_image(Image(most=most), value)
        except Broken as broken:
            found = broken.rule
        except OutOfFragment:
            continue
        assert found == judged(value, most), edge.technique


def test_plain_images_fit_their_cap() -> None:
    for most in (40, 100, 2_000):
        assert all(len(b64decode(text)) <= most for text in images_for(Image(most=most)))


def test_an_image_with_metadata_is_not_clean() -> None:
    marked = [data for data in whole() if INJECTED.encode() in data]
    assert len(marked) >= 5
    for data in marked:
        assert not is_clean(data, data)


def test_another_image_is_not_clean() -> None:
    sent = [(data, read_picture(data, most=10_000).data) for data in whole()]
    assert sum(is_clean(one, other) for one, _ in sent for _, other in sent) < len(sent) ** 2 / 2


@pytest.mark.parametrize("url", ["", "data:image/png;base64,!", URL, "https://example.org/a.png"])
def test_what_is_no_image_has_no_bytes(url: str) -> None:
    assert bytes_of(url) == b""


def test_an_image_under_another_type_has_no_bytes() -> None:
    data = next(data for data in whole() if data.startswith(b"\xff\xd8"))
    text = b64encode(data).decode()
    assert bytes_of(f"data:image/jpeg;base64,{text}") == data
    assert bytes_of(f"data:image/png;base64,{text}") == b""


@pytest.mark.parametrize(
    ("api", "text", "shown"), [("messages", "text", "image_url"), ("input", "input_text", "input_image")]
)
def test_a_request_is_read_in_the_names_of_its_api(api: str, text: str, shown: str) -> None:
    data = whole()[1]
    url = f"data:image/png;base64,{b64encode(data).decode()}"
    part = {"type": shown, "image_url": {"url": url} if api == "messages" else url}
    body = {api: [{"role": "user", "content": [{"type": text, "text": "a "}, part, {"type": "odd", "text": "b"}]}]}
    request = Request(url="https://example.org", headers={}, body=json.dumps(body).encode())
    assert request.images == (data,)
    assert request.messages == (("user", f"a {seen(data)}(an unknown part)"),)
