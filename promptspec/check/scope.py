"""The names of a file: its own, and those that it uses of other files."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from promptspec.check.desk import Desk
from promptspec.check.tone_rules import ReadRule
from promptspec.contract.feature import Import, Source
from promptspec.contract.types import Enumeration, Record
from promptspec.diagnostics import Label, did_you_mean
from promptspec.syntax import tree
from promptspec.text import Span

Named: TypeAlias = (
    tree.EnumDeclaration
    | tree.RecordDeclaration
    | tree.SourceDeclaration
    | tree.ModelDeclaration
    | tree.ToneDeclaration
    | tree.DefaultsDeclaration
    | tree.PolicyDeclaration
    | tree.FeatureDeclaration
)

KINDS = {
    tree.EnumDeclaration: "enum",
    tree.RecordDeclaration: "record",
    tree.SourceDeclaration: "source",
    tree.ModelDeclaration: "model",
    tree.ToneDeclaration: "tone",
    tree.DefaultsDeclaration: "defaults",
    tree.PolicyDeclaration: "policy",
    tree.FeatureDeclaration: "feature",
}

_DECLARED = re.compile(rf"^[ \t]*(?:{'|'.join(KINDS.values())})\s+([A-Za-z_]\w*)", re.MULTILINE)
_PASCAL = re.compile(r"[A-Z][A-Za-z0-9]*")
_SNAKE = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(slots=True, kw_only=True)
class Scope:
    """What a name means in one file. *home* tells which file declares it; the contracts are filled in as checked.

    *held* are all records of used files, by name and file. *live* are the sources that can be pulled, as declared,
    whether they were or not.
    *files* are the scopes of the files that were used on the way to this one, and its own. *lost* are names of
    declarations that could not be read: that has been said, and what uses them says nothing more.
    """

    declarations: dict[str, Named] = field(default_factory=dict[str, Named])
    home: dict[str, str] = field(default_factory=dict[str, str])
    used_at: dict[str, Span] = field(default_factory=dict[str, Span])
    enums: dict[str, Enumeration] = field(default_factory=dict[str, Enumeration])
    records: dict[str, Record] = field(default_factory=dict[str, Record])
    sources: dict[str, Source] = field(default_factory=dict[str, Source])
    live: dict[str, Source] = field(default_factory=dict[str, Source])
    tones: dict[str, tuple[ReadRule, ...]] = field(default_factory=dict[str, "tuple[ReadRule, ...]"])
    keys: dict[str, Collection[str]] = field(default_factory=dict[str, Collection[str]])
    held: dict[tuple[str, str], Record] = field(default_factory=dict[tuple[str, str], Record])
    imports: tuple[Import, ...] = ()
    lost: frozenset[str] = frozenset()
    files: dict[str, Scope] = field(default_factory=dict["str", "Scope"])

    def kind(self, name: str) -> str | None:
        """Return what *name* is (`enum`, `source`, …), or None."""
        declaration = self.declarations.get(name)
        return None if declaration is None else KINDS[type(declaration)]


def gather(desk: Desk, file: tree.SpecFile, used: dict[str, Scope]) -> Scope:
    """Return the names of *file*; *used* holds the scopes of the files that its `use` lines name, by name."""
    scope = Scope()
    for other in used.values():
        scope.files |= other.files
    scope.files[desk.file] = scope
    imports: dict[str, list[str]] = {}
    for declaration in file.declarations:
        if isinstance(declaration, tree.Use):
            _take(desk, declaration, scope, used, imports)
        else:
            _declare(desk, declaration, scope)
    scope.lost = _lost(desk, file, scope, used)
    scope.imports = tuple(Import(file=name, names=tuple(sorted(names))) for name, names in sorted(imports.items()))
    return scope


def _lost(desk: Desk, file: tree.SpecFile, scope: Scope, used: dict[str, Scope]) -> frozenset[str]:
    lost: set[str] = set()
    for declaration in file.declarations:
        if isinstance(declaration, tree.Use):
            other = used.get(declaration.path.value)
            lost |= {n.text for n in declaration.names if other is None or n.text in other.lost}
    if any(d.span.file == desk.file and d.code < "PS2" for d in desk.report.errors):
        lost |= set(_DECLARED.findall(desk.text.content))
    return frozenset(lost - set(scope.declarations))


def _declare(desk: Desk, declaration: Named, scope: Scope) -> None:
    name = declaration.name
    first = scope.declarations.get(name.text)
    if first is not None:
        place = scope.used_at.get(name.text, first.name.span)
        desk.add(
            "PS201",
            name.span,
            f"`{name.text}` is declared twice",
            note="declared again here",
            labels=[Label(span=place, message="first declared here")],
            help="rename one of them",
        )
        return
    scope.declarations[name.text] = declaration
    scope.home[name.text] = desk.file
    _spelling(desk, declaration)


def _spelling(desk: Desk, declaration: Named) -> None:
    name = declaration.name.text
    kind = KINDS[type(declaration)]
    if kind in ("enum", "record"):
        if not _PASCAL.fullmatch(name):
            desk.add(
                "PS203", declaration.name.span, f"{kind} `{name}` is not in PascalCase", help=f"write `{pascal(name)}`"
            )
    elif not _SNAKE.fullmatch(name):
        desk.add("PS203", declaration.name.span, f"{kind} `{name}` is not in snake_case", help=f"write `{snake(name)}`")


def field_spelling(desk: Desk, name: tree.Name) -> None:
    """Warn of a field that is not in snake_case."""
    if not _SNAKE.fullmatch(name.text):
        desk.add("PS203", name.span, f"field `{name.text}` is not in snake_case", help=f"write `{snake(name.text)}`")


def article(kind: str) -> str:
    """Return *kind*, a word of the language, with its article."""
    return kind if kind == "defaults" else f"an {kind}" if kind[0] in "aeo" else f"a {kind}"


def pascal(name: str) -> str:
    """Return *name* in PascalCase."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_") if part) or "X"


