"""The stages, wired: load, check, build, format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from promptspec.check import Checked, check_module
from promptspec.check.budgets import largest_json
from promptspec.check.desk import Desk, report_refused
from promptspec.check.policies import Applied, check_policies
from promptspec.codegen import emit_module
from promptspec.contract.encoding import encode
from promptspec.contract.feature import Module
from promptspec.contract.practices import Policy
from promptspec.diagnostics import Diagnostic, Report
from promptspec.ports import FileRefused
from promptspec.project import MOST_SPEC, Project, Unusable, find_project, read_regular, shown, spec_files
from promptspec.schema.wire import encode_schema, input_schema, output_schema
from promptspec.syntax import parse, print_file, tree
from promptspec.text import Span, SpecText

#: Files that may use each other in a row.
MOST_CHAIN = 64

__all__ = [
    "Compilation",
    "Project",
    "Unit",
    "Unusable",
    "compile_paths",
    "declared_policies",
    "find_project",
    "format_text",
    "spec_files",
]


@dataclass(slots=True, kw_only=True)
class Unit:
    """One spec on its way: text, tree, checked form, code. What could not be made is None."""

    file: str
    text: SpecText
    tree: tree.SpecFile | None = None
    checked: Checked | None = None
    code: str | None = None

    @property
    def module(self) -> Module | None:
        """The contract of the file."""
        return self.checked.module if self.checked else None


@dataclass(slots=True, kw_only=True)
class Compilation:
    """What became of some spec files. *units* stand in the order of their names; *named* are those asked for.

    *modules* tells where the module of each spec stands below the package that is built, and *policies* what the
    project asks of its features.
    """

    project: Project
    units: tuple[Unit, ...]
    named: frozenset[str]
    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, SpecText] = field(repr=False)
    modules: Mapping[str, tuple[str, ...]] = field(repr=False)
    policies: tuple[Policy, ...] = ()

    def has_errors(self) -> bool:
        """Say whether something stops a build."""
        return any(d.severity.value == "error" for d in self.diagnostics)

    def unit(self, file: str) -> Unit:
        """Return the unit of the spec called *file*."""
        return next(unit for unit in self.units if unit.file == file)


def compile_paths(paths: Sequence[Path], *, progress: Callable[[str], None] | None = None) -> Compilation:
    """Check the specs that *paths* name and emit their modules; *progress* hears each file's name.

    Examples are not run: `promptspec.trials.check_paths` does that too. Raises Unusable for paths that do not exist.
    """
    files = spec_files(paths)
    project = find_project(paths[0] if paths[0].is_dir() else files[0])
    compiler = _Compiler(project)
    named: list[str] = []
    for file in files:
        try:
            name = project.name_of(file)
        except ValueError:
            link = project.name_of_link(file)
            if link is None:
                raise Unusable(f"`{shown(str(file))}` is not in the project at `{shown(str(project.root))}`") from None
            compiler.refuse_link(link)
            continue
        named.append(name)
        if progress is not None:
            progress(name)
        compiler.compile(name, path=file)
    return compiler.finish(frozenset(named))


class _Compiler:
    """Compiles files after those that they use."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._report = Report()
        self._units: dict[str, Unit] = {}
        self._texts: dict[str, SpecText] = {}
        self._open: list[str] = []
        self._applied = self._policies()

    def compile(self, file: str, *, path: Path | None = None) -> Unit | None:
        """Return the unit of *file*; None where it cannot be read, which has been reported."""
        if file in self._units:
            return self._units[file]
        text = self._read(file, path)
        if text is None:
            return None
        unit = Unit(file=file, text=text)
        self._units[file] = unit
        unit.tree = parse(text, self._report)
        if unit.tree is None:
            return unit
        self._open.append(file)
        used = dict(self._used(unit.tree))
        self._open.pop()
        unit.checked = check_module(
            text,
            unit.tree,
            used=used,
            texts=self._texts,
            report=self._report,
            files=self._project.files,
            settings=self._project.settings,
            applied=self._applied,
        )
        return unit

    def _policies(self) -> Applied | None:
        """Return the policies of the file that the settings name. Raises Unusable where it cannot be read."""
        name = self._project.settings.policy
        if not name:
            return None
        try:
            content = self._project.files.read(name, most=MOST_SPEC).decode("utf-8")
        except FileRefused as refused:
            raise Unusable(f"`policy` in `[tool.promptspec]`: {refused.message}") from None
        except UnicodeDecodeError:
            raise Unusable(f"`policy` in `[tool.promptspec]`: `{shown(name)}` is not UTF-8") from None
        text = SpecText(name, content)
        self._texts[name] = text
        parsed = parse(text, self._report)
        if parsed is None:
            return None
        desk = Desk(
            text=text,
            texts=self._texts,
            report=self._report,
            files=self._project.files,
            settings=self._project.settings,
        )
        return check_policies(desk, parsed, sha256(content.encode()).hexdigest())

    def refuse_link(self, file: str) -> None:
        """Report *file*, a link that leads out of the project; what it leads to is not read."""
        self._texts[file] = SpecText(file, "")
        self._report.add(
            "PS119",
            Span(file, 0, 0),
            f"`{shown(file)}` is a link that leads out of the project",
            help="copy the file into the project, or take the link away",
        )

    def _read(self, file: str, path: Path | None) -> SpecText | None:
        here = Span(file, 0, 0)
        try:
            if path is not None:  # named by the caller, who may name what they like
                data = read_regular(path.resolve(), shown(file), most=MOST_SPEC)
            else:
                data = self._project.files.read(file, most=MOST_SPEC)
            content = data.decode("utf-8")
        except FileRefused as refused:
            self._texts.setdefault(file, SpecText(file, ""))
            self._report.add("PS108" if refused.rule == "too_large" else "PS118", here, refused.message)
            return None
        except UnicodeDecodeError as error:
            self._texts.setdefault(file, SpecText(file, ""))
            self._report.add(
                "PS107",
                here,
                f"`{shown(file)}` is not UTF-8: byte {error.start:,} is 0x{error.object[error.start]:02x}",
                help="save it as UTF-8",
            )
            return None
        text = SpecText(file, content)
        self._texts[file] = text
        return text

    def _used(self, file: tree.SpecFile) -> Iterator[tuple[str, Checked]]:
        for use in file.declarations:
            if not isinstance(use, tree.Use):
                continue
            name = self._beside(use)
            if name is None:
                continue
            if name in self._open:
                self._report.add(
                    "PS205",
                    use.path.span,
                    "files use each other in a circle: " + " → ".join([*self._open[self._open.index(name) :], name]),
                    help="move what both need into a third file",
                )
                continue
            if len(self._open) == MOST_CHAIN:
                self._report.add(
                    "PS109",
                    use.path.span,
                    f"files use each other over more than {MOST_CHAIN} steps",
                    help="name the file that declares what is used, not one that hands it on",
                )
                continue
            missing = name not in self._units and self._unreadable(use, name)
            unit = None if missing else self.compile(name)
            if unit is not None and unit.checked is not None:
                yield use.path.value, unit.checked

    def _unreadable(self, use: tree.Use, name: str) -> bool:
        """Report a file that cannot be read at the place that names it."""
        try:
            self._project.files.read(name, most=MOST_SPEC)
        except FileRefused as refused:
            report_refused(self._report, use.path.span, refused)
            return True
        return False

    def _beside(self, use: tree.Use) -> str | None:
        """Return the used file's name relative to the root, its `..` resolved."""
        written = use.path.value
        parts: list[str] = list(Path(use.span.file).parent.parts) if not written.startswith("/") else []
        for part in written.split("/"):
            if part == ".." and parts and parts[-1] != "..":
                parts.pop()
            elif part in ("", "."):
                continue
            else:
                parts.append(part)
        if written.startswith("/") or ".." in parts or "\0" in written:
            self._report.add("PS119", use.path.span, f"`{shown(written)}` lies outside the project")
            return None
        return "/".join(parts)

    def finish(self, named: frozenset[str]) -> Compilation:
        """Emit the modules of what has no errors."""
        units = tuple(self._units[file] for file in sorted(self._units))
        modules = module_places([unit.file for unit in units])
        self._distinct(modules)
        if not self._report.has_errors():
            for unit in units:
                if unit.module is not None:
                    unit.code = emit_module(unit.module, modules=modules, largest_replies=_largest(unit.module))
        return Compilation(
            project=self._project,
            units=units,
            named=named,
            diagnostics=self._report.diagnostics,
            texts=self._texts,
            modules=modules,
            policies=self._applied.policies if self._applied else (),
        )

    def _distinct(self, modules: Mapping[str, tuple[str, ...]]) -> None:
        """No two specs may become one module, on any file system, and no module may hide behind a folder."""
        taken = {
            tuple(map(str.casefold, place[:depth])): file
            for file, place in modules.items()
            for depth in range(1, len(place))
        }
        for file, place in modules.items():
            key = tuple(map(str.casefold, place))
            if key in taken:
                first, name = taken[key], ".".join(place)
                self._report.add(
                    "PS208",
                    Span(file, 0, 0),
                    f"`{shown(file)}` and `{shown(first)}` would both be the module `{name}`",
                    help="rename one of them",
                )
            taken[key] = file


