"""Where an image may stand in a spec, and what may be said of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from check.specs import checked, codes, feature, said
from promptspec.check.images import MOST_EXAMPLE
from promptspec.check.prompts import IMAGE_NOTE
from promptspec.contract import types as t
from promptspec.contract.feature import Fixed, Message
from promptspec.fuzz.reference_images import whole
from promptspec.trials import check_paths

ITEM = "record Item {\n    key name: line(1..9)\n    photo: image(..1mb)\n}\n"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("image(..4mb)", []),
        ("image(..1kb)", []),
        ("image(..20mb)", []),
        ("image(..4mb)?", []),
        ("list(..3) of image(..4mb)", []),
        ("image", ["PS301"]),
        ("image(1kb..4mb)", ["PS302"]),
        ("image(..21mb)", ["PS302"]),
        ("image(..0kb)", ["PS302"]),
        ("set(..3) of image(..4mb)", ["PS312"]),
        ('image(..4mb) = "a.png"', ["PS312"]),
    ],
)
def test_an_image_has_a_cap_and_stands_alone_or_in_lists(written: str, expected: list[str]) -> None:
    assert codes(feature(input=f"photo: {written}")) == expected


def test_a_cap_is_counted_in_bytes() -> None:
    assert checked(feature(input="photo: image(..4mb)")).input.fields[0].type == t.Image(most=4 * 1024 * 1024)


@pytest.mark.parametrize("output", ["image(..1mb)", "{ photo: image(..1mb) }", "list(..2) of Item", "Item"])
def test_no_reply_holds_an_image(output: str) -> None:
    assert codes(ITEM + feature(output=output)) == ["PS312"]


def test_no_column_holds_an_image() -> None:
    text = 'source films = csv("films.csv") {\n    key id\n    columns { photo: image(..1mb) }\n}\n'
    assert set(codes(text + feature(input="film: one of films"), films_csv="id,photo\n1,x\n")) == {"PS312"}


def test_no_key_is_an_image() -> None:
    assert codes("record Item {\n    key photo: image(..1mb)\n}\n") == ["PS314"]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("last != none", []),
        ("len(photos) < 3", []),
        ("all p in photos: last != none", []),
        ("photo != none", ["PS316"]),
        ("photo == photo", ["PS316"]),
        ("photo in photos", ["PS316"]),
        ("len(photo) < 9", ["PS318"]),
        ("distinct(photos)", ["PS318"]),
        ("lower(photo) == lower(photo)", ["PS318"]),
        ("photo.width < 9", ["PS202"]),
        ("photo matches /a/", ["PS316"]),
        ("photo", ["PS316"]),
    ],
)
def test_only_the_presence_of_an_image_can_be_asked_for(condition: str, expected: list[str]) -> None:
    fields = "photo: image(..1mb) photos: list(..3) of image(..1mb) last: image(..1mb)?"
    assert codes(feature(f'require {condition} else "is odd"', input=fields)) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ('user "{{ photo }}{% for p in photos %}{{ p }}{% endfor %}{{ item.photo }}"', []),
        ('user "{{ photo }}{% for p in photos %}{{ p }}{% endfor %}{{ item }}"', ["PS316"]),
        ('user "{{ photo }}{{ photos }}{{ item.photo }}"', ["PS316"]),
        ('system "{{ photo }}"\n    user "{% for p in photos %}{{ p }}{% endfor %}{{ item.photo }}"', ["PS401"]),
        ('user "{% if photo %}x{% endif %}{% for p in photos %}{{ p }}{% endfor %}{{ item.photo }}"', ["PS316"]),
    ],
)
def test_an_image_is_printed_by_itself_in_a_user_message(prompt: str, expected: list[str]) -> None:
    fields = "photo: image(..1mb) photos: list(..3) of image(..1mb) item: Item"
    assert codes(ITEM + feature(f"prompt {{\n    {prompt}\n}}", input=fields)) == expected


def test_a_prompt_that_the_compiler_writes_shows_each_image() -> None:
    found = checked(feature(input="photo: image(..1mb) photos: list(..3) of image(..1mb) last: image(..1mb)?"))
    system = found.messages[0]
    assert isinstance(system, Message)
    assert isinstance(system.parts[0], Fixed)
    assert system.parts[0].text.endswith(IMAGE_NOTE)


def test_an_image_in_a_record_needs_a_prompt() -> None:
    assert said(ITEM + feature(input="items: list(..3) of Item")) == [
        "PS405 an image stands in `items`, and nothing says where it is shown"
    ]


def test_a_prompt_without_images_says_nothing_of_them() -> None:
    system = checked(feature()).messages[0]
    assert isinstance(system, Message)
    assert isinstance(system.parts[0], Fixed)
    assert IMAGE_NOTE not in system.parts[0].text


@pytest.mark.parametrize(
    ("value", "expected"),
    [('"gone.png"', "PS118"), ("3", "PS601"), ('"../films.csv"', "PS119"), ('"films.csv"', "PS604")],
)
@pytest.mark.parametrize("kind", ["photo", "photos"])
def test_an_example_names_a_file_that_is_an_image(kind: str, value: str, expected: str, tmp_path: Path) -> None:
    (tmp_path / "films.csv").write_text("id\n1\n")
    fields, value = ("image(..1mb)", value) if kind == "photo" else ("list(..2) of image(..1mb)", f"[{value}]")
    example = f'example "a" {{\n    given {{ photo: {value} }}\n    returns true\n}}'
    spec = tmp_path / "shop.spec"
    spec.write_text("promptspec 1\n\n" + feature(example, input=f"photo: {fields}"))
    assert [d.code for d in check_paths([spec]).diagnostics] == [expected]


def test_an_image_of_an_example_is_small(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(b"x" * (MOST_EXAMPLE + 1))
    spec = tmp_path / "shop.spec"
    example = 'example "a" {\n    given { photo: "large.png" }\n    returns true\n}'
    spec.write_text("promptspec 1\n\n" + feature(example, input="photo: image(..4mb)"))
    assert [d.code for d in check_paths([spec]).diagnostics] == ["PS108"]


def test_an_image_of_an_example_is_part_of_the_stamp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    example = 'example "a" {\n    given { photo: "a.png" }\n    returns true\n}'
    spec = tmp_path / "shop.spec"
    spec.write_text("promptspec 1\n\n" + feature(example, input="photo: image(..4mb)"))
    modules: list[str | None] = []
    for data in whole()[:2]:
        (tmp_path / "a.png").write_bytes(data)
        found = check_paths([spec])
        assert not found.diagnostics
        modules.append(found.units[0].code)
    assert modules[0] != modules[1]


@pytest.mark.parametrize("by", ['words("blocked.txt")', "openai"])
def test_images_are_moderated_by_servers_alone(by: str) -> None:
    found = codes(feature(f"moderate input with {by}", input="photo: image(..1mb)"), blocked_txt="snark\n")
    assert found == (["PS903"] if by.startswith("words") else [])


@pytest.mark.parametrize(
    ("clauses", "found"),
    [
        ('moderate input with words("blocked.txt")', ["PS909"]),
        ('moderate input with words("blocked.txt")\n    moderate output', ["PS909"]),
        ('moderate input with words("blocked.txt")\n    moderate input, output', []),
        ('moderate output with words("blocked.txt")', []),
    ],
    ids=["words", "a server for the other side", "a server too", "a side without images"],
)
def test_an_image_beside_a_text_that_nobody_looks_at_is_told(clauses: str, found: list[str]) -> None:
    spec = feature(clauses, input="note: text(..80)\n        photos: list(..2) of image(..1mb)", output="text(..80)")
    assert codes(spec, blocked_txt="snark\n") == found
