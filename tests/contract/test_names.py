"""Names that Python and pydantic cannot bear."""

from enum import StrEnum

import pytest
from pydantic import BaseModel

from promptspec.contract.names import TAKEN_BY_MODELS, TAKEN_BY_WORDS, python_name


def test_no_public_name_of_pydantic_can_name_a_field() -> None:
    assert {name for name in dir(BaseModel) if not name.startswith("_")} <= TAKEN_BY_MODELS


def test_no_public_name_of_str_or_enum_can_name_a_member() -> None:
    class Some(StrEnum):
        one = "one"

    public = {name for name in (*dir(str), *dir(Some), *dir(Some.one)) if not name.startswith("_")} - {"one"}
    assert public <= TAKEN_BY_WORDS


@pytest.mark.parametrize(
    ("written", "python"),
    [
        ("from", "from_"),
        ("class", "class_"),
        ("copy", "copy_"),
        ("_private", "private_"),
        ("title", "title"),
        ("_", "field_"),
    ],
)
def test_a_name_keeps_its_spelling_where_python_can_bear_it(written: str, python: str) -> None:
    assert python_name(written) == python


def test_a_member_cannot_be_called_like_a_method_of_str() -> None:
    assert python_name("title", TAKEN_BY_WORDS) == "title_"
