"""A whole file: names, then enums, sources, records, models, then features."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TypeVar

from promptspec.check.desk import Desk
from promptspec.check.features import FeatureCheck
from promptspec.check.later import later_parts
from promptspec.check.models import Models
from promptspec.check.policies import Applied, report_unapplied
from promptspec.check.scope import Scope, gather
from promptspec.check.sources import check_source
from promptspec.check.tone_rules import read_rules
from promptspec.check.types import Types
from promptspec.contract import types as t
from promptspec.contract.feature import Feature, Module, Source
from promptspec.contract.models import Environment, OpenAIModel
from promptspec.contract.moderation import ServerModerator
from promptspec.contract.names import (
    TAKEN_BY_MODULES,
    field_name,
    function_name,
    member_name,
    source_name,
    top_names,
)
from promptspec.diagnostics import Label, Report
from promptspec.models.origins import listed_for, read_origin
from promptspec.ports import Files, Settings
from promptspec.syntax import tree
from promptspec.text import Span, SpecText

_T = TypeVar("_T")

_QUOTED = re.compile(r"`(\w+)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A checked file: what it declares, for files that use it, and its module where nothing is wrong."""

    scope: Scope
    module: Module


def check_module(
    text: SpecText,
    file: tree.SpecFile,
    *,
    used: Mapping[str, Checked],
    texts: Mapping[str, SpecText],
    report: Report,
    files: Files,
    settings: Settings,
    applied: Applied | None = None,
) -> Checked:
    """Return the checked form of *file*; problems go to *report*, and what has none is checked all the same.

    *used* holds the checked files that the `use` lines name, by the name that stands there, and *applied* what the
    policies of the project ask.
    """
    desk = Desk(text=text, texts=texts, report=report, files=files, settings=settings)
    if applied is not None:
        desk.read[applied.file] = applied.digest
    desk.read[text.file] = sha256(text.content.encode()).hexdigest()
    scope = gather(desk, file, {name: checked.scope for name, checked in used.items()})
    _bring(desk, scope, [checked.module for checked in used.values()])
    types = Types(desk=desk, scope=scope)
    own = [d for d in file.declarations if not isinstance(d, tree.Use) and scope.declarations.get(d.name.text) is d]
    for declaration in own:
        if isinstance(declaration, tree.EnumDeclaration):
            scope.enums[declaration.name.text] = _enum(desk, declaration)
    for declaration in own:
        if isinstance(declaration, tree.SourceDeclaration):
            source = check_source(desk, scope, types, declaration)
            if source is not None:
                scope.sources[declaration.name.text] = source
    for declaration in own:
        if isinstance(declaration, tree.RecordDeclaration):
            types.type(tree.NamedType(span=declaration.name.span, name=declaration.name.text), "record", "")
        elif isinstance(declaration, tree.ToneDeclaration):
            scope.tones[declaration.name.text] = read_rules(desk, declaration.rules)
    models = Models(desk, scope)
    _unenforced(desk, own)
    for declaration in own:
        if isinstance(declaration, tree.ModelDeclaration):
            models.check(declaration)
    return Checked(scope=scope, module=_module(desk, file, scope, types, models, own, used, applied))


def _bring(desk: Desk, scope: Scope, others: Sequence[Module]) -> None:
    """Make known what used records hold: types of their own file that no `use` names."""
    found = {(r.name, r.origin.file): (r, module) for module in others for r in module.records}
    scope.held = {place: record for place, (record, _) in found.items()}
    for name, record in list(scope.records.items()):
        work = [field.type for field in record.fields]
        while work:
            type = work.pop()
            if isinstance(type, t.ListOf):
                work.append(type.item)
            elif isinstance(type, t.Group | t.Choice):
                if not _known(desk, scope, name, type.name, type.file):
                    continue
                module = found[record.name, record.origin.file][1]
                if isinstance(type, t.Choice):
                    scope.enums[type.name] = module.enum(type)
                else:
                    scope.records[type.name] = module.record(type.name, type.file)
                    work += [field.type for field in scope.records[type.name].fields]
            elif isinstance(type, t.OneOfSource) and _known(desk, scope, name, type.source, type.file):
                module = found[record.name, record.origin.file][1]
                scope.sources[type.source] = source = module.source(type.source, type.file)
                if source.small_keys is not None:
                    scope.keys[type.source] = frozenset(source.small_keys)


