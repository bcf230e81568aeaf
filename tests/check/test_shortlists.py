"""`find`: what may be near what, and what a prompt may do with what was found."""

from __future__ import annotations

import pytest

from check.specs import checked, codes, compiled, feature, said
from promptspec.check import embeddings
from promptspec.contract.types import OneOfShortlist

FILMS = """source films = csv("films.csv") {
    key id
    label title
    columns { title: line(..80) plot: text(..90) }
}
"""
CSV = "id,title,plot\n1,Alien,In space\n2,Heat,In a city\n"
FIND = "find hits = films near message top 2"


def found(*clauses: str, output: str = "one of hits", input: str = "message: text(1..200)") -> list[str]:
    return said(FILMS + feature(*clauses, input=input, output=output), films_csv=CSV)


def test_a_shortlist_is_near_a_text_and_a_reply_chooses_from_it() -> None:
    only = checked(FILMS + feature(FIND, output="one of hits?"), films_csv=CSV)
    assert [(each.name, each.top, each.field) for each in only.shortlists] == [("hits", 2, "message")]
    assert isinstance(only.output.fields[0].type, OneOfShortlist)


def test_a_row_is_near_others_by_its_label_and_its_texts() -> None:
    only = checked(FILMS + feature("find hits = films near film top 2", input="film: one of films"), films_csv=CSV)
    assert len(only.shortlists[0].near) == 2
    assert only.shortlists[0].itself is not None


@pytest.mark.parametrize("name", ["message", "films"])
def test_a_shortlist_has_a_name_of_its_own(name: str) -> None:
    assert codes(FILMS + feature(f"find {name} = films near message top 2"), films_csv=CSV)[0] == "PS201"


def test_two_shortlists_of_one_name_are_refused() -> None:
    assert found(FIND, FIND) == ["PS201 `hits` is a shortlist already"]


def test_a_source_that_nobody_declared_is_refused() -> None:
    assert found("find hits = film near message top 2") == ["PS311 there is no source `film`"]


def test_a_shortlist_has_its_own_condition() -> None:
    told = found(FIND, output='one of hits where title == "Heat"')
    assert told == ["PS312 a shortlist has its own `where`"]


def test_a_shortlist_is_open_in_a_system_message() -> None:
    loop = "{% for hit in hits %}{{ hit }}{% endfor %}"
    prompt = f'prompt {{\n    system "{loop}"\n    user "{{{{ message }}}} {loop}"\n}}'
    assert [line[:5] for line in found(FIND, prompt)] == ["PS401"]


def test_a_condition_on_whether_there_is_something_is_open_in_a_system_message() -> None:
    loop = "{% for hit in hits %}{{ hit }}{% endfor %}"
    prompt = f'prompt {{\n    system "{{% if hits %}}a{{% endif %}}"\n    user "{{{{ message }}}} {loop}"\n}}'
    assert [line[:5] for line in found(FIND, prompt)] == ["PS401"]


def test_a_shortlist_is_not_printed_whole() -> None:
    prompt = 'prompt {\n    user "{{ message }} {{ hits }}"\n}'
    assert [line[:5] for line in found(FIND, prompt)] == ["PS407", "PS316"]


def test_columns_of_entries_are_fenced_though_the_source_is_curated() -> None:
    from promptspec.check.prompts import prints_of
    from promptspec.contract.feature import Message
    from promptspec.contract.types import Trust

    text = FILMS.replace("key id", "trust curated\n    key id") + feature(FIND, output="one of hits")
    (user,) = [m for m in checked(text, films_csv=CSV).messages if isinstance(m, Message) and m.role == "user"]
    trusts = {each.path: each.trust for each in prints_of(user.parts)}
    assert trusts == {
        "message": Trust.OPEN,
        "hits[]": Trust.CLOSED,
        "hits[].title": Trust.OPEN,
        "hits[].plot": Trust.OPEN,
    }


def test_the_largest_prompt_holds_the_largest_shortlist() -> None:
    small, large = (
        checked(FILMS + feature(f"find hits = films near message top {top}", output="one of hits"), films_csv=CSV)
        for top in (1, 11)
    )
    assert large.largest_prompt - small.largest_prompt >= 10 * (80 + 90)


def test_a_shortlist_is_taken_from_defaults() -> None:
    shared = f"defaults shop {{\n    {FIND}\n}}\n"
    assert codes(FILMS + shared + feature(name="sort with shop", output="one of hits"), films_csv=CSV) == []


def test_rows_of_a_shortlist_are_compared_with_rows_of_its_source() -> None:
    rule = 'ensure hit != film else "the same"'
    given = "message: text(1..9) film: one of films"
    assert found(FIND, rule, input=given, output="{ hit: one of hits }") == []


OWNED = """source orders = csv("orders.csv") {
    key id
    label title
    columns { owner: line(..20) title: line(..80) }
}
"""


def owned(clause: str, rows: int, models: str = "") -> list[str]:
    csv = "id,owner,title\n" + "".join(f"k{at},ann,Order {at}\n" for at in range(rows))
    only = feature(f"caller session\nfind hits = orders near message {clause}", input="message: text(1..200)")
    return said(models + OWNED + only, orders_csv=csv)


def test_nearness_of_many_rows_says_nothing_of_those_of_others() -> None:
    clause = "top 3 where owner == caller.id above 0.4"
    assert owned(clause, 1_000) == []
    (found,) = owned(clause, 1_001)
    assert found.startswith("PS322 `above` would tell what rows of others hold")
    assert owned("top 3 where owner == caller.id", 1_001) == []
    assert owned('top 3 where owner == "ann" above 0.4', 1_001) == []
    by_embedding = "by embedding small top 3 where owner == caller.id above 0.4"
    assert owned(by_embedding, 1_001, 'model small = openai("mini")\n') == []


MODELS = """
model small = openai("text-embedding-3-small")
model warm = openai("text-embedding-3-small") {
    temperature 0.2
}
model robust = first small, warm
model dry = rehearsal()
"""


def embedded(model: str, films: str = FILMS, csv: str = CSV) -> list[str]:
    clause = f"find hits = films near message by embedding {model} top 2"
    return said(MODELS + films + feature(clause), films_csv=csv)


def test_a_shortlist_by_embedding_is_made_by_one_model() -> None:
    assert embedded("small") == []
    assert embedded("smal") == ["PS202 there is no model `smal`"]
    assert embedded("robust") == ["PS322 `robust` is not one model that makes vectors"]
    assert embedded("dry") == ["PS322 `dry` is not one model that makes vectors"]
    assert embedded("warm") == ["PS322 `temperature` means nothing to a model that makes vectors"]


def test_the_hosts_and_variables_of_a_model_of_embeddings_are_those_of_the_module() -> None:
    at_home = 'model home = openai("mini") {\n    base_url "http://127.0.0.1:8080/v1"\n}\n'
    clause = "find hits = films near message by embedding home top 2"
    assert codes(at_home + FILMS + feature(clause), films_csv=CSV) == ["PS807"]
    keyed = 'model home = openai("mini") {\n    key env("EMBED_KEY")\n}\n'
    assert codes(keyed + FILMS + feature(clause), films_csv=CSV) == ["PS806"]


def test_vectors_are_compared_of_so_many_rows_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embeddings, "MOST_TEXTS", 1)
    (found,) = embedded("small")
    assert found.startswith("PS322 `films` has ")
    assert compiled(FILMS, films_csv=CSV).diagnostics == ()
