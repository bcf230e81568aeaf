"""Everything that the documentation shows is run."""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.pages import CODES, ROOT, Block, anchors, blocks, links, pages
from promptspec.building import build
from promptspec.cli.app import run as run_command
from promptspec.cli.compiler import RealCompiler
from promptspec.cli.desk import Desk
from promptspec.diagnostics import Report
from promptspec.syntax import parse
from promptspec.text import SpecText
from promptspec.trials import check_paths

DATA = Path(__file__).parent / "data"
PAGES = pages()
BLOCKS = tuple(block for page in PAGES for block in blocks(page))
#: The other languages of fenced blocks, which show and are not run.
SHOWN = {"text", "toml", "yaml", "json", "csv", "sh", "pycon", "mermaid"}


def of(language: str, *words: str) -> list[Block]:
    """Return the blocks in *language* whose second word is one of *words*; a name of a file counts as `file`."""
    return [
        block
        for block in BLOCKS
        if block.language == language
        and ("file" if block.words[1:] and "." in block.words[1] else " ".join(block.words[1:2])) in words
    ]


def by_name(block: Block) -> str:
    return block.name


def relative(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the samples in `specs/`, and what `promptspec build` makes of them in `features/`."""
    site = tmp_path_factory.mktemp("samples")
    shutil.copytree(ROOT / "specs", site / "specs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.mktemp("cache")))
        compilation = check_paths([site / "specs"])
        assert not compilation.has_errors()
        build(compilation, site / "features")
    return site


@pytest.fixture
def desk_folder(
    samples: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder to work in, as the reader of a page has it: no key, rehearsal, the samples and their modules."""
    folder = tmp_path / "project"
    shutil.copytree(samples, folder)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    for name in list(os.environ):
        if name.startswith(("PROMPTSPEC_", "OPENAI_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path_factory.getbasetemp() / "pages"))
    known = set(sys.modules)
    yield folder
    for name in set(sys.modules) - known:
        if name.partition(".")[0] in ("features", "app"):
            del sys.modules[name]


def with_data(folder: Path) -> Path:
    """Put the data and settings that specs of the pages name into *folder*."""
    shutil.copytree(DATA, folder, dirs_exist_ok=True)
    shutil.copytree(ROOT / "specs" / "data", folder / "data", dirs_exist_ok=True)
    return folder


@pytest.mark.parametrize("block", of("promptspec", "", "file", "later", "wrong"), ids=by_name)
def test_a_spec_in_the_docs_compiles(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROMPTSPEC_CACHE", str(tmp_path / "cache"))
    spec = with_data(tmp_path) / "page.spec"
    spec.write_text(block.text, encoding="utf-8")
    found = check_paths([spec]).diagnostics
    codes = {"later": {"PS090"}, "wrong": set(block.words[2:3])}.get(" ".join(block.words[1:2]), set())
    assert {diagnostic.code for diagnostic in found} == codes


@pytest.mark.parametrize("block", of("promptspec", "declarations", "clauses"), ids=by_name)
def test_a_part_of_a_spec_in_the_docs_is_read(block: Block) -> None:
    inner = f"feature page {{\n{block.text}}}\n" if block.words[1] == "clauses" else block.text
    report = Report()
    parse(SpecText("page.spec", f"promptspec 1\n{inner}"), report)
    assert report.diagnostics == ()


@pytest.mark.parametrize("block", of("promptspec", "excerpt"), ids=by_name)
def test_an_excerpt_stands_in_the_sample_that_it_names(block: Block) -> None:
    """Paragraphs of the block follow each other in the sample, maybe with something between them."""
    sample = (ROOT / "specs" / block.words[2]).read_text(encoding="utf-8")
    place = 0
    for paragraph in block.text.strip("\n").split("\n\n"):
        found = [sample.find(textwrap.indent(paragraph, " " * depth) + "\n", place) for depth in (0, 4, 8)]
        place = max(found)
        assert place >= 0, paragraph


@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)], ids=relative)
def test_a_page_does_what_it_says(page: Path, desk_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page are what a reader does, one after the other: files, commands, Python."""
    names: dict[str, object] = {"__name__": "page"}
    for block in blocks(page):
        words = (block.language, block.words[-1]) if block.words[1:2] == ("wrong",) else block.words
        match words:
            case ("promptspec" | "python" | "toml" | "json" | "csv", name, *_) if "." in name and name != "excerpt":
                path = desk_folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(block.text, encoding="utf-8")
                if block.language == "python":
                    compile(block.text, block.name, "exec")
            case ("python", "no-run"):
                compile(block.text, block.name, "exec")
            case ("python",):
                with monkeypatch.context() as patch:
                    patch.setenv("PROMPTSPEC_REHEARSE", "1")
                    exec(compile("\n" * block.line + block.text, str(page), "exec"), names)
            case ("console",):
                follow(block)
            case ("promptspec" | "console", *_):
                pass
            case _:
                assert block.language in SHOWN, f"{block.name}: a block of an unknown kind"


def follow(block: Block) -> None:
    """Run the commands of a block; what stands below each must come out, in that order, with anything for `…`."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, expected = part.partition("\n")
        environment = {"TERM": "dumb", "PROMPTSPEC_CACHE": os.environ["PROMPTSPEC_CACHE"]}
        words = shlex.split(command)
        while "=" in words[0]:
            name, _, value = words.pop(0).partition("=")
            environment[name] = value
        assert words[0] == "promptspec", f"{block.name}: only our own commands are run"
        stream = io.StringIO()
        desk = Desk(input=io.StringIO(), output=stream, errors=stream, environment=environment, compiler=RealCompiler())
        run_command(words[1:], desk)
        lines = [re.escape(line.rstrip()).replace("…", ".*") for line in expected.splitlines() if line.strip()]
        pattern = ".*?".join(f"^{line} *$" for line in lines)
        assert re.search(pattern, stream.getvalue(), re.MULTILINE | re.DOTALL), f"{block.name}\n{stream.getvalue()}"


@pytest.mark.parametrize("page", [*PAGES, *sorted(CODES.glob("*.md"))], ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        if anchor and target.suffix == ".md":
            assert anchor in anchors(target), f"{target}#{anchor}"


def test_every_page_is_reached_from_the_index() -> None:
    reached: set[Path] = set()
    work = [ROOT / "docs" / "index.md"]
    while work:
        page = work.pop()
        if not page.exists():
            continue  # another test says so
        if page.is_dir():
            work += sorted(page.glob("*.md"))
        elif page not in reached and page.suffix == ".md":
            reached.add(page)
            work += [target for target, _ in links(page)]
    assert [page for page in PAGES if ROOT / "docs" in page.parents and page not in reached] == []


def test_every_sample_has_a_page() -> None:
    samples = {path.stem for path in (ROOT / "specs").glob("*.spec")} - {"house"}
    assert {stem for stem in samples if not (ROOT / "docs" / "how-to" / f"{stem}.md").exists()} == set()
