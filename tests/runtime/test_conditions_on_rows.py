"""Conditions on rows, and what a refusal tells of keys that exist."""

from __future__ import annotations

from typing import Any

import pytest

import promptspec
from promptspec.errors import InputRefused
from promptspec.runtime.feature import Feature

SPEC = """promptspec 1

source orders = csv("orders.csv") {
    trust curated
    key id
    label title
    columns {
        owner: line(..40)
        title: line(..80)
    }
}

## Answers about an order.
feature answer {
    model "gpt-5.6-luna"
    caller signed_in
    input {
        order: one of orders where owner == caller.id
        others: list(..3) of one of orders
        note: text(..10)
    }
    output text(..80)
    require note != "no" else "not this"
}
"""


@pytest.fixture(scope="module")
def answer(tmp_path_factory: pytest.TempPathFactory) -> Feature[Any]:
    folder = tmp_path_factory.mktemp("rows")
    (folder / "orders.csv").write_text("id,owner,title\na1,ann,Alpha\nb1,bob,Beta\n")
    (folder / "answer.spec").write_text(SPEC)
    return promptspec.load(folder / "answer.spec").answer


def broken(answer: Feature[Any], **fields: object) -> list[tuple[str, str]]:
    with pytest.raises(InputRefused) as refused, answer.override(model=promptspec.replies("Yes.")):
        answer.call_fields({"others": [], **fields}, caller=promptspec.SignedIn("ann"))
    return [(violation.path, violation.rule) for violation in refused.value.violations]


@pytest.mark.parametrize("note", ["fine", "no", "far too long a note"])
def test_another_callers_row_is_refused_like_a_key_that_does_not_exist(answer: Feature[Any], note: str) -> None:
    assert broken(answer, order="b1", note=note) == broken(answer, order="zz", note=note)


def test_a_row_of_the_callers_own_is_accepted(answer: Feature[Any]) -> None:
    with answer.override(model=promptspec.replies("Yes.")):
        assert (
            answer.call_fields({"order": "a1", "others": [], "note": "x"}, caller=promptspec.SignedIn("ann")).value
            == "Yes."
        )


def test_a_list_of_rows_prints_their_labels_and_nothing_else(answer: Feature[Any]) -> None:
    rendered = answer.render_fields(
        {"order": "a1", "others": ["a1", "b1"], "note": "x"}, caller=promptspec.SignedIn("ann")
    )
    assert "Alpha, Beta" in rendered.messages[-1].content
    assert "owner" not in rendered.messages[-1].content


def test_a_prompt_is_not_rendered_for_nobody_where_rows_depend_on_the_caller(answer: Feature[Any]) -> None:
    with pytest.raises(promptspec.CallerRefused):
        answer.render_fields({"order": "a1", "others": [], "note": "x"})


def test_near_keys_stand_in_the_developers_log_and_in_no_message(
    answer: Feature[Any], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG", logger="promptspec"), pytest.raises(InputRefused) as refused:
        answer.render_fields({"order": "a1", "others": ["b11"], "note": "x"}, caller=promptspec.SignedIn("ann"))
    assert "spelt alike: b1" in caplog.text
    assert "b1" not in f"{refused.value} {refused.value.user_message}"
    assert "b11" not in caplog.text
