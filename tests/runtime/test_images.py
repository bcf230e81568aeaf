"""A call with images: what is taken, what is sent, and what stays out of reprs, logs and errors."""

from __future__ import annotations

import json
import logging
from base64 import b64decode, b64encode
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from codegen.specs import write_spec
from promptspec.errors import InputRefused
from promptspec.fuzz.reference_images import INJECTED, broken, is_clean, whole
from promptspec.loading import load
from promptspec.models.openai_api import OpenAIModel
from promptspec.models.port import Ask
from promptspec.runtime.drafts import Shown
from promptspec.runtime.feature import Feature
from promptspec.runtime.images import Image
from runtime.shop import Teller, world

SPEC = """
model local = openai("tiny") { structured json_schema }
record Item {
    key name: line(1..20)
    photo: image(..20kb)
}
feature see {
    model local
    caller anyone
    input {
        photo: image(..20kb)
        items: list(..2) of Item
        last: image(..20kb)?
        note: text(..200)?
    }
    output { item: one of items? about: text(1..80) }
    prompt {
        user "Look: {{ photo }}{% for item in items %}, {{ item.name }} is {{ item.photo }}{% endfor %}
            {% if last %}{{ last }}{% endif %}{% if note %}{{ note }}{% endif %}"
    }
    limits { prompt 9_000 tokens }
    example "one" {
        given { photo: "small.png", items: [] }
        returns { about: "a square" }
    }
}
"""
PNG = next(data for data in whole() if data.startswith(b"\x89PNG"))
JPEG = next(data for data in whole() if data.startswith(b"\xff\xd8") and INJECTED.encode() in data)
REPLY = json.dumps({"item": 0, "about": "a square"})


