"""Shortlists in calls: what is offered, what a reply may name of it, and what is answered without asking."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

import promptspec
from promptspec.errors import InputRefused, ReplyRefused
from promptspec.runtime.feature import Feature
from promptspec.runtime.v1 import Rehearse

SPEC = """promptspec 1

source films = csv("films.csv") {
    trust curated
    key id
    label title
    columns {
        owner: line(..20)
        title: line(..80)
        plot: text(..200)
    }
}

## Finds a film.
feature pick {
    model "gpt-5.6-luna"
    caller signed_in
    input {
        wish: text(1..200)
    }
    find hits = films near wish top 2 where owner == caller.id
    output {
        best: one of hits?
        others: list(..2) of one of hits
    }
    prompt {
        system "You choose films."
        user \"\"\"
            {{ wish }}
            {% for hit in hits %}{{ hit }}. {{ hit.title }}{% endfor %}
            \"\"\"
    }
}

## Finds the film that is most like another.
feature like {
    model "gpt-5.6-luna"
    caller anyone
    input {
        film: one of films
    }
    find hits = films near film top 3 above 0.2
    output one of hits
}
"""
FILMS = """id,owner,title,plot
a,ann,The late train,A train that never comes.
b,ann,The early train,A train that leaves too soon.
c,ann,Summer,A garden.
d,bob,The last train,A train.
e,eve,Zebra,Qqq.
"""
ANN = promptspec.SignedIn("ann")


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder: Path = tmp_path_factory.mktemp("films")
    (folder / "films.csv").write_text(FILMS)
    (folder / "films.spec").write_text(SPEC)
    return promptspec.load(folder / "films.spec")


@pytest.fixture(scope="module")
def pick(films: Any) -> Feature[Any]:
    return films.pick


def refused(pick: Feature[Any], wire: object) -> list[tuple[str, str]]:
    with pick.override(model=promptspec.wires(json.dumps(wire))), pytest.raises(ReplyRefused) as error:
        pick.call(wish="a late train", caller=ANN)
    return [(violation.path, violation.rule) for violation in error.value.violations]


def test_a_number_gives_the_row(pick: Feature[Any]) -> None:
    with pick.override(model=promptspec.wires('{"best": 1, "others": [2]}')):
        reply = pick(wish="a late train", caller=ANN)
    assert (reply.best.id, reply.best.title) == ("a", "The late train")
    assert [film.id for film in reply.others] == ["b"]


@pytest.mark.parametrize("number", [3, -1, 2**50])
def test_a_number_beyond_the_list_is_refused(pick: Feature[Any], number: int) -> None:
    assert refused(pick, {"best": number, "others": []}) == [("output.best", "one_of")]


@pytest.mark.parametrize("value", ["a", "1", True, 1.5, [1], {"id": "a"}])
def test_what_is_no_number_is_refused(pick: Feature[Any], value: object) -> None:
    assert refused(pick, {"best": value, "others": []}) == [("output.best", "type")]


def test_none_is_refused_where_it_is_not_declared(pick: Feature[Any]) -> None:
    assert refused(pick, {"best": 0, "others": [0]}) == [("output.others[0]", "one_of")]


def test_rows_of_another_caller_are_not_offered(pick: Feature[Any]) -> None:
    with pick.override(model=promptspec.replies({"best": "d", "others": []})), pytest.raises(ReplyRefused):
        pick(wish="the last train", caller=ANN)
    with pick.override(model=promptspec.replies({"best": "d", "others": []})):
        assert pick(wish="the last train", caller=promptspec.SignedIn("bob")).best.id == "d"


def test_entries_stand_fenced_though_their_source_is_curated(pick: Feature[Any]) -> None:
    rendered = pick.render(wish="a late train", caller=ANN)
    system, user = rendered.messages
    assert "train" not in system.content
    assert f"[[hits[1].title {rendered.tag}]]The late train[[/hits[1].title {rendered.tag}]]" in user.content


def test_nothing_near_is_answered_without_asking(pick: Feature[Any]) -> None:
    with pick.override(model=promptspec.wires("nobody is asked")):
        reply = pick.call(wish="xyzzy", caller=ANN)
    assert reply.value.best is None
    assert reply.value.others == ()
    assert (reply.attempts, reply.rehearsed, reply.model) == ((), False, "")


def test_a_row_is_not_near_itself(films: Any) -> None:
    content = films.like.render(film="a").messages[-1].content
    offered = content.partition("hits:")[2]
    assert "The early train" in offered
    assert "The late train" not in offered


def test_where_a_reply_must_choose_nothing_near_is_refused(films: Any) -> None:
    with pytest.raises(InputRefused) as error, films.like.override(model=promptspec.replies("a")):
        films.like(film="e")
    assert [(v.path, v.rule) for v in error.value.violations] == [("input.film", "nothing_near")]


def test_the_schema_is_the_same_for_every_call(pick: Feature[Any]) -> None:
    best = pick.output_schema["properties"]["best"]
    assert (best["type"], best["minimum"], best["maximum"]) == ("integer", 0, 2)


def test_a_rehearsal_chooses_from_what_is_offered(pick: Feature[Any]) -> None:
    with pick.override(model=Rehearse()):
        reply = pick(wish="an early train", caller=ANN)
    assert reply.best is None or reply.best.owner == "ann"


def test_nothing_near_is_answered_without_asking_in_asynchronous_code(pick: Feature[Any]) -> None:
    with pick.override(model=promptspec.wires("nobody is asked")):
        assert asyncio.run(pick.aio(wish="xyzzy", caller=ANN)).best is None
