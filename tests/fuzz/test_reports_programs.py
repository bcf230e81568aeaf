"""Reports for programs: JUnit, SARIF, JSON lines."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

import jsonschema
import pytest

from fuzz.made_results import FELL, FILE, HELD, HOSTILE, TAG, fallen, feature, law, run
from promptspec.fuzz.reports import render_jsonl, render_junit, render_sarif
from promptspec.fuzz.results import RunResult, Trouble

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "fuzz-reports.md"

# JUnit


def suites(result: RunResult) -> ElementTree.Element:
    return ElementTree.fromstring(render_junit(result))


@pytest.mark.parametrize("result", [HELD, FELL, run()], ids=["held", "fell", "empty"])
def test_the_xml_is_what_readers_of_junit_expect(result: RunResult) -> None:
    """The elements and attributes that GitLab, Jenkins and the usual actions of GitHub read, and no others."""
    root = suites(result)
    assert root.tag == "testsuites"
    assert [child.tag for child in root] == ["testsuite"] * len(result.features)
    for suite in root:
        assert float(suite.attrib["time"]) >= 0
        assert {case.tag for case in suite} <= {"testcase"}
        for case in suite:
            assert set(case.attrib) == {"name", "classname", "file", "line"}
            assert {each.tag for each in case} <= {"failure", "error", "skipped", "system-out"}
            assert all("message" in each.attrib for each in case if each.tag != "system-out")
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"), ("tests", None)):
            cases = [case for case in suite if tag is None or case.find(tag) is not None]
            assert int(suite.attrib[count]) == len(cases)
    for count in ("tests", "failures", "errors", "skipped"):
        assert int(root.attrib[count]) == sum(int(suite.attrib[count]) for suite in root)


def test_a_law_is_a_case_and_so_is_what_the_spec_brings() -> None:
    first, second, _ = suites(FELL)
    assert [(case.attrib["name"], [each.tag for each in case]) for case in first][:4] == [
        ("accepts_valid", ["system-out"]),
        ("fences_hold", ["failure"]),
        ("sinks_are_closed", ["failure"]),
        ("review_holds", ["skipped"]),
    ]
    assert [case.attrib["name"] for case in first][-1] == "4 examples, tests and attacks as they say"
    assert [each.tag for each in list(second)[-1]] == ["error"]


def test_a_failure_in_xml_tells_what_the_terminal_tells() -> None:
    failure = suites(run(feature(law("fences_hold", fell=fallen(text="a\x00b"))))).find(".//failure")
    assert failure is not None
    assert "a\\u{0}b" in (failure.text or "")
    assert "--replay 0123456789ab" in (failure.text or "")
    assert failure.attrib["message"].endswith("(replay 0123456789ab)")


def test_xml_holds_only_what_xml_may_hold() -> None:
    text = render_junit(FELL)
    assert not re.search("[^\n\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    assert "\u202e" not in text
    text.encode("utf-8")


# SARIF


def sarif(result: RunResult) -> dict[str, Any]:
    text = render_sarif(result)
    assert text.isascii()
    return json.loads(text)["runs"][0]


def test_a_finding_stands_on_the_line_of_the_spec() -> None:
    found = sarif(run(feature(law("fences_hold", fell=fallen(text="x", sentence="it came back as y")))))
    (result,) = found["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": FILE}, "region": {"startLine": 5}}
    assert result["message"]["text"].split("\n")[0] == "suggest_films: it came back as y"
    assert result["partialFingerprints"] == {"promptspecFuzz/v1": "0123456789ab"}
    assert result["level"] == "error"


def test_each_law_is_a_rule_with_its_claim() -> None:
    found = sarif(FELL)
    rules = found["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules][:4] == ["accepts_valid", "fences_hold", "sinks_are_closed", "review_holds"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    assert rules[1]["shortDescription"]["text"].startswith("Taking the fences out")
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_a_hostile_message_is_no_link_and_a_hostile_file_no_address() -> None:
    found = sarif(FELL)
    for result in found["results"]:
        text = result["message"]["text"]
        assert "](" not in text
        assert all(line.isprintable() for line in text.split("\n"))
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert re.fullmatch(r"[A-Za-z0-9._~/%-]+", uri)
        assert unquote(uri, errors="surrogatepass") in (FILE, HOSTILE)


def test_a_run_that_was_broken_off_is_no_success() -> None:
    assert sarif(HELD)["invocations"][0]["executionSuccessful"] is True
    assert sarif(FELL)["invocations"][0]["executionSuccessful"] is False


def test_a_line_that_is_not_known_is_the_first() -> None:
    trouble = Trouble(kind="attack", title="t", line=0, message="m")
    (result,) = sarif(run(feature(troubles=(trouble,), line=0)))["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 1}


# JSON lines


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


SCHEMA = json.loads(next(block for block in blocks("json") if "$schema" in block))


def lines(result: RunResult) -> list[dict[str, Any]]:
    text = render_jsonl(result)
    assert text.isascii()
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("result", [HELD, FELL, run()], ids=["held", "fell", "empty"])
def test_every_line_keeps_the_schema_of_the_reference(result: RunResult) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for line in lines(result):
        jsonschema.validate(line, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_schema_is_closed() -> None:
    for line in lines(FELL):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**line, "more": 1}, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_example_of_the_reference_is_what_comes_out() -> None:
    shown = [
        json.loads(line) for line in next(block for block in blocks("json") if "$schema" not in block).splitlines()
    ]
    one = fallen(text="a\u202eb", sentence="the value came back without `\u202e`", outcome="returned Films()")
    result = run(feature(law("prompt_fits"), law("fences_hold", judged=312, fell=one)))
    assert shown == lines(result)


def test_the_last_line_is_about_the_run() -> None:
    *_, last = lines(FELL)
    assert (last["kind"], last["verdict"], last["holds"], last["finished"]) == ("run", "fell", False, False)
    assert [line["kind"] for line in lines(FELL)].count("trouble") == 1


def test_texts_come_through_as_they_were() -> None:
    line = next(line for line in lines(FELL) if line["kind"] == "law" and line["law"] == "fences_hold")
    assert line["fallen"]["reply"] == HOSTILE
    assert line["fallen"]["tag"] == TAG
    assert line["held"] is False
    assert line["most_falling"] is None
