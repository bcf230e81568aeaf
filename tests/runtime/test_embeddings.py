"""Shortlists by embedding: who is asked for vectors, when, and what is refused where there are none."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.terminal import promptspec as run
from engines.fixtures import Engine
from promptspec import flags
from promptspec.errors import DeadlinePassed, InputRefused, ModelUnavailable, Moderated, SourceUnavailable, Stale
from promptspec.ledger.opening import open_ledger
from promptspec.loading import load
from promptspec.models.port import Model
from promptspec.models.scripted import Scripted
from promptspec.ports import World
from promptspec.runtime import v1 as ps
from promptspec.runtime.feature import Feature
from promptspec.runtime.host import HOST
from promptspec.runtime.reviewing import ReviewDesk
from promptspec.safety.callers import SignedIn
from promptspec.sources import embedded
from runtime.embedding_server import Embeddings, embedding_server

SPEC = """promptspec 1

model small = openai("mini") {{
    base_url "http://{host}/v1"
}}

source films = csv("films.csv") {{
    trust curated
    key id
    label title
    columns {{
        owner: line(..20)
        title: line(..80)
    }}
}}

## Finds a film.
feature pick {{
    model "gpt-5.6-luna"
    caller signed_in
    input {{
        wish: text(..200)
    }}
    require wish != "nothing" else "asks for nothing"
    find hits = films near wish by embedding small top 2 where owner == caller.id
    output one of hits
    {more}
    prompt {{
        system "You choose films."
        user \"\"\"
            {{{{ wish }}}}
            {{% for hit in hits %}}{{{{ hit }}}}. {{{{ hit.title }}}}
            {{% endfor %}}
            \"\"\"
    }}
}}

