"""Rule 14: patterns mean one thing for RE2, for ECMA-262 and on the wire."""

from __future__ import annotations

import json
import random
import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from promptspec.values.automaton import UNDECIDED, samples, shortest
from promptspec.values.patterns import BadPattern, check_pattern, compile_pattern, wire_pattern

ATOMS = st.sampled_from(
    [
        *(
            "a",
            "b",
            "A",
            "_",
            " ",
            "-",
            ".",
            r"\d",
            r"\w",
            r"\s",
            r"\S",
            r"\W",
            "[ab]",
            "[^a]",
            "[a-c_]",
            r"\.",
            r"[\w.-]",
        ),
        *("é", "k", r"\n", r"\b", r"\B", "^", "$"),
    ]
)
PATTERNS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map("({0[0]}|{0[1]})".format),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "*?"])).map("(?:{0[0]}){0[1]}".format),
    ),
    max_leaves=6,
)
TEXTS = st.text(st.sampled_from("abAB_ 1-.\né\u212a\r\u2028\u0660"), max_size=5)


@given(PATTERNS, TEXTS, st.booleans())
@settings(max_examples=400)
def test_re2_the_wire_and_an_independent_engine_agree(source: str, text: str, ignore_case: bool) -> None:
    compiled = compile_pattern(source, ignore_case)
    # Python's own engine on the wire's text is a reference once its `$` is the end, as in ECMA-262, and its `\\B`
    # matches in an empty text, which it does from 3.14 on.
    wire = wire_pattern(source, ignore_case).replace(r"\B", r"(?!\b)")
    reference = re.compile(re.sub(r"(?<!\\)\$", r"\\Z", wire), re.ASCII)
    assert compiled.fullmatch(text) == bool(reference.search(text))


@given(PATTERNS, TEXTS)
@settings(max_examples=300)
def test_what_the_automaton_calls_empty_matches_nothing(source: str, text: str) -> None:
    assume("\r" not in text and "\u2028" not in text)
    answer = shortest(source, most=5)
    assert answer is not UNDECIDED
    if answer is None:
        assert not compile_pattern(source).fullmatch(text)
    else:
        assert isinstance(answer, str)
        assert compile_pattern(source).fullmatch(answer)
        assert len(answer) <= len(text) or not compile_pattern(source).fullmatch(text)


@given(PATTERNS, st.integers(0, 8), st.integers(0, 8), st.integers(0, 2**32))
@settings(max_examples=300)
def test_drawn_texts_match_and_keep_their_bounds(source: str, least: int, most: int, seed: int) -> None:
    text = samples(source, least=least, most=most, choose=random.Random(seed).randrange, limit=5)
    if text is not None:
        assert compile_pattern(source).fullmatch(text)
        assert least <= len(text) <= most
    assert samples(source, least=least, most=most, choose=random.Random(seed).randrange, limit=5) == text


@pytest.mark.parametrize(
    ("source", "position"),
    [
        ("(?=a)", 0),
        ("(?<!a)b", 0),
        (r"(a)\1", 3),
        ("(?P<n>a)", 0),
        ("(?<n>a)", 0),
        (r"\Aa", 0),
        (r"a\z", 1),
        (r"a\Z", 1),
        (r"\Qa\E", 0),
        ("(?i)a", 0),
        ("(?i:a)", 0),
        ("[[:alpha:]]", 1),
        ("(?>a)", 0),
        ("a++", 2),
        ("a**", 2),
        (r"\p{L}", 0),
        (r"\u0041", 0),
        (r"\x4", 0),
        (r"\0", 0),
        (r"\cA", 0),
        (r"[\b]", 1),
        ("a{1001}", 1),
        ("a{2,1}", 1),
        ("a{", 1),
        ("a{,2}", 1),
        ("}", 0),
        ("a]", 1),
        ("[]", 0),
        ("[^]", 0),
        ("[a", 0),
        ("[b-a]", 1),
        (r"[\d-z]", 1),
        (r"[^\s\S]", 0),
        ("(a", 0),
        ("a)", 1),
        ("*a", 0),
        ("^*", 0),
        ("\\", 0),
        ("a\nb", 1),
        ("(" * 51 + ")" * 51, 50),
        ("(?:a{900}){900}", 0),
        (r"(?:\W{900}){1}\W{900}\W{900}", None),
    ],
)
def test_what_is_not_common_is_refused_where_it_stands(source: str, position: int | None) -> None:
    if position is None:
        check_pattern(source)
        return
    with pytest.raises(BadPattern) as refused:
        check_pattern(source)
    assert refused.value.position == position


def test_a_pattern_that_needs_too_much_memory_is_refused() -> None:
    with pytest.raises(BadPattern, match="memory"):
        check_pattern("(?:" + "[^é]" * 60 + "){900}")


@pytest.mark.parametrize(
    ("source", "ignore_case", "wire"),
    [
        (r"[A-Z]{3}-\d+", False, "^(?:[A-Z]{3}-[0-9]+)$"),
        ("ok", True, "^(?:[Oo][Kk])$"),
        ("[^a]", True, "^(?:[^Aa])$"),
        (r"\s.", False, r"^(?:[\t\n\f\r ][^\n])$"),
        ("a|b", False, "^(?:a|b)$"),
        (r"[\w.+-]", False, r"^(?:[\+\-\.0-9A-Z_a-z])$"),
    ],
)
def test_the_wire_says_what_is_meant_in_full(source: str, ignore_case: bool, wire: str) -> None:
    assert wire_pattern(source, ignore_case) == wire


