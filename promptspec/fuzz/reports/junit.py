"""What a run found, as JUnit's XML, which GitHub Actions, GitLab and Jenkins read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from promptspec.fuzz.reports.terminal import failure_text, shown
from promptspec.fuzz.reports.wording import TRIED, claim_of, rate, trouble_title
from promptspec.fuzz.results import FeatureResult, LawResult, RunResult, Trouble
from promptspec.live.markup import Element, element, written
from promptspec.live.wording import counted


def render_junit(result: RunResult) -> str:
    """Return an XML document: a suite a feature, a case a law and an example, test or attack in trouble.

    Examples, tests and attacks that went well are cases too, one for all where their names are not known. A law that
    no case judged is skipped; a run that was broken off is an error. What XML 1.0 cannot hold, and what does not show,
    is written as `\\u{…}`.
    """
    suites = [_suite(feature) for feature in result.features]
    counts = {name: sum(getattr(suite.counts, name) for suite in suites) for name in Counts.__slots__}
    seconds = sum(feature.seconds for feature in result.features)
    root = element(
        "testsuites",
        *(suite.drawn for suite in suites),
        name="promptspec fuzz",
        time=f"{seconds:.3f}",
        **{name: str(count) for name, count in counts.items()},
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{written(root)}\n'


@dataclass(frozen=True, slots=True)
class Counts:
    """How many cases of a suite there are, and how many of them failed, went wrong or were not run."""

    tests: int
    failures: int
    errors: int
    skipped: int


@dataclass(frozen=True, slots=True)
class _Suite:
    drawn: Element
    counts: Counts


def _suite(feature: FeatureResult) -> _Suite:
    cases = list(_cases(feature))
    inner = [child.name for case in cases for child in case.children if isinstance(child, Element)]
    counts = Counts(len(cases), inner.count("failure"), inner.count("error"), inner.count("skipped"))
    drawn = element(
        "testsuite",
        *cases,
        name=f"{feature.file}: {feature.feature}",
        time=f"{feature.seconds:.3f}",
        **{name: str(getattr(counts, name)) for name in Counts.__slots__},
    )
    return _Suite(drawn, counts)


def _cases(feature: FeatureResult) -> Iterator[Element]:
    for law in feature.laws:
        yield _case(feature, law.law, *_told(law))
    for trouble in feature.troubles:
        yield _case(feature, trouble_title(trouble), _failure(trouble), line=trouble.line)
    yield from (_case(feature, name) for name in feature.names)
    well = max(feature.tried - len(feature.troubles), 0)
    if well and not feature.names:
        yield _case(feature, counted(well, *TRIED) + " as they say")
    if not feature.finished:
        yield _case(feature, "run", element("error", type="unfinished", message="the run was broken off"))


def _case(feature: FeatureResult, name: str, *children: Element, line: int = 0) -> Element:
    place = {"file": feature.file, "line": str(line or feature.line)}
    return element("testcase", *children, name=name, classname=f"{feature.file}.{feature.feature}", **place)


def _told(law: LawResult) -> Iterator[Element]:
    fallen = law.fallen
    if fallen is not None:
        # As the terminal shows it: one escaper for both.
        yield element("failure", failure_text(fallen), type=law.law, message=f"{fallen.sentence} (replay {fallen.id})")
    elif law.held is None:
        yield element("skipped", message=rate(law))
    else:
        yield element("system-out", f"{claim_of(law.claim)}\n{law.degree}\n{rate(law)}\n")


def _failure(trouble: Trouble) -> Element:
    return element("failure", shown(trouble.message), type=trouble.kind, message=trouble.message)
