"""Which features have a stream, and which rule of the others is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen.specs import compiled, emitted
from promptspec.contract.feature import NoStream

SPEC = """
    model rehearsed = rehearsal()
    enum Mood {{ calm, wild }}
    source plans = rows {{ "free" "Free", "pro" "Professional" }}
    record Line {{ key sku: line(1..8) }}
    feature tell {{
        model rehearsed
        caller anyone
        input {{ wish: text(..80)  lines: list(1..3) of Line }}
        output {output}
        {more}
    }}
"""


def why(folder: Path, output: str, more: str = "") -> NoStream | None:
    compilation = compiled(folder, SPEC.format(output=output, more=more.replace("\n", "\n        ")))
    assert not compilation.has_errors(), [str(each.message) for each in compilation.diagnostics]
    module = compilation.units[0].module
    assert module is not None
    return module.features[0].no_stream


@pytest.mark.parametrize(
    ("output", "more"),
    [
        ("text(1..80)", ""),
        ('text(20..80, links "example.org")', ""),
        ("text(..80, markdown)", ""),
        ("text(1..80)", 'tone {\n emoji none\n exclamations ..1\n sentence_words ..20\n avoid "x y"\n}'),
        ("text(1..80)", 'tone {\n voice "warm"\n questions ..2\n person not first\n profanity none\n}'),
        ("list(2..5) of text(..80)", ""),
        ("{ why: text(..80)  plan: one of plans }", ""),
        ("{ picks: list(1..2) of one of lines }", ""),
        ("{ why: text(..80)  mood: Mood }", 'tone {\n language "en"\n person first\n capitals ..30%\n}'),
    ],
)
def test_replies_that_can_be_judged_while_they_come_stream(tmp_path: Path, output: str, more: str) -> None:
    assert why(tmp_path, output, more) is None


@pytest.mark.parametrize(
    ("output", "more", "because"),
    [
        ("Mood", "", "the reply is one value, no part of which comes earlier"),
        ("{ why: text(..80) }", "", "the reply is one value, no part of which comes earlier"),
        ("text(1..80)?", "", "`?` is judged on the whole reply"),
        ("line(1..8, matching /[a-z]+/)", "", "`matching` is judged on the whole reply"),
        ("code(..80, python)", "", "`code` is judged on the whole reply"),
        ("text(1..80)", 'tone { language "en" }', "`language` is judged on the whole reply"),
        ("text(1..80)", "tone { capitals ..30% }", "`capitals` is judged on the whole reply"),
        ("text(1..80)", "tone { questions 1..2 }", "`questions` is judged on the whole reply"),
        ("text(1..80)", "tone { person first }", "`person` is judged on the whole reply"),
        ("text(1..80)", 'tone { mention "rain" }', "`mention` is judged on the whole reply"),
        ("{ a: text(..80)  b: text(..80) }", 'tone { mention "rain" }', "`mention` is judged on the whole reply"),
        ("text(1..80)", 'ensure len(output) > 3 else "is short"', "`ensure` is judged on the whole reply"),
        ("list(..3) of text(..9)", 'ensure distinct(output) else "twice"', "`ensure` is judged on the whole reply"),
        (
            "{ a: text(..80)  picks: list(..2) of one of lines where sku != \"x\" }",
            "",
            "`where` is judged on the whole reply",
        ),
        (
            "{ a: text(..80)  tags: list(..3) of line(..9) }",
            'ensure all t in tags: t != "x" else drop "is x"',
            "`else drop` is judged on the whole reply",
        ),
    ],
)  # fmt: skip
def test_the_rule_that_keeps_a_reply_from_streaming_is_named(
    tmp_path: Path, output: str, more: str, because: str
) -> None:
    reason = why(tmp_path, output, more)
    assert reason is not None
    assert reason.because == because
    assert reason.origin.line == (11 if not more else 12)


def test_a_module_has_a_stream_only_where_replies_stream(tmp_path: Path) -> None:
    with_stream = emitted(tmp_path / "a", SPEC.format(output="text(1..80)", more=""))
    assert "def stream(" in with_stream
    assert "-> ps.AsyncStream[str, str]:" in with_stream
    fields = emitted(tmp_path / "b", SPEC.format(output="{ a: text(..8)  b: text(..8) }", more=""))
    assert "-> ps.Stream[ps.Piece, TellOutput]:" in fields
    without = emitted(tmp_path / "c", SPEC.format(output="Mood", more=""))
    assert "def stream(" not in without
    assert "def astream(" not in without