def test_a_last_line_break_does_not_pass() -> None:
    assert compile_pattern("a").fullmatch("a")
    assert not compile_pattern("a").fullmatch("a\n")
    assert not compile_pattern("a$").fullmatch("a\n")
    assert not compile_pattern("^a$").search("b\na\n")


def test_classes_are_ascii() -> None:
    assert not compile_pattern(r"\d").fullmatch("\u0660")
    assert not compile_pattern(r"\w").fullmatch("é")
    assert not compile_pattern(r"\s").fullmatch("\xa0")
    assert not compile_pattern("k", True).fullmatch("\u212a")
    assert compile_pattern("é", True).fullmatch("É")


def test_search_finds_a_part() -> None:
    assert compile_pattern(r"\d{2}").search("a 12 b")
    assert not compile_pattern(r"^\d{2}").search("a 12 b")


def test_json_schema_accepts_what_the_judge_accepts() -> None:
    schema = Draft202012Validator({"type": "string", "pattern": wire_pattern(r"[A-Z]{2}\s\d*", ignore_case=True)})
    compiled = compile_pattern(r"[A-Z]{2}\s\d*", ignore_case=True)
    for text in ("ab 1", "AB\t", "ab", "abc 1", "ab 1x", "xab 1"):
        assert schema.is_valid(text) == compiled.fullmatch(text)


@pytest.mark.parametrize(
    ("source", "least", "most", "answer"),
    [
        (r"[A-Z]{3}-\d+", 0, 12, "AAA-0"),
        (r"[A-Z]{3}-\d+", 0, 4, None),
        ("(ab)*", 3, 3, None),
        ("(ab)*", 3, 4, "abab"),
        ("a|b{5,10}", 2, 9, "bbbbb"),
        (r"a\bb", 0, 9, None),
        ("a^b", 0, 9, None),
        (r"\x01", 0, 9, None),
        (".{20,500}", 0, 19, None),
        ("", 0, 0, ""),
        ("", 1, 9, None),
    ],
)
def test_shortest_finds_a_shortest_text_or_none(source: str, least: int, most: int, answer: str | None) -> None:
    assert shortest(source, least=least, most=most) == answer


def test_a_line_holds_no_line_break() -> None:
    assert shortest(r"a\nb", most=9) == "a\nb"
    assert shortest(r"a\nb", most=9, kind="line") is None


def test_what_takes_too_long_is_not_decided() -> None:
    start = time.process_time()
    assert shortest("((a{1,90}){1,90}){1,9}", most=9) is UNDECIDED
    assert shortest("(?:a?b?){900}", least=9, most=500) is UNDECIDED
    assert time.process_time() - start < 5


def test_letters_and_digits_are_drawn_first() -> None:
    choose = random.Random(1).randrange
    drawn = "".join(samples(".{8}", least=8, most=8, choose=choose) or "" for _ in range(50))
    assert sum(one.isascii() and one.isalnum() for one in drawn) > len(drawn) * 0.7


def test_a_lone_surrogate_matches_nothing() -> None:
    assert not compile_pattern(".").fullmatch("\ud800")
    assert not compile_pattern("[^a]").fullmatch("\ud800")


NODE = shutil.which("node")
MORE_ATOMS = [
    *(
        "a",
        "A",
        "-",
        ".",
        r"\d",
        r"\w",
        r"\s",
        r"\S",
        r"\W",
        "[ab]",
        "[^a]",
        r"[\w.-]",
        "é",
        r"\b",
        r"\B",
        "^",
        "$",
        "😀",
    ),
    *(r"[\]\[\\^&~!#]", r"\/", "&", "~", "[!-~]", r"[^\d\s]", "[$-(]", "[+--]", r"\x41", r"[\x00-\x1f]", r"\v"),
]


@pytest.mark.skipif(NODE is None, reason="needs node, an engine of ECMA-262")
def test_ecma_262_reads_the_wire_as_re2_reads_the_source(tmp_path: Path) -> None:
    draw = random.Random(7)

    def source(depth: int) -> str:
        kind = draw.random() if depth else 0
        if kind < 0.35:
            return draw.choice(MORE_ATOMS)
        if kind < 0.6:
            return source(depth - 1) + source(depth - 1)
        if kind < 0.8:
            return f"({source(depth - 1)}|{source(depth - 1)})"
        return f"(?:{source(depth - 1)}){draw.choice(['*', '+', '?', '{2}', '{0,2}', '*?', '{1,}'])}"

    cases: list[tuple[str, str, bool]] = []
    for _ in range(500):
        pattern, ignore_case = source(4), draw.random() < 0.3
        compiled = compile_pattern(pattern, ignore_case)
        for _ in range(6):
            text = "".join(draw.choices("abAk_ 1-.\né\u212a\r\u2028\u0660É&~![]^\\😀\v/", k=draw.randrange(4)))
            cases.append((wire_pattern(pattern, ignore_case), text, compiled.fullmatch(text)))
    (tmp_path / "cases.json").write_text(json.dumps(cases))
    script = "process.stdout.write(JSON.stringify(cases.filter(([w, t, m]) => new RegExp(w, 'u').test(t) !== m)))"
    load = f"const cases = JSON.parse(require('fs').readFileSync({json.dumps(str(tmp_path / 'cases.json'))}));"
    done = subprocess.run([str(NODE), "-e", load + script], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


@pytest.mark.parametrize("source", ["k", "(a|k)", "a|k", "(?:s|b)+", "[ks]", "å|a", "(k|K)a*"])
def test_folding_never_reaches_beyond_the_two_cases_of_a_letter(source: str) -> None:
    compiled = compile_pattern(source, True)
    assert not any(compiled.search(sign) for sign in ("\u212a", "\u017f", "\u212b"))
    assert compiled.search("k") or compiled.search("S") or compiled.search("Å")