def _known(desk: Desk, scope: Scope, user: str, name: str, file: str) -> bool:
    """Say whether *name* can mean the declaration of *file* here; where it means another, that is reported."""
    if scope.home.setdefault(name, file) == file:
        return True
    desk.add(
        "PS201",
        scope.used_at[user],
        f"`{user}` holds `{name}` of `{file}`, and `{name}` means something else here",
        help="rename one of them",
    )
    return False


def _unenforced(desk: Desk, own: Sequence[tree.Declaration]) -> None:
    """Report what nothing enforces: policies that are not applied, and what this version does not, even in `defaults`
    that no feature takes.
    """
    for declaration in own:
        if isinstance(declaration, tree.PolicyDeclaration):
            report_unapplied(desk, declaration)
        elif isinstance(declaration, tree.DefaultsDeclaration):
            for clause in declaration.clauses:
                for span, what in later_parts(clause):
                    desk.later(span, what)


def _module(
    desk: Desk,
    file: tree.SpecFile,
    scope: Scope,
    types: Types,
    models: Models,
    own: Sequence[tree.Declaration],
    used: Mapping[str, Checked],
    applied: Applied | None,
) -> Module:
    def module(features: tuple[Feature, ...]) -> Module:
        others = [checked.module for checked in used.values()]
        hosts, environment = _reach(features, scope.sources.values(), desk.settings)
        return Module(
            file=desk.file,
            version=str(file.header.major) if not file.header.minor else f"{file.header.major}.{file.header.minor}",
            enums=_unique(e for m in (scope.enums.values(), *(o.enums for o in others)) for e in m),
            records=_unique(
                r for m in (scope.records.values(), types.anonymous, *(o.records for o in others)) for r in m
            ),
            sources=_unique(s for m in (scope.sources.values(), *(o.sources for o in others)) for s in m),
            features=features,
            imports=scope.imports,
            hosts=hosts,
            environment=environment,
            read=tuple(sorted({**dict(pair for o in others for pair in o.read), **desk.read}.items())),
        )

    features: list[Feature] = []
    for declaration in own:
        if isinstance(declaration, tree.FeatureDeclaration):
            feature = FeatureCheck(desk, scope, types, models, declaration, applied).check(module)
            if feature is not None:
                features.append(feature)
    made = module(tuple(features))
    _python_names(desk, made, own)
    return made


def _unique(found: Iterable[_T]) -> tuple[_T, ...]:
    return tuple(dict.fromkeys(found))