def _largest(module: Module) -> dict[str, int]:
    return {feature.name: largest_json(output_schema(module, feature)) for feature in module.features}


def module_places(files: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return, for each spec, where its module stands below the package: its path below the folder that all share."""
    split = {file: file.split("/") for file in files}
    folders = [parts[:-1] for parts in split.values()]
    shared = 0
    while folders and all(len(f) > shared for f in folders) and len({f[shared] for f in folders}) == 1:
        shared += 1
    return {file: tuple(_identifier(part) for part in parts[shared:]) for file, parts in split.items()}


def _identifier(part: str) -> str:
    """Return the name of a module or package; none begins with `_` as what packages use for themselves does."""
    import keyword

    stem = part.removesuffix(".spec")
    name = "".join(c if c.isascii() and c.isalnum() else "_" for c in stem).lstrip("_")
    if not name or name[0].isdigit():
        return f"_{name}"
    return f"{name}_" if keyword.iskeyword(name) or name == "import_module" else name


def declared_policies(compilation: Compilation) -> tuple[Policy, ...]:
    """Return the policies of the specs that were named, applied or not; those that the project applies where none
    declares any. What is wrong with them is told by compiling them where they are applied.
    """
    found: list[Policy] = []
    for unit in compilation.units:
        declares = unit.tree is not None and any(isinstance(d, tree.PolicyDeclaration) for d in unit.tree.declarations)
        if unit.file in compilation.named and unit.tree is not None and declares:
            desk = Desk(
                text=unit.text,
                texts=compilation.texts,
                report=Report(),
                files=compilation.project.files,
                settings=compilation.project.settings,
            )
            found += check_policies(desk, unit.tree, "").policies
    return tuple(found) or compilation.policies


def format_text(content: str, file: str) -> tuple[str | None, tuple[Diagnostic, ...], SpecText]:
    """Return the canonical text of a spec, or None where it does not parse, and what is wrong with it."""
    text = SpecText(file, content)
    report = Report()
    parsed = parse(text, report)
    return (None if parsed is None or report.has_errors() else print_file(parsed)), report.diagnostics, text


def sidecars(module: Module) -> dict[str, str]:
    """Return the texts of the files beside a module, by suffix: its contract, and the schemas of its inputs."""
    schemas = {feature.name: input_schema(module, feature) for feature in module.features}
    return {".contract.json": encode(module), ".schemas.json": encode_schema(schemas).decode() + "\n"}
