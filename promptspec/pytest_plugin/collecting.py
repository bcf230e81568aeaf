"""A spec as a file of tests: an item for each law, example, test and attack of each feature."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

import pytest

from promptspec.diagnostics.foreign import escape, shorten

if TYPE_CHECKING:
    from types import ModuleType

    from promptspec.api import Compilation
    from promptspec.contract.feature import Case, Feature, Module
    from promptspec.diagnostics import Report
    from promptspec.fuzz.results import Fallen, FeatureResult
    from promptspec.runtime.feature import Feature as Running

#: What installs the fuzzer.
INSTALL: Final = 'pip install "promptspec[fuzz]"'
_HEADER: Final = b"promptspec "


class Refused(Exception):
    """A spec or one of its items is refused; the message is what a person is shown."""


def collect(path: Path, parent: pytest.Collector) -> SpecFile | None:
    """Return the collector of the spec at *path*, or None for a file without the header of this language.

    A file that cannot be read is collected, so that it fails rather than being left out.
    """
    from promptspec.ports import FileRefused
    from promptspec.project import MOST_SPEC, read_regular
    from promptspec.syntax import read_header

    try:
        data = read_regular(path.resolve(), path.name, most=MOST_SPEC)
    except FileRefused:
        return _made(SpecFile, parent, path=path)
    if _HEADER not in data[:4096] or read_header(data.decode("utf-8", "replace")) is None:
        return None
    return _made(SpecFile, parent, path=path)


def _made(kind: Any, parent: pytest.Collector, **more: Any) -> Any:
    """Return a node of *kind*, made as pytest wants its nodes made; its own types say nothing of the arguments."""
    return kind.from_parent(parent, **more)


class SpecFile(pytest.File):
    """One spec. Collecting it compiles it, which runs no code of anybody's; its module runs with its first item."""

    compilation: Compilation
    _modules: Mapping[str, ModuleType] | None = None
    _tried: Report | None = None

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the items of every feature."""
        from promptspec.api import compile_paths
        from promptspec.project import Unusable

        try:
            self.compilation = compile_paths([self.path])
        except Unusable as error:
            raise Refused(escape(str(error))) from None
        if self.compilation.has_errors():
            raise Refused(_diagnosed(self.compilation))
        for unit in self.compilation.units:
            if unit.module is None or unit.file not in self.compilation.named:
                continue
            for feature in unit.module.features:
                yield from self._items(unit.module, feature)

    def _items(self, module: Module, feature: Feature) -> Iterator[pytest.Item]:
        if feature.examples:
            yield self._item(ExamplesItem, "examples", feature)
        for case in feature.cases:
            name = f"{case.kind}: {escape(shorten(case.title, 60))}"
            if case.kind == "test":
                yield self._item(CaseItem, name, feature, module=module, case=case)
            else:
                yield self._item(AttackItem, name, feature, case=case)
        from promptspec.fuzz.laws import LAWS

        for law in LAWS:
            yield self._item(LawItem, law, feature, law=law)

    def _item(self, kind: Any, part: str, feature: Feature, **more: Any) -> pytest.Item:
        name = f"{feature.name}[{part}]"
        # pytest 9.2 takes a name of its own making for another than the same name read back by `--lf`.
        return _made(kind, self, name=name, nodeid=f"{self.nodeid}::{name}", feature=feature, **more)

    def running(self, feature: Feature) -> Running[Any]:
        """Return the function of *feature*."""
        from promptspec.loading import function_of, materialize

        if self._modules is None:
            self._modules = materialize(self.compilation)
        return function_of(self._modules[feature.origin.file], feature.name)

    def refused_examples(self, feature: Feature) -> str:
        """Return what is wrong with the examples of *feature*, or ""."""
        from promptspec.diagnostics import Report
        from promptspec.trials import try_examples

        if self._tried is None:
            self._tried = Report()
            try_examples(self.compilation, self._tried)
        text = self.compilation.texts[feature.origin.file]
        lines = {example.origin.line for example in feature.examples}
        mine = [
            found
            for found in self._tried.diagnostics
            if found.span.file == text.file and text.position(found.span.start).line in lines
        ]
        return _diagnosed(replace(self.compilation, diagnostics=tuple(mine))) if mine else ""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> Any:
        """Show what is wrong with the spec, without a traceback."""
        return str(excinfo.value) if isinstance(excinfo.value, Refused) else cast("Any", super()).repr_failure(excinfo)


class _Item(pytest.Item):
    """Something of one feature."""

    parent: SpecFile

    def __init__(self, *, feature: Feature, **more: Any) -> None:
        cast("Any", super()).__init__(**more)
        self.feature = feature
        # Where workers share tests by group, the items of one feature stay together: they share one run. Without
        # pytest-xdist nobody knows this marker, and where markers must be known it would be refused.
        if self.config.pluginmanager.hasplugin("xdist"):
            self.add_marker(pytest.mark.xdist_group(f"{feature.origin.file}:{feature.name}"))

    @property
    def line(self) -> int:
        """The line of the spec that this item is about, from 1."""
        return self.feature.origin.line

    def reportinfo(self) -> tuple[Path, int, str]:
        """Say where this stands."""
        return self.path, self.line - 1, self.name

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show why it failed, without a traceback of ours."""
        return str(excinfo.value) if isinstance(excinfo.value, Refused) else super().repr_failure(excinfo, style)


