"""Code of a named language: what it may hold, what must parse, and that no text crashes or stalls a parser."""

from __future__ import annotations

import threading
import time
import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptspec.values.code import LANGUAGES, PARSED, as_code, code_problem

PYTHON = (
    "def f(a: int) -> str:\n    if a < 2 and a != 0:\n        return f'{a!r}: <b>'\n    return a[0](x)  # https://a.b\n"
)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", PYTHON),
        ("python", ""),
        ("python", "x = [-1, +2, ~3]\n" + "y = -x\n" * 500),
        ("python", "'\\d'"),
        ("json", '{"a": [1, 2.5, null], "b": "<i>"}'),
        ("sql", "select * from t -- all"),
        ("bash", 'for f in *.txt; do rm "$f"; done'),
        ("html", '<a href="https://example.org">x</a>'),
    ],
)
def test_code_is_code(language: str, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert code_problem(text, language) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "text", ["```\nx\n```", "~~~\nx", "a\x1b[31m", '"\\x1b[31m"', "a\u202eb", "a\u2066b", "a\u200bb", "a\ufeff"]
)
def test_fences_escapes_and_what_does_not_show_are_no_code(language: str, text: str) -> None:
    assert code_problem(text, language) == "plain"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "x ="),
        ("python", "Here is the code: x = 1"),
        ("python", "  x = 1"),
        ("python", "x = 1\n  y"),
        ("python", "a\0b"),
        ("json", ""),
        ("json", "{'a': 1}"),
        ("json", '{"a": 1, "a": 2}'),
        ("json", "1 2"),
        ("json", "NaN"),
        ("json", "[" * 100 + "]" * 100),
    ],
)
def test_what_does_not_parse_is_refused(language: str, text: str) -> None:
    assert code_problem(text, language) in ("code", "plain")


CHAINS = [
    "-", "~", "+-", "not ", "lambda:", "a if b else ", "a**", "await ", "(", "[", "{", "{1:", "(-", "f(", "a.", "a+",
    "a<",
    "x=", "if a: b\nelif a: b\nel", "[-------", "not (", "f'{-", "f'{(", "-a**-", "if a:\n ", "*", "lambda x=lambda:",
]  # fmt: skip


@pytest.mark.parametrize("piece", CHAINS)
@pytest.mark.parametrize("end", ["", "1", "1 1", "1" + ")" * 30])
def test_no_chain_crashes_or_stalls_the_parser_even_on_a_small_stack(piece: str, end: str) -> None:
    texts = [piece * count + end for count in (20, 38, 90, 390, 20_000)]
    texts.append(f"f'{{{piece * 300}1}}'")
    before = threading.stack_size(512 * 1024)
    try:
        thread = threading.Thread(target=lambda: [code_problem(text, "python") for text in texts])
        start = time.process_time()
        thread.start()
        thread.join()
    finally:
        threading.stack_size(before)
    assert time.process_time() - start < 5


@given(st.text(st.sampled_from("()[]{}:-+~*=,.'\"\\ \n\tabif01#f@"), max_size=60), st.sampled_from(sorted(PARSED)))
def test_every_text_gets_an_answer(text: str, language: str) -> None:
    assert code_problem(text, language) in (None, "plain", "code")


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_become_code_of_every_language(language: str) -> None:
    for words in ("", "a", "Plain words.", "Two of them. And more"):
        made = as_code(language, words)
        assert code_problem(made, language) is None
        assert len(made) <= len(words) + 2
