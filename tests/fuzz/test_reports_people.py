"""Reports for people: the terminal, the page, and what moves while a run goes on."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from rich.cells import cell_len

from fuzz.made_results import FELL, HELD, HOSTILE, LONG, SPECS, TAG, fallen, feature, law, run
from promptspec.diagnostics.foreign import escape_lines
from promptspec.fuzz.reports import LiveProgress, PlainProgress, render_html, render_terminal
from promptspec.fuzz.reports.terminal import failure_text
from promptspec.fuzz.results import RunResult, Trouble


def drawn(result: RunResult, **options: bool) -> str:
    return render_terminal(result, specs=SPECS, width=100, colour=options.get("colour", False))


# The terminal


def test_a_run_that_held_fits_on_a_screen() -> None:
    assert drawn(HELD) == (
        "held    specs/films.spec:4  suggest_films\n"
        "    held        prompt_fits    enforced         1,240 of 1,300 cases judged\n"
        "    held        accepts_valid  enforced         1,240 of 1,300 cases judged\n"
        "    cases: 14 examples, 1,086 boundaries, 200 search; 2 techniques, 2 liars; 3.2 s\n"
        "    tried: 5 examples, tests and attacks\n"
        "\n"
        "2 laws of 1 feature held in 1,300 cases\n"
        "profile pr, seed 0, promptspec 0.1.0\n"
    )


def test_a_failure_tells_everything_that_is_known() -> None:
    text = failure_text(fallen(text="a\u202eb", sentence="the value came back as b"), specs=SPECS)
    for line in (
        "FELL fences_hold: Taking the fences out of a rendered prompt returns exactly the values put in",
        " --> specs/films.spec:5  suggest_films",
        '5 |     input { note: text(1..280) "\\u{202E}" }',
        "  instead: the value came back as b",
        '    >   "note": "a\\u{202E}b",',
        "  claim:      the input breaks too_long or characters at input.note",
        "  model:      leaky base64 at films.0",
        "  techniques: bidi-override, close-the-fence",
        "  case:       the smallest that was found; phase search, seed 7",
        "    | What to suggest for:",
        f"    [ [[note {TAG}]]",
        "    > a\\u{202E}b",
        f"    ] [[/note {TAG}]]",
        "  again: promptspec fuzz specs/films.spec --replay 0123456789ab",
    ):
        assert line in text.split("\n")


def test_nothing_foreign_reaches_the_terminal_or_begins_a_line() -> None:
    lines = drawn(FELL).split("\n")
    for line in lines:
        assert escape_lines(line) == line
        assert not line.lstrip().startswith(("::", "##["))
        assert "##[" not in line


def test_colours_are_the_only_escapes() -> None:
    coloured = drawn(FELL, colour=True)
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == drawn(FELL)


def test_long_lines_are_broken_and_no_escape_is_torn() -> None:
    text = failure_text(fallen(text="\u202e" * 300 + "界" * 300, file="a.spec"), width=60)
    assert max(cell_len(line) for line in text.split("\n")[2:]) <= 60
    assert not re.search(r"\\u(\{[0-9A-F]*)?$", text, re.MULTILINE)


def test_a_long_text_loses_its_middle() -> None:
    text = failure_text(fallen(text=LONG))
    assert "more characters" in text
    assert len(text) < 20_000


def test_a_failure_before_any_request_says_so() -> None:
    text = failure_text(fallen(prompt=(), tag="", reply=None))
    assert "prompt: no model was asked" in text
    assert "\n  reply\n" not in text


def test_an_example_in_trouble_is_told_with_its_place() -> None:
    trouble = Trouble(kind="example", title="a happy one", line=12, message="`input.note` is too long")
    text = drawn(run(feature(law("prompt_fits"), troubles=(trouble,))))
    assert 'FAILED  specs/films.spec:12  suggest_films: example "a happy one"\n        `input.note` is too long' in text
    assert text.startswith("FELL ")


def test_a_thousand_failures_are_counted_and_fifty_told() -> None:
    troubles = tuple(Trouble(kind="test", title=str(n), line=n, message="no") for n in range(1_000))
    assert "950 more failures in the other reports" in drawn(run(feature(troubles=troubles)))


# The page


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.values: list[tuple[str, str]] = []
        self.text = ""
        self.style = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.values += [(name, value or "") for name, value in attrs]
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(data)


def hostile_run(text: str) -> RunResult:
    """Return a run in which *text* stands wherever text may stand."""
    fell = fallen(law=text, text=text, file=text, feature=text, claim=text, id=text)
    trouble = Trouble(kind=text, title=text, line=1, message=text)
    counts = {text: 3}
    one = feature(law(text, fell=fell), name=text, file=text, troubles=(trouble,), techniques=counts, liars=counts)
    return run(one, version=text, profile=text, notes=(text,))


@pytest.mark.parametrize(
    "text",
    [
        HOSTILE.replace("\n", ""),
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style><style>*{display:none}",
        "<!-- -->",
        "]]><![CDATA[",
        "javascript:alert(1)",
        "&lt;b&gt;",
    ],
)
def test_hostile_text_adds_no_element_and_no_attribute(text: str) -> None:
    def shape(result: RunResult) -> list[tuple[str, tuple[str, ...]]]:
        page = Page(render_html(result, {text: text}))
        assert page.open == []
        # The boxes of characters that do not show are ours, and there is one for each run of them.
        return [each for each in page.elements if each != ("span", ("class", "title"))]

    assert shape(hostile_run(text)) == [
        each
        for each in Page(render_html(hostile_run("harmless"), {"harmless": "x"})).elements
        if each != ("span", ("class", "title"))
    ]


def test_the_page_loads_nothing_and_runs_nothing() -> None:
    page = Page(render_html(FELL, SPECS))
    assert {name for name, _ in page.elements}.isdisjoint({"script", "link", "img", "iframe", "object", "base", "form"})
    names = {name for name, _ in page.values}
    assert not {name for name in names if name.startswith("on") or name in ("src", "style", "action", "srcset")}
    assert all(value.startswith("#") for name, value in page.values if name == "href")
    assert "url(" not in page.style
    assert "@import" not in page.style


def test_the_policy_allows_the_style_of_the_page_alone() -> None:
    page = Page(render_html(HELD, SPECS))
    digest = base64.b64encode(hashlib.sha256(page.style.encode()).digest()).decode()
    policy = next(value for name, value in page.values if name == "content" and "default-src" in value)
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src 'sha256-{digest}'",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_what_does_not_show_stands_in_a_box_with_its_name() -> None:
    text = render_html(run(feature(law("fences_hold", fell=fallen(text="a\u202e\u200b\u200bb\ud800")))), SPECS)
    assert '<span class="unseen" title="RIGHT-TO-LEFT OVERRIDE">U+202E</span>' in text
    assert '<span class="unseen" title="ZERO WIDTH SPACE">U+200B × 2</span>' in text
    assert ">U+D800</span>" in text
    text.encode("utf-8")


def test_the_page_says_what_one_needs_to_decide() -> None:
    text = Page(render_html(FELL, SPECS)).text
    for sentence in (
        "3 laws fell and 1 example, test or attack did not go as the spec says, in 2 of 3 features.",
        "0 of 1,240 cases fell; with 95 % confidence fewer than 0.31 % of such cases do",
        "none of 1,300 cases said anything about it",
        "promptspec fuzz specs/films.spec --replay 0123456789ab",
        "The run of this feature was broken off.",
        "a value outside cannot be expressed.",
    ):
        assert sentence in text


def test_fences_are_coloured_on_the_page() -> None:
    text = render_html(run(feature(law("fences_hold", fell=fallen(text="hello")))), SPECS)
    opening = f'<span class="mark open" title="mark of a fence that opens">[[note {TAG}]]</span>'
    assert f'{opening}<span class="value">hello</span><span class="mark close"' in text


def test_a_person_finds_their_way_without_eyes() -> None:
    page = Page(render_html(FELL, SPECS))
    names = [name for name, _ in page.elements]
    assert [names.count(name) for name in ("h1", "header", "nav", "main", "footer")] == [1] * 5
    levels = [int(name[1]) for name in names if re.fullmatch("h[1-6]", name)]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert all("scope" in attributes for name, attributes in page.elements if name == "th")
    ids = [value for name, value in page.values if name == "id"]
    assert len(ids) == len(set(ids))
    wanted = {value.removeprefix("#") for name, value in page.values if name in ("href", "aria-labelledby")}
    assert wanted <= set(ids)


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_read(scheme: int) -> None:
    """WCAG 2.2, 1.4.3: the contrast of text is at least 4.5."""
    style = Page(render_html(HELD, SPECS)).style
    palette = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", re.findall(r":root \{(.*?)\}", style, re.DOTALL)[scheme]))
    pairs = [(ink, "page") for ink in ("ink", "soft", "link", "open", "bad")] + [("ink", "box"), ("soft", "box")]
    pairs += [(name, f"{name}-box") for name in ("good", "bad", "open", "mark", "value", "unseen")]
    for front, back in pairs:
        light, dark = sorted((luminance(palette[front]), luminance(palette[back])), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (front, back)


def test_long_texts_are_folded_and_very_long_ones_cut() -> None:
    text = render_html(run(feature(law("fences_hold", fell=fallen(text="x" * 1_000_000)))), SPECS)
    assert "<summary>the reply, 1,000,000 characters</summary>" in text
    assert "cut here" in text
    assert len(text) < 200_000


# What moves


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_few_lines() -> None:
    stream, clock = io.StringIO(), Clock()
    progress = PlainProgress(stream, clock=clock)
    progress.begin("::error::a.spec", "f", 17)
    for _ in range(90):
        clock.now += 1
        progress.case("search")
    progress.fell("fences_hold")
    progress.end(HELD.features[0])
    assert stream.getvalue().splitlines() == [
        "fuzzing ::error::a.spec: f, 17 laws",
        "    30 cases, search, 1 a second",
        "    60 cases, search, 1 a second",
        "    90 cases, search, 1 a second",
        "    FELL fences_hold, case 91",
        "    1,300 cases in 3.2 s (405 a second); no law fell",
    ]


def test_a_terminal_gets_a_line_that_is_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    stream, clock = io.StringIO(), Clock()
    with LiveProgress(stream, clock=clock) as progress:
        progress.begin("\x1b[31m.spec", "[bold]f[/bold]", 17)
        clock.now += 1
        progress.case("boundaries")
        progress.fell("fences_hold")
        progress.end(FELL.features[0])
    shown = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", stream.getvalue())
    assert (
        "17 of 17 laws stand · 1 case · boundaries · 1 a second · 0 features done · \\u{1B}[31m.spec: [bold]f[/bold]"
        in shown
    )
    assert "1 FELL" in shown
    assert "\x1b[31m.spec" not in stream.getvalue()
