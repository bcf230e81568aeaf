"""Every code of the catalogue has a page and a case, and both say what promptspec says."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from promptspec.api import Compilation
from promptspec.audit.card import card_of
from promptspec.audit.findings import findings
from promptspec.diagnostics.catalogue import CATALOGUE
from promptspec.diagnostics.terminal import render_terminal
from promptspec.project import MOST_SPEC
from promptspec.trials import check_paths

ROOT = Path(__file__).resolve().parents[2]
CASES = ROOT / "tests" / "cases" / "diagnostics"
PAGES = ROOT / "docs" / "reference" / "diagnostics"

#: What no text of a spec can cause is built by a test of its own.
BUILT = {"PS107", "PS108", "PS321", "PS709", "PS810", "PS811", "PS907", "PS910", "PS911", "PS921"}
WRITTEN = sorted(set(CATALOGUE) - BUILT)
UPDATE = bool(os.environ.get("PROMPTSPEC_UPDATE"))

_PHOTO = """\
promptspec 1

feature describe_photo {
    model "gpt-5.6-luna"

    input {
        photo: image(..4mb)
    }

    output text(..280)
}
"""

_FENCE = re.compile(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ALSO = re.compile(r"^# also: (.*)$", re.MULTILINE)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))


def rendered(found: Compilation) -> str:
    return render_terminal(found.diagnostics, found.texts, colour=False, width=100)


def codes(found: Compilation) -> set[str]:
    return {diagnostic.code for diagnostic in found.diagnostics}


def bad_specs(code: str) -> list[Path]:
    return sorted((CASES / code).glob("bad*.spec"))


# Cases


def test_each_case_and_each_page_belongs_to_a_code() -> None:
    assert {path.name for path in CASES.iterdir()} == set(WRITTEN)
    assert {path.stem for path in PAGES.iterdir()} == set(CATALOGUE)


@pytest.mark.parametrize("code", WRITTEN)
def test_a_bad_spec_gives_its_code_and_no_other(code: str) -> None:
    for path in bad_specs(code):
        also = {word for line in _ALSO.findall(path.read_text(encoding="utf-8")) for word in line.split()}
        assert codes(check_paths([path])) == {code, *also}, path.name


@pytest.mark.parametrize("code", WRITTEN)
def test_what_is_said_of_bad_specs_is_what_was_expected(code: str) -> None:
    said = "\n".join(rendered(check_paths([path])) for path in bad_specs(code))
    expected = CASES / code / "expected.txt"
    if UPDATE:
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("code", WRITTEN)
def test_the_fixed_spec_has_no_problem(code: str) -> None:
    assert rendered(check_paths([CASES / code / "fixed.spec"])) == ""


@pytest.mark.parametrize("code", WRITTEN)
def test_a_message_is_one_plain_line(code: str) -> None:
    for path in bad_specs(code):
        for diagnostic in check_paths([path]).diagnostics:
            for line in (diagnostic.message, diagnostic.note, *diagnostic.help):
                assert "\n" not in line
                assert not line.endswith(".") or line.endswith("…")
                assert not line[:1].isupper() or line.startswith(("RE2", "JSON", "POSIX")), line
                assert not re.search(r"\b(token|parser|NoneType|None|str|dict|tuple|STRING)\b", line), line


# Cases that no text of a spec can be


def test_bytes_that_are_not_utf_8_are_refused(tmp_path: Path) -> None:
    spec = tmp_path / "shop.spec"
    spec.write_bytes("promptspec 1\n\nenum Topic { order, caf\u00e9 }\n".encode("latin-1"))
    found = check_paths([spec])
    assert codes(found) == {"PS107"}
    assert rendered(found).splitlines()[:7] == shown_on_page("PS107")


def test_a_spec_that_is_too_large_is_refused(tmp_path: Path) -> None:
    spec = tmp_path / "shop.spec"
    spec.write_bytes(b"promptspec 1\n".ljust(5_000_000, b"\n"))
    assert MOST_SPEC < 5_000_000
    found = check_paths([spec])
    assert codes(found) == {"PS108"}
    assert rendered(found).splitlines()[:5] == shown_on_page("PS108")


def test_a_rule_without_its_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere(name: str) -> None:
        return None

    monkeypatch.setattr("promptspec.tone.extras.find_spec", nowhere)
    spec = tmp_path / "shop.spec"
    fixed = (CASES / "PS704" / "fixed.spec").read_text(encoding="utf-8")
    spec.write_text(fixed, encoding="utf-8")
    found = check_paths([spec])
    assert codes(found) == {"PS709"}
    assert rendered(found).splitlines()[:7] == shown_on_page("PS709")


def test_a_clause_of_the_ledger_without_it_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptspec.check.reviews.is_installed", lambda: False)
    spec = tmp_path / "shop.spec"
    spec.write_text((CASES / "PS922" / "fixed.spec").read_text(encoding="utf-8"), encoding="utf-8")
    found = check_paths([spec])
    assert codes(found) == {"PS921"}
    assert rendered(found).splitlines()[:7] == shown_on_page("PS921")


def test_an_image_without_its_library_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("promptspec.check.images.is_missing", lambda: True)
    spec = tmp_path / "shop.spec"
    spec.write_text(_PHOTO, encoding="utf-8")
    found = check_paths([spec])
    assert codes(found) == {"PS321"}
    assert rendered(found).splitlines()[:7] == shown_on_page("PS321")


def test_a_rule_of_a_policy_that_means_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.promptspec]\npolicy = "policies/company.spec"\n')
    bad, good = (text for language, _, text in blocks("PS907") if language == "promptspec")
    policy = tmp_path / "policies" / "company.spec"
    policy.parent.mkdir()
    policy.write_text(bad)
    found = check_paths([policy])
    assert codes(found) == {"PS907"}
    said = rendered(found)
    if UPDATE:
        (PAGES / "PS907.md").write_text(_SAID.sub(lambda _: f"```text\n{said}```", page("PS907"), count=1))
    assert said.splitlines() == shown_on_page("PS907")
    policy.write_text(good)
    assert codes(check_paths([policy])) == set()


@pytest.mark.parametrize(("code", "most"), [("PS911", None), ("PS910", 100)])
def test_what_an_audit_finds_is_told(tmp_path: Path, code: str, most: int | None) -> None:
    spec = tmp_path / "shop.spec"
    spec.write_text((CASES / "PS908" / "fixed.spec").read_text(encoding="utf-8"), encoding="utf-8")
    found = check_paths([spec])
    module = found.unit("shop.spec").module
    assert module is not None
    cards = [card_of(feature, module) for feature in module.features]
    told = findings(cards, found.texts, strict=False, max_bits_out=most)
    said = rendered(replace(found, diagnostics=tuple(each for each in told if each.code == code)))
    if UPDATE:
        (PAGES / f"{code}.md").write_text(_SAID.sub(lambda _: f"```text\n{said}```", page(code), count=1))
    assert said.splitlines() == shown_on_page(code)


def test_a_used_file_that_is_too_large_is_reported_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "big.spec").write_bytes(b"promptspec 1\n".ljust(5_000_000, b"\n"))
    spec = tmp_path / "shop.spec"
    spec.write_text('promptspec 1\n\nuse Topic from "big.spec"\n')
    (diagnostic,) = check_paths([spec]).diagnostics
    assert (diagnostic.code, diagnostic.span.file) == ("PS108", "shop.spec")


def test_a_schema_that_is_too_large_is_reported_as_too_large(tmp_path: Path) -> None:
    (tmp_path / "big.json").write_bytes(b"{}".ljust(2_000_000))
    spec = tmp_path / "shop.spec"
    spec.write_text('promptspec 1\n\nrecord A {\n    a: schema("big.json")\n}\n')
    assert codes(check_paths([spec])) == {"PS108"}


def test_a_link_that_leads_out_of_the_project_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret.spec").write_text("promptspec 1\n\nenum Topic { a }\n")
    project = tmp_path / "project"
    project.mkdir()
    (project / "topics.spec").symlink_to(tmp_path / "secret.spec")
    spec = project / "shop.spec"
    spec.write_text('promptspec 1\n\nuse Topic from "topics.spec"\n')
    assert codes(check_paths([spec])) == {"PS119"}


def test_a_spec_that_is_a_link_out_of_its_folder_is_refused_and_the_others_are_checked(tmp_path: Path) -> None:
    (tmp_path / "secret.spec").write_text("promptspec 1\n\nenum Topic { a }\n")
    project = tmp_path / "project"
    (project / "deep").mkdir(parents=True)
    (project / "deep" / "link.spec").symlink_to(tmp_path / "secret.spec")
    (project / "shop.spec").write_text("promptspec 1\n\nrecord A {\n    a: text\n}\n")
    found = check_paths([project])
    assert {(each.code, each.span.file) for each in found.diagnostics} == {
        ("PS119", "deep/link.spec"),
        ("PS301", "shop.spec"),
    }
    assert [unit.file for unit in found.units] == ["shop.spec"]
    assert "`deep/link.spec` is a link that leads out of the project" in rendered(found)


def test_a_link_inside_of_the_project_is_the_file_that_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "shop.spec").write_text("promptspec 1\n\nenum Topic { a }\n")
    (tmp_path / "same.spec").symlink_to("shop.spec")
    found = check_paths([tmp_path])
    assert found.diagnostics == ()
    assert [unit.file for unit in found.units] == ["shop.spec"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_no_file_of_rows(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "films.csv")
    spec = tmp_path / "shop.spec"
    spec.write_text('promptspec 1\n\nsource films = csv("films.csv") {\n    key id\n}\n')
    assert codes(check_paths([spec])) == {"PS118"}


# Pages


def blocks(code: str) -> Iterator[tuple[str, str, str]]:
    """Yield the fenced blocks of a page: language, name of the file or "", and text."""
    for found in _FENCE.finditer(page(code)):
        yield found[1], found[2] or "", found[3]


def page(code: str) -> str:
    return (PAGES / f"{code}.md").read_text(encoding="utf-8")


def shown_on_page(code: str) -> list[str]:
    return next(text for language, _, text in blocks(code) if language == "text").splitlines()


def check_block(code: str, index: int, folder: Path) -> Compilation:
    """Return what becomes of the page's spec at *index*, beside the files that the page shows."""
    folder.mkdir(exist_ok=True)
    specs: list[str] = []
    for language, name, text in blocks(code):
        if name:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        elif language == "promptspec":
            specs.append(text)
    (folder / "shop.spec").write_text(specs[index], encoding="utf-8")
    return check_paths([folder / "shop.spec"])


@pytest.mark.parametrize("code", sorted(CATALOGUE))
def test_a_page_begins_with_the_title_of_its_code(code: str) -> None:
    assert page(code).startswith(f"# {code}: {CATALOGUE[code].title}\n\n")


@pytest.mark.parametrize("code", WRITTEN)
def test_the_failing_spec_of_a_page_fails_as_the_page_says(code: str, tmp_path: Path) -> None:
    found = check_block(code, 0, tmp_path / "page")
    assert codes(found) == {code}
    said = rendered(found)
    if UPDATE:
        path = PAGES / f"{code}.md"
        text = _SAID.sub(lambda _: f"```text\n{said}```", page(code), count=1)
        path.write_text(text, encoding="utf-8")
    assert shown_on_page(code) == said.splitlines()


_SAID = re.compile(r"^```text\n.*?^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("code", WRITTEN)
def test_the_mended_spec_of_a_page_has_no_problem(code: str, tmp_path: Path) -> None:
    assert rendered(check_block(code, -1, tmp_path / "page")) == ""
