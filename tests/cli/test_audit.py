"""`promptspec audit`: cards for people, pages and programs, and what fails in CI."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from cli.terminal import promptspec

HOSTILE = "<script>alert(1)</script> | [x](http://evil.example) ![y](z) `q` & www.evil.example"
ANSWER = """promptspec 1

## Answers. HOSTILE
feature answer {
    model "gpt-5.6-luna"

    input {
        question: text(1..500)
    }

    output text(..280)
    limitations \"""
        # no heading
        1. no list
        - no list
        HOSTILE
        \"""
    waive report because "HOSTILE \\u{202E}"
}
""".replace("HOSTILE", HOSTILE)
SORT = """promptspec 1

## Sorts.
feature sort {
    model "gpt-5.6-luna"

    input {
        urgent: bool
    }

    output bool
    caller signed_in

    limitations "Knows nothing."
    waive attack because "there is no text"
    waive review because "it does no harm"
    waive example because "yes or no"
    waive report because "nobody sees it"
    waive evaluate because "it is a toy"
}
"""


@pytest.fixture(autouse=True)
def _specs(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    (project / "answer.spec").write_text(ANSWER, encoding="utf-8")
    (project / "sort.spec").write_text(SORT, encoding="utf-8")


class Tags(HTMLParser):
    """The tags of a page, and the text that it shows."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.shown = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.shown += data


def test_a_practice_that_is_left_out_is_a_warning() -> None:
    seen = promptspec("audit", "answer.spec")
    assert seen.code == 0
    assert "| Human in the loop | ✗ missing |" in seen.out
    assert "warning[PS911]: feature `answer` leaves out `moderate input`, `moderate output`, `attack`" in seen.err
    assert "--> answer.spec:4:9" in seen.err


def test_a_practice_that_is_left_out_is_an_error_if_strict() -> None:
    seen = promptspec("audit", "answer.spec", "--strict")
    assert seen.code == 1
    assert "error[PS911]" in seen.err


def test_a_feature_that_follows_or_waives_everything_passes_if_strict() -> None:
    seen = promptspec("audit", "sort.spec", "--strict")
    assert (seen.code, seen.err) == (0, "")
    assert "| Human in the loop | – waived | it does no harm |" in seen.out
    assert "| Know your customer | ✓ met | caller signed\\_in |" in seen.out
    assert "| Bits out | 1.0 |" in seen.out


@pytest.mark.parametrize(("most", "code"), [(5_108, 1), (5_200, 0)])
def test_a_reply_that_may_say_more_bits_than_allowed_fails(most: int, code: int) -> None:
    seen = promptspec("audit", "answer.spec", "--max-bits-out", most)
    assert seen.code == code
    assert ("error[PS910]" in seen.err) is bool(code)


def test_bits_of_a_closed_reply_are_exact() -> None:
    assert promptspec("audit", "sort.spec", "--max-bits-out", 1).code == 0
    assert promptspec("audit", "sort.spec", "--max-bits-out", 0).code == 1


def test_the_card_as_json_is_whole() -> None:
    seen = promptspec("audit", "answer.spec", "--format", "json")
    told = json.loads(seen.out)
    (feature,) = told["features"]
    assert told["format"] == 1
    assert feature["feature"] == "answer"
    assert feature["bits_out"]["exact"] is False
    assert feature["cost_usd"] is not None
    assert {"name": "report", "status": "waived"}.items() <= next(
        each for each in feature["practices"] if each["name"] == "report"
    ).items()
    assert {each["guarantee"] for each in feature["rules"]} == {
        "by construction", "enforced", "unforgeable", "persuasion",
    }  # fmt: skip
    assert [each["code"] for each in told["diagnostics"]] == ["PS911"]
    assert seen.err == ""
    assert seen.out.isascii()


def test_the_page_holds_no_script_loads_nothing_and_shows_foreign_text_as_it_is() -> None:
    page = promptspec("audit", ".", "--format", "html").out
    found = Tags(page)
    assert {tag for tag, _ in found.tags} <= {
        "html", "head", "meta", "title", "style", "body", "header", "main", "section", "h1", "h2", "h3", "p", "dl",
        "div", "dt", "dd", "table", "caption", "thead", "tbody", "tr", "th", "td", "span", "bdi", "code",
    }  # fmt: skip
    policy = next(attrs["content"] for _, attrs in found.tags if attrs.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert not any(
        name in ("src", "href", "style") or name.startswith("on") for _, attrs in found.tags for name in attrs
    )
    assert HOSTILE in found.shown
    assert "\u202e" not in page
    assert "U+202E" in page


def test_the_card_as_markdown_shows_foreign_text_as_it_is() -> None:
    text = promptspec("audit", "answer.spec").out
    rendered = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(text)
    found = Tags(rendered)
    tags = {tag for tag, _ in found.tags}
    assert tags <= {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td"}, tags
    assert [tag for tag, _ in found.tags].count("h1") == 1
    assert found.shown.count(HOSTILE) >= 2
    assert "# no heading" in found.shown
    assert "1. no list" in found.shown
    assert "\u202e" not in text
    assert not re.search(r"(?<!\\)(https?://|www\.)evil", text)


def test_cards_are_the_same_bytes_each_time() -> None:
    for format in ("md", "html", "json"):
        one, other = (promptspec("audit", ".", "--format", format).out for _ in range(2))
        assert one == other


def test_a_spec_that_does_not_compile_has_no_card(broken: Path) -> None:
    seen = promptspec("audit", broken)
    assert (seen.code, seen.out) == (1, "")
    assert "PS301" in seen.err
    assert json.loads(promptspec("audit", broken, "--format", "json").out)["error"]["code"] == "spec_error"


def test_the_policy_and_the_prices_of_the_project_stand_on_the_card(project: Path) -> None:
    (project / "company.spec").write_text("promptspec 1\n\npolicy company {\n    reply at most 900 tokens\n}\n")
    (project / "pyproject.toml").write_text(
        '[tool.promptspec]\npolicy = "company.spec"\n[tool.promptspec.prices]\n'
        '"gpt-5.6-luna" = { input = 0, output = 0 }\n'
    )
    seen = promptspec("audit", "sort.spec")
    assert "| Policies kept | company |" in seen.out
    assert "| Largest cost of a call | 0 usd |" in seen.out


def test_a_format_that_there_is_not_is_wrong_usage() -> None:
    assert promptspec("audit", "--format", "pdf").code == 2
    assert promptspec("audit", "nowhere.spec").code == 2