@pytest.fixture(scope="module")
def see(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Feature[Any]]:
    folder = tmp_path_factory.mktemp("images")
    (folder / "small.png").write_bytes(PNG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield load(write_spec(folder, SPEC.replace('user "', 'user """').replace('%}"\n', '%}"""\n'))).features["see"]


def asked(see: Feature[Any], reply: str = REPLY, **fields: Any) -> Ask:
    model = Teller(reply)
    with see.override(model=model, world=world()):
        see(**({"photo": PNG, "items": []} | fields))
    return model.asked[-1]


def parts_of(encoded: bytes) -> list[dict[str, Any]]:
    return json.loads(b"[" + encoded + b"]")[-1]["content"]


def test_an_image_is_a_part_of_its_message_in_chat(see: Feature[Any]) -> None:
    parts = parts_of(asked(see, photo=JPEG).messages)
    assert [part["type"] for part in parts] == ["text", "image_url", "text"]
    head, _, text = parts[1]["image_url"]["url"].partition(",")
    assert head == "data:image/jpeg;base64"
    assert is_clean(JPEG, b64decode(text))
    tag = parts[0]["text"].split(".")[0].rpartition(" ")[2]
    assert parts[0]["text"].endswith(f"\nLook: [[photo {tag}]]")
    assert parts[2]["text"].startswith(f"[[/photo {tag}]]")


def test_the_responses_api_has_its_own_names(see: Feature[Any]) -> None:
    ask = asked(see, photo=JPEG)
    assert ask.responses is not None
    chat, responses = parts_of(ask.messages), parts_of(ask.responses)
    assert [part["type"] for part in responses] == ["input_text", "input_image", "input_text"]
    assert responses[1]["image_url"] == chat[1]["image_url"]["url"]
    assert [part["text"] for part in responses[::2]] == [part["text"] for part in chat[::2]]


@pytest.mark.parametrize("api", ["chat", "responses"])
def test_each_api_is_sent_its_own_form(see: Feature[Any], api: Any) -> None:
    model = OpenAIModel(name="tiny", server="openai", api=api, structured="json_schema", environment={})
    body = json.loads(model._forms.encode(asked(see)))  # pyright: ignore[reportPrivateUsage]
    messages = body["messages" if api == "chat" else "input"]
    pictures = [part for message in messages for part in message["content"] if isinstance(part, dict)]
    kinds = {part["type"] for part in pictures}
    assert kinds == ({"text", "image_url"} if api == "chat" else {"input_text", "input_image"})


def test_without_images_both_apis_are_sent_the_same(see: Feature[Any], tmp_path: Path) -> None:
    text = 'feature say {\n    model "x"\n    caller anyone\n    input { note: text(..20) }\n    output bool\n}\n'
    say = load(write_spec(tmp_path, text)).features["say"]
    model = Teller('{"answer":true}')
    with say.override(model=model, world=world()):
        say(note="x")
    assert model.asked[0].responses is None


def test_images_in_lists_and_records_stand_in_order(see: Feature[Any]) -> None:
    items = [{"name": "a", "photo": JPEG}, {"name": "b", "photo": PNG}]
    parts = parts_of(asked(see, items=items, last=JPEG).messages)
    media = [part["image_url"]["url"].partition(";")[0][5:] for part in parts if part["type"] == "image_url"]
    assert media == ["image/png", "image/jpeg", "image/png", "image/jpeg"]
    said = "".join(part.get("text", "#") for part in parts)
    assert "[[items[1].photo " in said
    assert "[[items[2].photo " in said


def test_an_entry_that_a_reply_names_has_its_image(see: Feature[Any]) -> None:
    model = Teller(json.dumps({"item": 1, "about": "a square"}))
    with see.override(model=model, world=world()):
        value = see(photo=PNG, items=[{"name": "a", "photo": JPEG}])
    assert isinstance(value.item.photo, Image)
    assert value.item.photo.media == "image/jpeg"
    assert is_clean(JPEG, value.item.photo.data)


@pytest.mark.parametrize("given", [PNG, bytearray(PNG), memoryview(PNG), b64encode(PNG).decode()])
def test_bytes_and_base64_are_taken(see: Feature[Any], given: Any) -> None:
    assert parts_of(asked(see, photo=given).messages) != []


@pytest.mark.parametrize(
    ("given", "rule"),
    [
        (b"", "image_format"),
        (b"GIF89a", "image_format"),
        (PNG[:-1], "image_broken"),
        (b"x" * 20_481, "image_size"),
        ("x" * 27_312, "image_size"),
        ("https://example.org/a.png", "image_broken"),
        ("small.png", "image_broken"),
        (Path("small.png"), "type"),
        (None, "type"),
        ([PNG], "type"),
        (3, "type"),
    ],
)
def test_what_is_no_image_is_refused_with_its_path(see: Feature[Any], given: Any, rule: str) -> None:
    with pytest.raises(InputRefused) as caught:
        asked(see, photo=given)
    assert [(each.path, each.rule) for each in caught.value.violations] == [("input.photo", rule)]


def test_an_image_that_was_judged_is_judged_by_its_cap_alone(see: Feature[Any]) -> None:
    model = Teller(json.dumps({"item": 1, "about": "a square"}))
    with see.override(model=model, world=world()):
        image = see(photo=PNG, items=[{"name": "a", "photo": JPEG}]).item.photo
        assert see(photo=image, items=[{"name": "a", "photo": image}]).item.photo == image
        with pytest.raises(InputRefused):
            see(photo=Image(image.picture, 20_481), items=[])


def test_no_byte_of_an_image_stands_in_a_repr_a_log_or_an_error(
    see: Feature[Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with see.override(world=world()):
        rendered = see.render(photo=JPEG, items=[{"name": "a", "photo": JPEG}], note="x")
    shown = [part for message in rendered.messages for part in message.parts if isinstance(part, Shown)]
    assert len(shown) == 3  # one is that of the example
    with pytest.raises(InputRefused) as caught:
        asked(see, photo=JPEG[: len(JPEG) // 3], items=[{"name": "a", "photo": JPEG}])
    read = see.plan.input.model_validate({"photo": PNG, "items": [{"name": "a", "photo": JPEG}]})
    said = f"{rendered!r} {caught.value!r} {caught.value} {caplog.text} {read!r} {read.items!r}"  # pyright: ignore
    for data in (JPEG, PNG, *(b64decode(part.url.partition(",")[2]) for part in shown)):
        assert b64encode(data[30:60]).decode() not in said
        assert repr(data[30:60])[2:-1] not in said


def test_images_count_against_the_cap_on_the_prompt(see: Feature[Any]) -> None:
    items = [{"name": name, "photo": PNG} for name in "ab"]
    with pytest.raises(InputRefused) as caught:
        asked(see, items=items, last=PNG, note="word " * 40, photo=large())
    assert [each.rule for each in caught.value.violations] == ["prompt_too_large"]


def large() -> bytes:
    out = BytesIO()
    PIL.Image.new("1", (2_000, 2_000)).save(out, format="PNG")
    return out.getvalue()


def test_examples_show_their_images_and_stay_the_same(see: Feature[Any]) -> None:
    first, second = asked(see, photo=JPEG), asked(see, photo=PNG)
    examples = see.example_messages
    assert is_clean(PNG, b64decode(json.loads(b"[" + examples.chat + b"]")[0]["content"][1]["image_url"]["url"][22:]))
    assert first.messages.startswith(examples.chat + b",")
    assert second.responses is not None
    assert second.responses.startswith(examples.responses + b",")


def test_a_repair_sends_the_images_again(see: Feature[Any]) -> None:
    from runtime.test_repair import Scripted  # pyright: ignore[reportMissingImports]

    model = Scripted('{"item":0,"about":""}', REPLY)
    with see.override(model=model, world=world()):
        see(photo=JPEG, items=[])
    first, second = (json.loads(b"[" + ask.messages + b"]") for ask in model.asked)
    assert second[-2]["content"][1] == first[-1]["content"][1]
    assert "last_reply" in second[-1]["content"]


def test_the_schema_of_the_input_says_base64(see: Feature[Any]) -> None:
    schema = see.input_schema["properties"]["photo"]
    assert (schema["type"], schema["contentEncoding"], schema["maxLength"]) == ("string", "base64", 27_308)
    assert see.plan.input.model_json_schema()["properties"]["photo"]["maxLength"] == 27_308


def test_a_module_without_pillow_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from promptspec.runtime import images

    monkeypatch.setattr(images, "is_missing", lambda: True)
    with pytest.raises(ModuleNotFoundError, match=r"install `promptspec\[image\]`"):
        images.image(10)


@pytest.mark.parametrize(("technique", "data", "rule"), [each for each in broken() if len(each[1]) <= 20_480])
def test_each_broken_image_is_refused_in_a_call(see: Feature[Any], technique: str, data: bytes, rule: str) -> None:
    with pytest.raises(InputRefused) as caught:
        asked(see, last=data)
    assert [(each.path, each.rule) for each in caught.value.violations] == [("input.last", rule)], technique
