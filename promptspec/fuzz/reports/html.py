"""What a run found, as one page for a person who decides whether to ship.

It holds no script and loads nothing. Its policy allows only its own style, by its hash.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from promptspec.fuzz.reports.fences import Kind, Part, parts_of
from promptspec.fuzz.reports.wording import (
    DEGREES,
    TRIED,
    Outcome,
    claim_of,
    coverage_of,
    facts_of,
    outcome,
    phases_of,
    rate,
    replay_of,
    source_line,
    trouble_title,
    value_text,
    verdict,
)
from promptspec.fuzz.results import Fallen, FeatureResult, LawResult, RunResult, Trouble
from promptspec.live.markup import Element, Node, element
from promptspec.live.page import cut, document, inline, revealed, row, table
from promptspec.live.wording import counted

#: Code points of a foreign text that stand open; longer ones are folded.
_MOST_OPEN: Final = 1_500
#: Code points of a foreign text that stand on the page at all; the case itself is kept for the replay.
_MOST: Final = 20_000
#: Failures and troubles of a feature that are told in full.
_MOST_TOLD: Final = 30
_WORDS: Final[Mapping[Outcome, str]] = {"held": "held", "fell": "fell", "not judged": "not judged"}
_CLASSES: Final[Mapping[Outcome, str]] = {"held": "good", "fell": "bad", "not judged": "open"}
_LEADS: Final = {
    "held": "Every law that could be judged held",
    "fell": "Not everything held",
    "unfinished": "The run was not finished",
    "nothing": "Nothing is known",
}
_MARKS: Final[Mapping[Kind, str]] = {
    "open": "mark of a fence that opens",
    "close": "mark of a fence that closes",
    "astray": "mark out of place",
}


def render_html(result: RunResult, specs: Mapping[str, str]) -> str:
    """Return the page; *specs* holds the texts of specs by the names of *result*."""
    return document("Fuzz report", _body(result, specs))


def _body(result: RunResult, specs: Mapping[str, str]) -> Element:
    features = [_feature(number, feature, specs) for number, feature in enumerate(result.features, 1)]
    return element("body", _header(result), element("main", *_overview(result), *features), _reading(), _footer(result))


# The top of the page


def _header(result: RunResult) -> Element:
    said = verdict(result)
    kind = {"held": "good", "fell": "bad"}.get(said.word, "open")
    lead = element("strong", f"{_LEADS[said.word]}: ")
    notes = [element("ul", *(element("li", inline(cut(note))) for note in result.notes))] if result.notes else []
    return element(
        "header",
        element("h1", "Fuzz report"),
        element("p", lead, f"{said.sentence}.", class_=f"verdict {kind}"),
        *notes,
    )


def _overview(result: RunResult) -> Iterator[Node]:
    if not result.features:
        return
    rows = [
        row(
            ("Feature", element("a", inline(feature.feature), href=f"#feature-{number}")),
            ("Held", str(_count(feature, "held"))),
            ("Fell", _state(_count(feature, "fell"))),
            ("Not judged", str(_count(feature, "not judged"))),
            ("Tests that failed", _state(len(feature.troubles))),
            ("Cases", f"{feature.cases:,}" + ("" if feature.finished else ", broken off")),
        )
        for number, feature in enumerate(result.features, 1)
    ]
    laws = table("Laws of each feature", ("Feature", "Held", "Fell", "Not judged", "Tests that failed", "Cases"), rows)
    yield element("nav", element("h2", "Features", id="features"), laws, aria_labelledby="features")


def _count(feature: FeatureResult, wanted: Outcome) -> int:
    return sum(outcome(law) == wanted for law in feature.laws)


def _state(count: int) -> Node:
    return element("strong", str(count), class_="bad") if count else "0"


# A feature


def _feature(number: int, feature: FeatureResult, specs: Mapping[str, str]) -> Element:
    name = f"feature-{number}"
    told = list(feature.fallen)[:_MOST_TOLD]
    left = len(feature.fallen) - len(told) + len(feature.troubles[_MOST_TOLD:])
    return element(
        "section",
        element("h2", inline(feature.feature), id=name),
        element("p", _place(feature.file, feature.line), class_="place"),
        *([] if feature.finished else [element("p", "The run of this feature was broken off.", class_="open")]),
        *_facts(
            ("Cases", f"{feature.cases:,}: {phases_of(feature)}"),
            ("Time", f"{feature.seconds:.1f} s"),
            ("Of the spec itself", counted(feature.tried, *TRIED)),
            ("Covered", coverage_of(feature)),
        ),
        _laws(feature),
        _names("Techniques", feature.techniques),
        _names("Lying models", feature.liars),
        *(_fallen(fallen, f"{name}-{place}", specs) for place, fallen in enumerate(told, 1)),
        *(_trouble(feature, trouble) for trouble in feature.troubles[:_MOST_TOLD]),
        *([element("p", f"{counted(left, 'more failure')} in the other reports.")] if left else []),
        aria_labelledby=name,
    )


def _laws(feature: FeatureResult) -> Element:
    rows = [
        row(
            ("Law", _law(law)),
            ("Outcome", element("span", _WORDS[outcome(law)], class_=f"tag {_CLASSES[outcome(law)]}")),
            ("Degree", law.degree),
            ("Evidence", rate(law)),
        )
        for law in feature.laws
    ]
    return table("Laws", ("Law", "Outcome", "Degree", "Evidence"), rows)


def _law(law: LawResult) -> Element:
    return element(
        "span", element("code", inline(law.law)), element("span", inline(claim_of(law.claim)), class_="claim")
    )


def _names(title: str, counts: Mapping[str, int]) -> Element:
    used = sorted((name, count) for name, count in counts.items() if count)
    items = (element("li", element("code", inline(name)), f" {count:,}") for name, count in used)
    inner = element("ul", *items, class_="names") if used else element("p", "None.")
    return element("details", element("summary", f"{title}: {len(used)}"), inner)


def _facts(*facts: tuple[str, str]) -> Iterator[Element]:
    pairs = [element("div", element("dt", name), element("dd", inline(cut(text)))) for name, text in facts]
    yield element("dl", *pairs)


def _place(file: str, line: int) -> Element:
    return element("code", inline(f"{file}:{line}"))


# A failure


def _fallen(fallen: Fallen, name: str, specs: Mapping[str, str]) -> Element:
    line = source_line(specs, fallen.file, fallen.line)
    quoted = [_block([Part("fixed", line)], "the line of the spec")] if line is not None else []
    outcome = [element("p", "The call ", *revealed(cut(fallen.outcome)), ".")] if fallen.outcome else []
    return element(
        "article",
        element("h3", "Fell: ", element("code", inline(fallen.law)), id=name),
        element("p", inline(claim_of(fallen.claim)), class_="claim"),
        element("p", _place(fallen.file, fallen.line), class_="place"),
        *quoted,
        element("h4", "What happened instead"),
        element("p", element("strong", *revealed(cut(fallen.sentence)))),
        *outcome,
        element("h4", "The smallest input" if fallen.case and fallen.shrunk else "The input"),
        _block([Part("fixed", value_text(fallen.case.given))], "the input"),
        *_facts(*facts_of(fallen)),
        element("h4", "What the model was sent"),
        *_prompt(fallen),
        element("h4", "What the model said"),
        *_reply(fallen),
        element("h4", "To try it again"),
        element("pre", element("code", replay_of(fallen)), class_="command"),
        aria_labelledby=name,
    )


def _prompt(fallen: Fallen) -> Iterator[Element]:
    if not fallen.prompt:
        yield element("p", "Nothing: no model was asked.")
    for role, content in fallen.prompt:
        yield element("p", "Role: ", element("code", inline(role)), class_="role")
        yield _block(parts_of(content, fallen.tag), f"message of the role {role}")


def _reply(fallen: Fallen) -> Iterator[Element]:
    if fallen.reply is None:
        yield element("p", "Nothing.")
    else:
        yield _block([Part("fixed", fallen.reply)], "the reply")


def _trouble(feature: FeatureResult, trouble: Trouble) -> Element:
    return element(
        "article",
        element("h3", "Not as the spec says: ", inline(trouble_title(trouble))),
        element("p", _place(feature.file, trouble.line or feature.line), class_="place"),
        _block([Part("fixed", trouble.message)], "what happened"),
    )


# Foreign text


def _block(parts: Iterable[Part], name: str) -> Element:
    """Return parts of a text, all that does not show as boxes; a long one is folded, a very long one is cut."""
    parts = list(parts)
    length = sum(len(part.text) for part in parts)
    block = element("pre", *_drawn(parts), tabindex="0", role="region", aria_label=name)
    if length <= _MOST_OPEN:
        return block
    return element("details", element("summary", f"{name}, {counted(length, 'character')}"), block)


def _drawn(parts: Iterable[Part]) -> Iterator[Node]:
    left = _MOST
    for part in parts:
        inner = revealed(part.text[:left])
        match part.kind:
            case "fixed":
                yield element("span", *inner)
            case "value":
                yield element("span", *inner, class_="value")
            case _:
                yield element("span", *inner, class_=f"mark {part.kind}", title=_MARKS[part.kind])
        if len(part.text) > left:
            yield element("span", "… cut here; the replay has all of it", class_="cut")
            return
        left -= len(part.text)


# The foot of the page


def _reading() -> Element:
    degrees = [element("div", element("dt", degree), element("dd", f"{said}.")) for degree, said in DEGREES.items()]
    return element(
        "aside",
        element("h2", "How to read this page", id="reading"),
        element(
            "p",
            "A law is a claim that holds for every feature, whatever a caller sends and whatever a model answers. "
            "Each was judged on cases made from the spec alone. A case of which a law says nothing is not counted "
            "for it, and a law that no case could judge is not counted as held. Degrees, from the strongest down:",
        ),
        element("dl", *degrees),
        element(
            "p",
            "The rates are the upper ends of Wilson's score intervals at 95 %. They speak of cases like those that "
            "were run, which are chosen to do harm; they are not the share of your own calls.",
        ),
        element(
            "p",
            "In what the model was sent, ",
            element("span", "[[a mark]]", class_="mark open"),
            " opens or closes a fence, ",
            element("span", "this", class_="value"),
            " comes from outside, and ",
            element("span", "[[this]]", class_="mark astray"),
            " is a mark out of place. ",
            element("span", "U+202E", class_="unseen", title=unicodedata.name("\u202e")),
            " stands for a character that does not show.",
        ),
        aria_labelledby="reading",
    )


def _footer(result: RunResult) -> Element:
    text = f"promptspec {result.version}, profile {result.profile}, seed {result.seed}"
    return element("footer", element("p", inline(text)))
