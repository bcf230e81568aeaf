"""Values as people and programs see them."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.cli.json_output import pretty
from promptspec.cli.models import stage_for
from promptspec.cli.showing import lines_of, plain_data
from promptspec.runtime.overrides import Rehearse
from promptspec.runtime.plan import Env, OpenAI, Rehearsal
from promptspec.safety.callers import ID_KEY

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_json_for_programs_is_exact_and_plain_ascii(value: object):
    written = pretty(value)
    assert json.loads(written) == value
    assert written.replace("\n", "").isascii()
    assert written.replace("\n", "").isprintable() or not written


def test_json_keeps_every_digit_of_a_decimal():
    assert pretty({"a": Decimal("0.10000000000000000000001"), "b": date(2026, 1, 31), "c": "🦊"}) == (
        '{\n  "a": 0.10000000000000000000001,\n  "b": "2026-01-31",\n  "c": "\\ud83e\\udd8a"\n}'
    )


def test_a_person_reads_a_field_a_line_and_lists_with_dashes():
    value = {
        "picks": [{"id": "a", "year": 1999}, {"id": "b", "year": 2001}],
        "why": "One.\nTwo.",
        "tags": [],
        "x": None,
    }
    assert list(lines_of(plain_data(value))) == [
        "picks:",
        "  - id: a",
        "    year: 1999",
        "  - id: b",
        "    year: 2001",
        "why:",
        "  One.",
        "  Two.",
        "tags: nothing",
        "x: none",
    ]


@given(VALUES)
def test_nothing_of_a_reply_reaches_a_terminal_unescaped(value: object):
    for line in lines_of(plain_data(value)):
        assert line.isprintable()


def model(**changes: object) -> OpenAI:
    facts = {"name": "m", "server": "openai", "api": "chat", "structured": "json_schema"}
    return OpenAI(**(facts | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("models", "environment", "missing"),
    [
        ([model()], {}, ("OPENAI_API_KEY",)),
        ([model()], {"OPENAI_API_KEY": " "}, ("OPENAI_API_KEY",)),
        ([model()], {"OPENAI_API_KEY": "k"}, ()),
        ([model(key=Env("K"), base_url="http://localhost/v1", server="other")], {}, ("K",)),
        ([model(base_url="http://localhost/v1", server="other")], {}, ()),
        ([model(base_url=Env("URL"), server="other")], {}, ("URL",)),
        ([model(key=Env("K")), model()], {}, ("K", "OPENAI_API_KEY")),
        ([model(key=Env("K")), model()], {"OPENAI_API_KEY": "k"}, ()),
        ([Rehearsal()], {}, ()),
    ],
)
def test_a_run_rehearses_only_where_no_model_can_be_asked(models, environment, missing):
    stage = stage_for(models, environment, model=None)
    assert stage.missing == missing
    assert isinstance(stage.model, Rehearse) == bool(missing)


def test_a_run_has_a_key_for_ids_that_is_its_own_or_the_environments():
    first, second = (stage_for([Rehearsal()], {}, model=None).world.environment[ID_KEY] for _ in range(2))
    assert first != second
    assert len(first) == 64
    given = stage_for([Rehearsal()], {ID_KEY: "k1:secret"}, model=None)
    assert given.world.environment[ID_KEY] == "k1:secret"