def _reach(
    features: tuple[Feature, ...], sources: Iterable[Source], settings: Settings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the hosts that the features' models need, and the environment variables of all (rule 2).

    The hosts that a source may be read from are its own: no model may speak to them for that.
    """
    hosts: set[str] = set()
    environment: set[str] = set()
    for feature in features:
        moderators = (each.by.model for each in feature.moderations if isinstance(each.by, ServerModerator))
        embedders = (each.embedding.model for each in feature.shortlists if each.embedding is not None)
        for model in (*feature.models, *(judge.model for judge in feature.judges), *moderators, *embedders):
            if not isinstance(model, OpenAIModel):
                continue
            if isinstance(model.base_url, Environment):
                environment.add(model.base_url.name)
                hosts.update(settings.hosts)
            elif model.base_url is not None:
                origin = read_origin(model.base_url)
                hosts.update(() if origin is None else listed_for(origin, settings.hosts))
            if model.key is not None:
                environment.add(model.key.name)
    for source in sources:
        if source.live is not None and source.live.refresh_ms is not None:
            environment.update(each.name for each in source.live.arguments if isinstance(each, Environment))
    return tuple(sorted(hosts)), tuple(sorted(environment))


def _enum(desk: Desk, declared: tree.EnumDeclaration) -> t.Enumeration:
    members: dict[str, tree.Member] = {}
    if not declared.members:
        desk.add("PS302", declared.span, f"enum `{declared.name.text}` has no members")
    for member in declared.members:
        first = members.get(member.name.text)
        if first is not None:
            desk.add(
                "PS201",
                member.span,
                f"member `{member.name.text}` is declared twice",
                note="declared again here",
                labels=[Label(span=first.span, message="first declared here")],
                help="drop one of them",
            )
            continue
        members[member.name.text] = member
    return t.Enumeration(
        name=declared.name.text,
        members=tuple(
            t.Member(
                name=name, label=member.label.value if member.label else "", doc=member.doc.text if member.doc else ""
            )
            for name, member in members.items()
        ),
        doc=declared.doc.text if declared.doc else "",
        origin=desk.origin(declared.span),
    )


def _python_names(desk: Desk, module: Module, own: Sequence[tree.Declaration]) -> None:
    """No two things of a module may have one Python name, nor that of something that modules import."""
    spans = {d.name.text: d.name.span for d in own if not isinstance(d, tree.Use)}
    taken: dict[str, str] = dict.fromkeys(TAKEN_BY_MODULES, "what every module imports")
    for python, what in _top(module):
        if python in taken:
            _clash(desk, spans, what, taken[python], python)
        taken.setdefault(python, what)
    top = top_names(module)
    parts = {d.name.text: spans | _parts(d) for d in own if not isinstance(d, tree.Use)}
    records = [(each.name, each) for each in module.records if each.origin.file == module.file]
    records += [(feature.name, record) for feature in module.features for record in (feature.input, feature.output)]
    for owner, record in records:
        fields = [(field_name(f.name, top), f"field `{f.name}`") for f in record.fields]
        _distinct(desk, parts.get(owner, spans), fields)
    for enum in (each for each in module.enums if each.origin.file == module.file):
        members = [(member_name(m.name), f"member `{m.name}`") for m in enum.members]
        _distinct(desk, parts[enum.name], members)
    for source in (each for each in module.sources if each.origin.file == module.file):
        columns = [(field_name(c.name, top), f"column `{c.name}`") for c in source.columns]
        _distinct(desk, parts[source.name], columns)


def _parts(declared: tree.Declaration) -> dict[str, Span]:
    """Return where the fields, members or columns of *declared* are named."""
    found: list[tree.Field | tree.Member] = []
    match declared:
        case tree.EnumDeclaration(members=members):
            found += members
        case tree.RecordDeclaration(fields=fields):
            found += fields
        case tree.SourceDeclaration(settings=settings):
            found += [field for each in settings if isinstance(each, tree.Columns) for field in each.fields]
        case tree.FeatureDeclaration(clauses=clauses):
            for clause in clauses:
                if isinstance(clause, tree.InputClause):
                    found += clause.fields
                elif isinstance(clause, tree.OutputClause) and isinstance(clause.type, tree.RecordType):
                    found += clause.type.fields
        case _:
            pass
    return {each.name.text: each.name.span for each in found}


def _top(module: Module) -> Iterator[tuple[str, str]]:
    """Yield what stands at the top of the module: its Python name, and what it is."""
    imported = {(each.file, name) for each in module.imports for name in each.names}

    def stands(name: str, origin: t.Origin) -> bool:
        return origin.file == module.file or (origin.file, name) in imported

    for enum in module.enums:
        if stands(enum.name, enum.origin):
            yield enum.name, f"enum `{enum.name}`"
    for record in module.records:
        if not stands(record.name, record.origin):
            continue
        yield record.name, f"record `{record.name}`"
        yield f"{record.name}Fields", f"the fields of `{record.name}`"
    for source in module.sources:
        if not stands(source.name, source.origin):
            continue
        yield source.row_class, f"the rows of `{source.name}`"
        yield source_name(source.name), f"source `{source.name}`"
    for feature in module.features:
        yield feature.class_name, f"feature `{feature.name}`"
        yield function_name(feature.name), f"the function of `{feature.name}`"
        yield feature.input.name, f"the input of `{feature.name}`"
        yield feature.output.name, f"the output of `{feature.name}`"


def _distinct(desk: Desk, spans: Mapping[str, Span], names: Sequence[tuple[str, str]]) -> None:
    taken: dict[str, str] = {}
    for python, what in names:
        if python in taken:
            _clash(desk, spans, what, taken[python], python)
        taken.setdefault(python, what)


def _clash(desk: Desk, spans: Mapping[str, Span], what: str, other: str, python: str) -> None:
    """Report at whichever of the two stands further down, and point back at the other."""
    named = (name for text in (what, other) for name in _QUOTED.findall(text) if name in spans)
    places = sorted({spans[name] for name in named} or {next(iter(spans.values()))}, key=lambda span: span.start)
    desk.add(
        "PS208",
        places[-1],
        f"{what} and {other} are both `{python}` in Python",
        labels=[Label(span=span, message="this is the other one") for span in places[:-1]],
        help="rename one of them",
    )