## Finds the films that are most like another.
feature like {{
    model "gpt-5.6-luna"
    caller anyone
    input {{
        film: one of films
    }}
    find hits = films near film by embedding small top 3 above 0.3
    output one of hits?
}}
"""
FILMS = """id,owner,title
a,ann,The late train
b,ann,The early train
c,ann,Summer garden
d,bob,The last train
e,eve,Zebra
"""
ANN = SignedIn("ann")
KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture
def server() -> Iterator[Embeddings]:
    with embedding_server() as told:
        yield told


def write(folder: Path, host: str, *, films: str = FILMS, more: str = "") -> Path:
    (folder / "pyproject.toml").write_text(f'[tool.promptspec]\nhosts = ["{host}"]\n')
    (folder / "films.csv").write_text(films)
    spec = folder / "films.spec"
    spec.write_text(SPEC.format(host=host, more=more))
    return spec


@pytest.fixture
def pulled(tmp_path: Path, server: Embeddings) -> Path:
    spec = write(tmp_path, server.host)
    seen = run("source", "pull", spec)
    assert seen.code == 0, seen.err
    return spec


def real(feature: Feature[Any]) -> Model:
    """Return the model of embeddings that an application would ask."""
    return feature.plan.embeddings[0].connect(HOST)


def calls(feature: Feature[Any], wish: str, *replies: str | Exception) -> tuple[Any, Scripted]:
    model = Scripted(*replies)
    with feature.override(model=model, embedder=real(feature)):
        return feature(wish=wish, caller=ANN), model


def shown(model: Scripted) -> str:
    return model.asked[-1].messages.decode()


# What is found


def test_rows_are_found_by_what_the_model_finds_near(pulled: Path, server: Embeddings) -> None:
    server.means = {"delayed railway": "late train"}
    server.asked.clear()
    found, model = calls(load(pulled).pick, "a delayed railway", '{"answer":1}')
    assert found.id == "a"
    assert server.texts == ["a delayed railway"]
    assert "The early train" in shown(model)
    assert "The last train" not in shown(model)  # another's


def test_the_request_holds_the_text_and_the_callers_hash_alone(
    pulled: Path, server: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMPTSPEC_ID_KEY", "k1:" + "a" * 64)
    server.asked.clear()
    calls(load(pulled).pick, "a train", '{"answer":1}')
    (asked,) = server.asked
    assert asked.pop("user").startswith("k1")
    assert asked == {
        "path": "/v1/embeddings",
        "model": "mini",
        "input": ["a train"],
        "encoding_format": "float",
    }


def test_asynchronous_calls_find_the_same(pulled: Path, server: Embeddings) -> None:
    pick = load(pulled).pick

    async def both() -> list[Any]:
        with pick.override(model=Scripted('{"answer":2}', '{"answer":2}'), embedder=real(pick)):
            return await asyncio.gather(*(pick.aio(wish="early train", caller=ANN) for _ in range(2)))

    assert [each.id for each in asyncio.run(both())] == ["a", "a"]
    assert server.asked


def test_a_row_is_not_near_itself_and_nothing_near_is_none(pulled: Path, server: Embeddings) -> None:
    like = load(pulled).like
    model = Scripted('{"answer":2}')
    with like.override(model=model, embedder=real(like)):
        assert like(film="a").id in {"b", "d"}
        assert "hits[2]" in shown(model)
        assert "hits[3]" not in shown(model)
        reply = like.call(film="e")
    assert reply.value is None
    assert reply.attempts == ()
    assert len(model.asked) == 1


def test_rendering_asks_for_the_vector(pulled: Path, server: Embeddings) -> None:
    like = load(pulled).like
    server.asked.clear()
    assert "The early train" in like.render(film="a").messages[-1].content
    assert len(server.asked) == 1


def test_rehearsals_and_stand_ins_ask_nobody(pulled: Path, server: Embeddings) -> None:
    pick = load(pulled).pick
    server.asked.clear()
    with pick.override(model=ps.replies("b")):
        assert pick(wish="early train", caller=ANN).id == "b"
    with pick.override(model=ps.Rehearse()):
        assert pick.call(wish="early train", caller=ANN).rehearsed
    assert server.asked == []


def test_in_a_large_source_the_likeliest_are_compared(
    tmp_path: Path, server: Embeddings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "MOST_COMPARED", 40)
    owners = ("ann", "bob", "eve")
    films = "id,owner,title\n" + "".join(f"k{at},{owners[at % 3]},Film {at * 7919} of many\n" for at in range(1_200))
    spec = write(tmp_path, server.host, films=films)
    assert run("source", "pull", spec).code == 0
    assert max(len(each["input"]) for each in server.asked) == 64
    pick = load(spec).pick
    found, _ = calls(pick, f"Film {600 * 7919} of many", '{"answer":1}')
    assert found.id == "k600"
    with pick.override(model=Scripted(), embedder=real(pick)), pytest.raises(InputRefused):
        pick(wish="Film 7919 of many", caller=SignedIn("nobody"))


# What is refused


def test_a_server_that_is_gone_refuses_the_call(pulled: Path, server: Embeddings) -> None:
    pick = load(pulled).pick
    model = Scripted('{"answer":1}')
    server.fails = 9
    server.asked.clear()
    with pick.override(model=model, embedder=real(pick)), pytest.raises(ModelUnavailable):
        pick(wish="a train", caller=ANN)
    assert len(server.asked) == 3  # and two retries
    assert model.asked == []


def test_vectors_and_replies_have_one_budget_of_retries(pulled: Path, server: Embeddings) -> None:
    server.fails = 2
    found, model = calls(load(pulled).pick, "a late train", '{"answer":1}')
    assert found.id == "a"
    server.fails = 2
    from promptspec.models.port import Unavailable

    pick = load(pulled).pick
    model = Scripted(Unavailable("busy", again=True), '{"answer":1}')
    with pick.override(model=model, embedder=real(pick)), pytest.raises(ModelUnavailable):
        pick(wish="a late train", caller=ANN)
    assert len(model.asked) == 1


def test_time_for_vectors_is_time_of_the_call(tmp_path: Path, server: Embeddings) -> None:
    spec = write(tmp_path, server.host, more="limits { time 500ms }")
    assert run("source", "pull", spec).code == 0

    class Slow(Scripted):
        async def ask(self, ask: Any, *, seconds: float) -> Any:
            await asyncio.sleep(60)

    pick = load(spec).pick
    model = Scripted('{"answer":1}')
    with pick.override(model=model, embedder=Slow()), pytest.raises(DeadlinePassed):
        pick(wish="a train", caller=ANN)
    assert model.asked == []


def vectors(*found: object) -> dict[str, object]:
    return {"data": [{"index": at, "embedding": each} for at, each in enumerate(found)]}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": []},
        {"data": [[0.1]]},
        vectors([]),
        vectors([0.0] * 128),
        vectors(["0.1"] * 128),
        vectors([True] * 128),
        vectors([1e200] * 128),
        vectors("AAAA"),
        vectors([0.1] * 5_000),
        vectors([0.1] * 128, [0.1] * 128),
        {"data": [{"index": 1, "embedding": [0.1] * 128}]},
        {"error": {"message": "no"}},
    ],
    ids=[
        "nothing", "none", "no object", "empty", "zeros", "words", "booleans", "infinite", "base64", "too long",
        "too many", "another place", "an error",
    ],
)  # fmt: skip
def test_what_is_no_vector_refuses_the_call(pulled: Path, server: Embeddings, body: object) -> None:
    server.body = body
    pick = load(pulled).pick
    model = Scripted('{"answer":1}')
    with pick.override(model=model, embedder=real(pick)), pytest.raises(ModelUnavailable):
        pick(wish="a train", caller=ANN)
    assert model.asked == []


def test_vectors_of_another_size_refuse_the_call(pulled: Path, server: Embeddings) -> None:
    server.body = vectors([0.1] * 64)
    with pytest.raises(SourceUnavailable, match="run `promptspec source pull`"):
        calls(load(pulled).pick, "a train", '{"answer":1}')


def test_without_vectors_of_the_rows_nobody_is_asked(tmp_path: Path, server: Embeddings) -> None:
    pick = load(write(tmp_path, server.host)).pick
    with pytest.raises(SourceUnavailable, match="run `promptspec source pull`"):
        calls(pick, "a train", '{"answer":1}')
    assert server.asked == []


def test_a_row_without_a_vector_refuses_calls(pulled: Path, server: Embeddings) -> None:
    with (pulled.parent / "films.csv").open("a") as file:
        file.write("f,ann,The slow train\n")
    with pytest.raises(SourceUnavailable, match="not every row has a vector"):
        calls(load(pulled).pick, "a train", '{"answer":1}')


def test_vectors_that_were_cut_off_refuse_calls(pulled: Path, server: Embeddings) -> None:
    (path,) = (pulled.parent / "snapshots").glob("films.*.vectors")
    path.write_bytes(path.read_bytes()[:-4])
    with pytest.raises(SourceUnavailable, match="cut off"):
        calls(load(pulled).pick, "a train", '{"answer":1}')


# The order of a call


def test_what_require_refuses_is_not_sent(pulled: Path, server: Embeddings) -> None:
    server.asked.clear()
    with pytest.raises(InputRefused):
        calls(load(pulled).pick, "nothing", '{"answer":1}')
    assert server.asked == []


def test_an_empty_text_is_near_nothing_and_not_sent(pulled: Path, server: Embeddings) -> None:
    server.asked.clear()
    with pytest.raises(InputRefused) as caught:
        calls(load(pulled).pick, "", '{"answer":1}')
    assert [each.rule for each in caught.value.violations] == ["nothing_near"]
    assert server.asked == []


def test_what_moderation_flags_is_not_sent(tmp_path: Path, server: Embeddings) -> None:
    (tmp_path / "blocked.txt").write_text("zebra\n")
    spec = write(tmp_path, server.host, more='moderate input with words("blocked.txt")\n    moderate input, output')
    assert run("source", "pull", spec).code == 0
    pick = load(spec).pick
    server.asked.clear()
    moderator = Scripted()  # answers nothing, so that nothing is known to be clean
    for wish, stand_in in (("a zebra", None), ("a train", flags(input=True)), ("a train", moderator)):
        model = Scripted('{"answer":1}')
        with (
            pick.override(model=model, embedder=real(pick), moderator=stand_in),
            pytest.raises(Moderated),
        ):
            pick(wish=wish, caller=ANN)
        assert (server.asked, model.asked) == ([], [])


def test_what_is_moderated_beside_an_answer_is_moderated_before_it_is_embedded(
    tmp_path: Path, server: Embeddings
) -> None:
    spec = write(tmp_path, server.host, more="moderate input")
    assert run("source", "pull", spec).code == 0
    pick = load(spec).pick
    assert pick.moderates_inline == "omni-moderation-latest"
    server.asked.clear()
    model = Scripted('{"answer":1}')
    moderator = Scripted()
    with (
        pick.override(model=(model,), embedder=real(pick), moderator=(moderator,)),
        pytest.raises(Moderated),
    ):
        pick(wish="a train", caller=ANN)
    assert len(moderator.asked) == 1
    assert (server.asked, model.asked) == ([], [])


def test_a_held_reply_is_looked_up_again_before_it_is_let_through(tmp_path: Path, server: Embeddings) -> None:
    spec = write(tmp_path, server.host, more="review always")
    assert run("source", "pull", spec).code == 0
    ledger = open_ledger(":memory:")
    environment = {"PROMPTSPEC_ID_KEY": KEY}
    world = World(clock=HOST.clock, entropy=HOST.entropy, environment=environment)
    pick = load(spec).pick
    try:

        def held() -> Any:
            return pick.call(wish="a late train", caller=ANN, idempotency_key="k")

        def polled() -> Any:
            return pick.held(ticket, caller=ANN).poll()

        def override() -> Any:
            return pick.override(model=Scripted('{"answer":1}'), embedder=real(pick), world=world, ledger=ledger)

        with override():
            ticket = held().ticket.id
            assert held().ticket.id == ticket
        ReviewDesk(ledger, world, by="Eve").approve(ticket)
        server.asked.clear()
        server.fails = 9
        with override(), pytest.raises(ModelUnavailable):
            polled()
        server.fails = 0
        with override():
            assert polled().value.id == "a"
        assert set(server.texts) == {"a late train"}
        (tmp_path / "films.csv").write_text(FILMS.replace("a,ann", "a,bob"))
        assert run("source", "pull", spec).code == 0
        pick = load(spec).pick
        with override(), pytest.raises(Stale):
            polled()
    finally:
        ledger.close()


# Pulling and building


def test_only_rows_whose_text_changed_are_embedded_again(pulled: Path, server: Embeddings) -> None:
    assert sorted(server.texts) == sorted(
        ["The late train\nann", "The early train\nann", "Summer garden\nann", "The last train\nbob", "Zebra\neve"]
    )
    server.asked.clear()
    seen = run("source", "pull", pulled)
    assert (seen.code, server.asked) == (0, [])
    (path,) = (pulled.parent / "snapshots").glob("films.*.vectors")
    before = path.read_bytes()
    rows = FILMS.replace("Summer garden", "Winter garden").splitlines()
    (pulled.parent / "films.csv").write_text("\n".join([rows[0], *rows[:0:-1]]) + "\n")
    seen = run("source", "pull", "--check", pulled)
    assert (seen.code, server.asked, path.read_bytes()) == (1, [], before)
    assert run("source", "pull", pulled).code == 0
    assert server.texts == ["Winter garden\nann"]
    assert run("source", "pull", "--check", pulled).code == 0
    found, _ = calls(load(pulled).pick, "a garden in winter", '{"answer":1}')
    assert found.id == "c"


def test_a_build_has_the_vectors_and_sees_when_they_change(pulled: Path, server: Embeddings, tmp_path: Path) -> None:
    out = tmp_path / "features"
    server.asked.clear()
    assert run("build", pulled, "--out", out).code == 0
    (path,) = out.glob("films.*.vectors")
    assert run("build", pulled, "--check", "--out", out).code == 0
    data = path.read_bytes()
    changed = data[:-1] + bytes([data[-1] ^ 1])
    path.write_bytes(changed)
    assert run("build", pulled, "--check", "--out", out).code == 1
    assert run("build", pulled, "--out", out).code == 0
    assert path.read_bytes() == data
    (beside,) = (pulled.parent / "snapshots").glob("films.*.vectors")
    beside.write_bytes(changed)
    assert run("build", pulled, "--check", "--out", out).code == 1
    assert run("build", pulled, "--out", out).code == 0
    (other,) = out.glob("films.*.vectors")
    assert other.name != path.name
    assert server.asked == []


def test_vectors_that_come_later_are_built(tmp_path: Path, server: Embeddings) -> None:
    spec, out = write(tmp_path, server.host), tmp_path / "features"
    assert run("build", spec, "--out", out).code == 0
    assert list(out.glob("*.vectors")) == []
    load(spec)
    assert run("source", "pull", f"{spec}:films").code == 0
    assert run("build", spec, "--out", out).code == 0
    assert len(list(out.glob("*.vectors"))) == 1
    found, _ = calls(load(spec).pick, "a late train", '{"answer":1}')
    assert found.id == "a"


def test_a_pull_that_gets_no_vectors_leaves_those_that_are_there(pulled: Path, server: Embeddings) -> None:
    (path,) = (pulled.parent / "snapshots").glob("films.*.vectors")
    before = path.read_bytes()
    with (pulled.parent / "films.csv").open("a") as file:
        file.write("f,ann,The slow train\n")
    server.fails = 9
    seen = run("source", "pull", pulled)
    assert seen.code == 3
    assert "no vectors of `films`" in seen.err
    assert path.read_bytes() == before
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_check_and_build_contact_nobody(tmp_path: Path) -> None:
    spec = write(tmp_path, "127.0.0.1:1")
    assert run("check", spec).code == 0
    assert run("build", spec, "--out", tmp_path / "features").code == 0
    assert run("source", "pull", spec).code == 3
    shutil.rmtree(tmp_path / "features")


def test_evaluation_asks_the_model(pulled: Path, server: Embeddings) -> None:
    server.means = {"delayed railway": "late train"}
    labelled = pulled.parent / "labelled.jsonl"
    labelled.write_text(
        '{"given": {"film": "a"}, "key": "b"}\n{"given": {"film": "e"}, "key": null}\n', encoding="utf-8"
    )
    server.asked.clear()
    seen = run("source", "evaluate", f"{pulled}:like", labelled, "--format", "json")
    assert seen.code == 0, seen.err
    told = json.loads(seen.out)
    assert (told["found"]["3"]["hits"], told["none"]["hits"]) == (1, 1)
    assert server.texts == ["The late train\nann", "Zebra\neve"]
    server.fails = 9
    assert run("source", "evaluate", f"{pulled}:like", labelled).code == 3


# A server that nobody here wrote


def test_llama_cpp_makes_the_vectors(tmp_path: Path, llama_embeddings: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LLM_KEY", llama_embeddings.key)
    host = llama_embeddings.url.removeprefix("http://")
    spec = write(tmp_path, host)
    spec.write_text(
        spec.read_text()
        .replace('/v1"\n', '/v1"\n    key env("LLM_KEY")\n    server llama_cpp\n')
        .replace('openai("mini")', 'openai("tiny")')
    )
    (tmp_path / "pyproject.toml").write_text(f'[tool.promptspec]\nhosts = ["{host}"]\nenv = ["LLM_KEY"]\n')
    seen = run("source", "pull", spec)
    assert seen.code == 0, seen.err
    assert "made    5" in seen.out
    pick = load(spec).pick
    # Vectors of random weights know nothing, but the same text is nearest to itself.
    found, model = calls(pick, "Summer garden\nann", '{"answer":1}')
    assert found.id == "c"
    assert "Zebra" not in shown(model)
    monkeypatch.setenv("LLM_KEY", "another")
    with pytest.raises(ModelUnavailable):
        calls(pick, "Summer garden", '{"answer":1}')