class ExamplesItem(_Item):
    """All examples of a feature pass through it."""

    def runtest(self) -> None:
        """Try them."""
        refused = self.parent.refused_examples(self.feature)
        if refused:
            raise Refused(refused)


class CaseItem(_Item):
    """A `test` of the spec."""

    def __init__(self, *, module: Module, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self._module = module
        self._case = case

    @property
    def line(self) -> int:
        """The line of the test."""
        return self._case.origin.line

    def runtest(self) -> None:
        """Run it."""
        from promptspec.trials.tests import run_test

        result = run_test(self._module, self.feature, self._case, self.parent.running(self.feature))
        if not result.passed:
            raise Refused(f"{escape(result.file)}:{result.line}: {shorten(result.message, 2_000)}")


class _Fuzzed(_Item):
    """An item that needs the fuzzer."""

    def setup(self) -> None:
        """Say how to install the fuzzer where it is missing."""
        from importlib.util import find_spec

        if find_spec("hypothesis") is None:
            raise Refused(f"the fuzzer is not installed: {INSTALL}")
        if self.parent.refused_examples(self.feature):
            raise Refused(f"an example of {self.feature.name} is refused, so nothing else is tried")


class AttackItem(_Fuzzed):
    """An `attack` of the spec, which must leave every law standing, whatever the model answers."""

    def __init__(self, *, case: Case, **more: Any) -> None:
        super().__init__(**more)
        self._case = case

    @property
    def line(self) -> int:
        """The line of the attack."""
        return self._case.origin.line

    def runtest(self) -> None:
        """Put it to every lying model."""
        from promptspec.fuzz.running import fuzz_attack

        fallen = fuzz_attack(self.parent.running(self.feature), self._case)
        if fallen:
            raise Refused("\n".join([_told(self, fallen), *_kept(self, fallen)]))


class LawItem(_Fuzzed):
    """A law of a feature."""

    def __init__(self, *, law: str, **more: Any) -> None:
        super().__init__(**more)
        self.law = law

    def runtest(self) -> None:
        """Put the feature to the test, by all laws that are asked for at once, and say what came of this one."""
        result, notes = _results(self)
        mine = next(law for law in result.laws if law.law == self.law)
        if mine.fallen is not None:
            raise Refused("\n".join([_told(self, [mine.fallen]), *notes]))
        if not result.finished:
            raise KeyboardInterrupt
        if not mine.judged:
            pytest.skip(f"no case says anything about {self.law} of this feature")


#: What a run found, and what it says of itself.
_Found: TypeAlias = "tuple[FeatureResult, list[str]]"
_RESULTS: Final = pytest.StashKey[dict[tuple[Path, str], _Found]]()


def _results(item: LawItem) -> _Found:
    """Return the results of the item's feature; they are found with the first item, for all that were selected.

    What fell is kept in the project, as by the command line, which replays it.
    """
    found = item.config.stash.setdefault(_RESULTS, {})
    key = (item.path, item.feature.name)
    if key not in found or all(law.law != item.law for law in found[key][0].laws):
        from promptspec.fuzz.failures import Failures
        from promptspec.fuzz.laws import LAWS
        from promptspec.fuzz.running import Plan, fuzz_feature

        selected = [
            other.law
            for other in item.session.items
            if isinstance(other, LawItem) and (other.path, other.feature.name) == key
        ]
        laws = {name: law for name, law in LAWS.items() if name in (*selected, item.law)}
        root = item.parent.compilation.project.root
        plan = Plan(profile=_profile(item.config), laws=laws, failures=Failures.of_project(root), root=root)
        found[key] = fuzz_feature(item.parent.running(item.feature), plan), plan.notes
    return found[key]


def _kept(item: _Item, fallen: Iterable[Fallen]) -> Iterator[str]:
    """Keep what fell, for the command that replays it; yield why it cannot be kept."""
    from promptspec.fuzz.failures import Failures

    failures = Failures.of_project(item.parent.compilation.project.root)
    try:
        for each in fallen:
            failures.keep(each)
    except OSError as error:
        yield f"failures cannot be kept: {error.strerror or type(error).__name__}"


def _profile(config: pytest.Config) -> Any:
    from promptspec.fuzz.profiles import PROFILES

    return PROFILES[config.getoption("--promptspec-profile") or config.getini("promptspec_profile")]


def _told(item: _Item, fallen: Iterable[Fallen]) -> str:
    from promptspec.fuzz.reports.terminal import failure_text

    texts = {name: text.content for name, text in item.parent.compilation.texts.items()}
    return "\n".join(failure_text(each, specs=texts) for each in fallen)


def _diagnosed(compilation: Compilation) -> str:
    from promptspec.diagnostics.terminal import render_terminal

    return render_terminal(compilation.diagnostics, compilation.texts, colour=False, width=100)