def snake(name: str) -> str:
    """Return *name* in snake_case."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().strip("_") or "x"


def _take(desk: Desk, use: tree.Use, scope: Scope, used: dict[str, Scope], imports: dict[str, list[str]]) -> None:
    other = used.get(use.path.value)
    if other is None:  # the file could not be read or parsed, and that has been said
        return
    for name in use.names:
        if name.text in other.lost:
            continue
        declaration = other.declarations.get(name.text)
        if isinstance(declaration, tree.FeatureDeclaration):
            desk.add(
                "PS204",
                name.span,
                f"`{name.text}` is a feature, and features are not shared",
                help="share what it is made of: an enum, a record, a source, a model or `defaults`",
            )
            continue
        if declaration is None:
            desk.add(
                "PS204",
                name.span,
                f"`{use.path.value}` does not declare `{name.text}`",
                help=did_you_mean(name.text, other.declarations),
            )
            continue
        if name.text in scope.declarations:
            place = scope.used_at.get(name.text, scope.declarations[name.text].name.span)
            desk.add(
                "PS201",
                name.span,
                f"`{name.text}` is declared twice",
                note="taken from another file here",
                labels=[Label(span=place, message="first declared here")],
                help="rename one of them",
            )
            continue
        home = other.home[name.text]
        scope.declarations[name.text] = declaration
        scope.home[name.text] = home
        scope.used_at[name.text] = name.span
        if isinstance(declaration, tree.EnumDeclaration | tree.RecordDeclaration | tree.SourceDeclaration):
            imports.setdefault(home, []).append(name.text)
        if name.text in other.enums:
            scope.enums[name.text] = other.enums[name.text]
        if name.text in other.records:
            scope.records[name.text] = other.records[name.text]
        if name.text in other.keys:
            scope.keys[name.text] = other.keys[name.text]
        if name.text in other.sources:
            scope.sources[name.text] = other.sources[name.text]
