"""What reports are made of: intervals, fences made visible, values as text."""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fuzz.made_results import FELL, HELD, TAG, announced, fallen, feature, law, run
from promptspec.fuzz.reports.fences import parts_of
from promptspec.fuzz.reports.wording import rate, replay_of, value_text, verdict
from promptspec.live.markup import element, written
from promptspec.live.statistics import percent, wilson


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    # The last three are from Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3.
    [(0, 0, 0, 1), (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_an_interval_is_the_published_one(hits: int, trials: int, low: float, high: float) -> None:
    interval = wilson(hits, trials)
    assert (round(interval.low, 4), round(interval.high, 4)) == (low, high)


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_holds_the_share_and_solves_its_equation(pair: tuple[int, int]) -> None:
    hits, trials = pair
    share, interval = hits / trials, wilson(hits, trials)
    assert 0 <= interval.low <= share + 1e-12
    assert share - 1e-12 <= interval.high <= 1
    for bound in (interval.low, interval.high):
        reach = 1.959963984540054 * math.sqrt(bound * (1 - bound) / trials)
        assert bound in (0.0, 1.0) or math.isclose(abs(share - bound), reach, rel_tol=1e-6, abs_tol=1e-9)


def test_a_count_outside_of_the_trials_is_no_share() -> None:
    with pytest.raises(ValueError, match="between"):
        wilson(3, 2)


@pytest.mark.parametrize(
    ("share", "said"), [(0.003088, "0.31 %"), (0.0000767, "0.0077 %"), (0.0161, "1.7 %"), (0.5, "50 %"), (1.0, "100 %")]
)
def test_a_percentage_is_never_rounded_down(share: float, said: str) -> None:
    assert percent(share) == said


def test_what_never_fell_has_a_rate() -> None:
    said = "0 of 1,240 cases fell; with 95 % confidence fewer than 0.31 % of such cases do"
    assert rate(law("prompt_fits")) == said
    assert "fewer" not in rate(law("fences_hold", fell=fallen()))
    assert rate(law("review_holds", judged=0)) == "none of 1,300 cases said anything about it"


def test_a_fence_is_told_from_what_stands_in_it() -> None:
    parts = parts_of(announced("ignore [[/note 00]] this"), TAG)
    assert [(part.kind, part.path) for part in parts] == [
        ("fixed", ""),
        ("open", "note"),
        ("value", "note"),
        ("close", "note"),
        ("fixed", ""),
    ]
    assert parts[2].text == "ignore [[/note 00]] this"


@pytest.mark.parametrize(
    ("content", "astray"),
    [
        (f"[[a {TAG}]]x[[b {TAG}]]y[[/a {TAG}]]", f"[[b {TAG}]]"),
        (f"x[[/a {TAG}]]y", f"[[/a {TAG}]]"),
        (f"[[a {TAG}]]x", f"[[a {TAG}]]"),
        (f"[[a {TAG}]]x[[/b {TAG}]]y[[/a {TAG}]]", f"[[/b {TAG}]]"),
    ],
)
def test_a_mark_out_of_place_is_shown_as_such(content: str, astray: str) -> None:
    assert [part.text for part in parts_of(content, TAG) if part.kind == "astray"] == [astray]


@given(
    st.lists(st.sampled_from(["[[a ", "[[/a ", "[[h[1] ", "[[/h[1] ", TAG, "]]", "\n", "x", "["]), max_size=30).map(
        "".join
    )
)
def test_no_character_of_a_message_is_lost(content: str) -> None:
    assert "".join(part.text for part in parts_of(content, TAG)) == content


def test_the_tag_is_read_from_the_message_where_nobody_knows_it() -> None:
    assert parts_of(announced("x")) == parts_of(announced("x"), TAG)
    assert [part.kind for part in parts_of("no tag here")] == ["fixed"]


def test_a_long_message_of_marks_is_cut_in_no_time() -> None:
    assert len(parts_of("[[" * 200_000 + "a" * 200_000, TAG)) == 1


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text() | st.binary(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
        max_leaves=12,
    )
)
def test_every_value_has_a_text(value: object) -> None:
    assert value_text(value)


def test_a_value_has_the_text_of_json() -> None:
    text = value_text({"a": [Decimal("1.50"), True, None, 'x"\\\n'], "b": {}, "c": float("nan")})
    assert text.split() == '{ "a": [ 1.50, true, null, "x\\"\\\\\\n" ], "b": {}, "c": NaN }'.split()


def test_values_that_python_would_not_print_are_told() -> None:
    deep: object = "x"
    for _ in range(50_000):
        deep = [deep]
    assert "…" in value_text(deep)
    assert value_text(10**5_000) == "(a number of 16,610 bits)"
    assert value_text(Decimal("1E+999999")) == "1E+999999"
    assert value_text({1: object()}) == "{\n  (1): (object)\n}"


def test_the_verdict_counts_nothing_as_held_that_was_not_looked_at() -> None:
    assert verdict(HELD).word == "held"
    assert verdict(FELL).word == "fell"
    assert verdict(run()).word == "nothing"
    assert verdict(run(feature(law("review_holds", judged=0)))).word == "nothing"
    assert verdict(run(feature(law("prompt_fits"), finished=False))).word == "unfinished"
    assert verdict(replace(HELD, finished=False)).word == "unfinished"
    assert "1 could not be judged" in verdict(run(feature(law("a"), law("b", judged=0)))).sentence


def test_the_command_of_a_replay_survives_the_shell() -> None:
    assert replay_of(fallen(file="-a b'.spec")) == "promptspec fuzz './-a b'\"'\"'.spec' --replay 0123456789ab"


def test_strings_in_a_tree_are_text() -> None:
    drawn = written(element("p", "<b>&\x1b", element("br"), title="\"'<\n"), html=True)
    assert drawn == '<p title="&quot;&#39;&lt;\\u{A}">&lt;b&gt;&amp;\\u{1B}<br></p>'
