"""Items that fail an `ensure … else drop` are left out, in order, and the reply says which."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from codegen.specs import write_spec
from promptspec.errors import ReplyRefused
from promptspec.loading import load
from promptspec.runtime.feature import Feature
from promptspec.runtime.overrides import wires
from promptspec.safety.callers import Session
from runtime.shop import world

SPEC = """
record Report {
    items: list(2..6) of { what: line(1..40)  weight: decimal(0..99_999_999_999_999, 4) }
}

feature plan {
    model rehearsal()
    input {
        people: list(1..5) of { key name: line(1..20) }
        cap: decimal(0..99_999_999_999_999, 4)
        note: text(1..100)
    }
    output {
        report: Report
        who: list(..5) of one of people
        tips: list(..3) of line(1..20)?
        tags: set(1..4) of line(1..20)
        from: list(..4) of int(0..9)
    }
    ensure len(who) > 0 else "names nobody"
    ensure all i in report.items: i.weight * 2 <= cap else drop "weighs too much"
    ensure all w in who: w.name != "Bob" else drop "is Bob"
    ensure all t in tips: t != "no" when tips != none else drop "is no tip"
    ensure all t in tags: t != "bad" else drop "is bad"
    ensure all n in from: n > 2 else drop "is too small"
    ensure all n in from: n < 8 and len(from) < 4 else drop "is too large, or one of many"
}

feature pick {
    model rehearsal()
    input { note: text(1..100) }
    output list(1..4) of line(1..20)
    ensure all x in output: x != note else drop "is the note"
}
"""
GIVEN = {"people": [{"name": "Ann"}, {"name": "Bob"}, {"name": "Cy"}], "cap": 10, "note": "no"}
REPLY: dict[str, Any] = {
    "report": {"items": [{"what": letter, "weight": weight} for letter, weight in (("a", 1), ("b", 9), ("c", 5))]},
    "who": [2, 1, 2, 3],
    "tips": None,
    "tags": ["good", "bad", "fine"],
    "from": [9, 1, 5, 2],
}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Feature[Any]]]:
    folder = tmp_path_factory.mktemp("drop")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield dict(
            load(
                write_spec(folder, SPEC.replace("model rehearsal()", "model dry") + "model dry = rehearsal()\n")
            ).features
        )


def call(feature: Feature[Any], given: object, reply: object) -> Any:
    with feature.override(model=wires(json.dumps(reply)), world=world()):
        return feature.call_fields(given, caller=Session("s"))  # type: ignore[arg-type]


def changed(**changes: object) -> dict[str, Any]:
    return {**REPLY, **changes}


def test_what_fails_is_left_out_in_order_and_told(features: dict[str, Feature[Any]]) -> None:
    reply = call(features["plan"], GIVEN, REPLY)
    assert [item.what for item in reply.value.report.items] == ["a", "c"]
    assert [person.name for person in reply.value.who] == ["Ann", "Cy"]
    assert reply.value.tags == ("good", "fine")
    assert reply.value.from_ == (5,)
    assert [(each.path, each.rule) for each in reply.dropped] == [
        ("output.report.items[1]", "ensure_2"),
        ("output.who[0]", "ensure_3"),
        ("output.who[2]", "ensure_3"),
        ("output.tags[1]", "ensure_5"),
        ("output.from[1]", "ensure_6"),
        ("output.from[3]", "ensure_6"),
        ("output.from[0]", "ensure_7"),
    ]
    assert "bad" not in repr(reply)


def test_other_rules_are_judged_on_what_is_left(features: dict[str, Feature[Any]]) -> None:
    with pytest.raises(ReplyRefused) as caught:
        call(features["plan"], GIVEN, changed(who=[2, 2]))
    assert [each.rule for each in caught.value.violations] == ["ensure_1"]


def test_a_list_that_falls_under_its_bound_refuses_the_reply(features: dict[str, Feature[Any]]) -> None:
    with pytest.raises(ReplyRefused) as caught:
        call(features["plan"], GIVEN, changed(tags=["bad"], from_=[], **{"from": []}))
    assert [(each.path, each.rule) for each in caught.value.violations] == [("output", "unknown_field")]
    with pytest.raises(ReplyRefused) as caught:
        call(features["plan"], GIVEN, changed(tags=["bad"]))
    assert [(each.path, each.rule) for each in caught.value.violations] == [("output.tags", "ensure_5")]


def test_an_optional_list_is_judged_where_it_is_there(features: dict[str, Feature[Any]]) -> None:
    assert call(features["plan"], GIVEN, changed(tips=["yes", "no"])).value.tips == ("yes",)


def test_arithmetic_that_overflows_drops_its_item_alone(features: dict[str, Feature[Any]]) -> None:
    items = [{"what": "a", "weight": 1}, {"what": "b", "weight": 1}, {"what": "c", "weight": 99_999_999_999_999}]
    reply = call(features["plan"], GIVEN | {"cap": 10}, changed(report={"items": items}))
    assert len(reply.value.report.items) == 2


def test_a_bare_list_loses_items(features: dict[str, Feature[Any]]) -> None:
    reply = call(features["pick"], {"note": "no"}, {"answer": ["a", "no", "b"]})
    assert reply.value == ("a", "b")
    assert [(each.path, each.rule) for each in reply.dropped] == [("output[1]", "ensure_1")]


def test_nothing_is_told_where_nothing_fails(features: dict[str, Feature[Any]]) -> None:
    assert call(features["pick"], {"note": "no"}, {"answer": ["a"]}).dropped == ()


def test_a_list_that_is_too_short_is_mended(features: dict[str, Feature[Any]]) -> None:
    scripted = wires(json.dumps({"answer": ["no"]}), json.dumps({"answer": ["no", "b"]}))
    with features["pick"].override(model=scripted, world=world()):
        reply = features["pick"].call_fields({"note": "no"}, caller=Session("s"))
    assert reply.value == ("b",)
    assert [each.outcome for each in reply.attempts] == ["refused", "answered"]
