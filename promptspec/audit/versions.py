"""Two versions of some specs: what changed in each feature, and in what their projects allow and ask for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.audit.change import Change, Rise, highest, joined, loosest, same
from promptspec.audit.changes import feature_changes
from promptspec.audit.relations import Relation, Sides
from promptspec.audit.wording import amount
from promptspec.contract.feature import Feature, Module, Source
from promptspec.contract.practices import AtMost, CallerAtLeast, MayWaive, Must, NoneOver, Policy, PolicyRule
from promptspec.ports import Settings
from promptspec.safety.callers import LEVELS

Fate: TypeAlias = Literal["kept", "added", "removed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """What stands in one version: its modules, and the settings and policies of its project."""

    modules: tuple[Module, ...]
    settings: Settings
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureDifference:
    """What became of a feature, and how the version number has to rise for it."""

    name: str
    file: str
    fate: Fate
    changes: tuple[Change, ...]
    relation: Relation
    rise: Rise


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What changed of the *project* as a whole, and in each feature that is not what it was."""

    project: tuple[Change, ...]
    features: tuple[FeatureDifference, ...]

    @property
    def relation(self) -> Relation:
        """How the new version relates to the old one."""
        relation = loosest(self.project)
        for feature in self.features:
            relation = joined(relation, feature.relation)
        return relation

    @property
    def rise(self) -> Rise:
        """How the version number has to rise."""
        return highest((*(change.rise for change in self.project), *(feature.rise for feature in self.features)))

    @property
    def loosens(self) -> bool:
        """Whether anything is looser than it was, or not comparable."""
        parts = (*self.project, *(change for feature in self.features for change in feature.changes))
        gone = any(feature.fate == "added" for feature in self.features)
        return gone or any(change.relation in ("looser", "incomparable") for change in parts)


def difference(old: Version, new: Version) -> Difference:
    """Return what changed. Features are the same where their names are; where a name stands twice, their files too."""
    project = (*_settings(old.settings, new.settings), *policy_changes(old.policies, new.policies), *_sources(old, new))
    return Difference(project=tuple(project), features=tuple(_features(old, new)))


# Features


def _features(old: Version, new: Version) -> Iterator[FeatureDifference]:
    before, after = _by_name(old), _by_name(new)
    for name in sorted(before.keys() | after.keys()):
        one, other = before.get(name), after.get(name)
        if one is None and other is not None:
            yield _whole(other, "added", "minor")
        elif one is not None and other is None:
            yield _whole(one, "removed", "major")
        elif one is not None and other is not None:
            changes = feature_changes(one[0], other[0], Sides(one[1], other[1]))
            if changes:
                yield FeatureDifference(
                    name=other[0].name,
                    file=other[1].file,
                    fate="kept",
                    changes=changes,
                    relation=loosest(changes),
                    rise=highest(change.rise for change in changes),
                )


def _whole(found: tuple[Feature, Module], fate: Fate, rise: Rise) -> FeatureDifference:
    feature, module = found
    relation: Relation = "looser" if fate == "added" else "stricter"
    return FeatureDifference(name=feature.name, file=module.file, fate=fate, changes=(), relation=relation, rise=rise)


def _by_name(version: Version) -> Mapping[tuple[str, str], tuple[Feature, Module]]:
    """Return the features by their names, and by their files where a name stands twice."""
    found = [(feature, module) for module in version.modules for feature in module.features]
    names = [feature.name for feature, _ in found]
    return {
        (feature.name, module.file if names.count(feature.name) > 1 else ""): (feature, module)
        for feature, module in found
    }


# Projects


def _settings(old: Settings, new: Settings) -> Iterator[Change]:
    """An entry more lets specs reach further; one less cannot."""
    for name, before, after in (
        ("env", old.environment, new.environment),
        ("hosts", old.hosts, new.hosts),
        ("private_hosts", old.private_hosts, new.private_hosts),
        ("functions", old.functions, new.functions),
    ):
        come, gone = sorted(set(after) - set(before)), sorted(set(before) - set(after))
        if come:
            yield Change(rule=f"[tool.promptspec] {name}", relation="looser", rise="patch", new=", ".join(come))
        if gone:
            yield Change(rule=f"[tool.promptspec] {name}", relation="stricter", rise="patch", old=", ".join(gone))


def policy_changes(old: Sequence[Policy], new: Sequence[Policy]) -> Iterator[Change]:
    """Yield what policies ask for now and did not, or no more. Their names do not count."""
    before = {_about(rule): rule for policy in old for rule in _single(policy)}
    after = {_about(rule): rule for policy in new for rule in _single(policy)}
    for about in sorted(before.keys() | after.keys()):
        one, other = before.get(about), after.get(about)
        if one is not None and other is not None and same(one, other):
            continue
        yield Change(
            rule="policy",
            relation=_asked(one, other),
            rise="patch",
            old=rule_words(one) if one else "",
            new=rule_words(other) if other else "",
        )


def _single(policy: Policy) -> Iterator[PolicyRule]:
    """Yield the rules of a policy, one a side."""
    for rule in policy.rules:
        match rule:
            case Must(practice=practice, sides=sides, origin=origin) if sides:
                for side in sides:
                    yield Must(practice=practice, sides=(side,), origin=origin)
            case MayWaive(practice=practice, sides=sides, origin=origin) if sides:
                for side in sides:
                    yield MayWaive(practice=practice, sides=(side,), origin=origin)
            case _:
                yield rule


def _about(rule: PolicyRule) -> tuple[str, ...]:
    match rule:
        case Must():
            return ("must", rule.practice, *rule.sides)
        case NoneOver():
            return ("no", rule.kind, rule.unit)
        case AtMost():
            return ("most", rule.subject)
        case CallerAtLeast():
            return ("caller",)
        case MayWaive():
            return ("waive", rule.practice, *rule.sides)


def _asked(old: PolicyRule | None, new: PolicyRule | None) -> Relation:
    allows = isinstance(old or new, MayWaive)
    if old is None:
        return "looser" if allows else "stricter"
    if new is None:
        return "stricter" if allows else "looser"
    match old, new:
        case NoneOver(most=before), NoneOver(most=after):
            return "stricter" if after < before else "looser"
        case AtMost(most=before), AtMost(most=after):
            return "stricter" if after < before else "looser"
        case CallerAtLeast(level=before), CallerAtLeast(level=after):
            levels = list(LEVELS)
            return "stricter" if levels.index(after) > levels.index(before) else "looser"
        case _:
            return "incomparable"


def rule_words(rule: PolicyRule) -> str:
    """Return a rule of a policy nearly as it is written; times stand in milliseconds."""
    match rule:
        case Must(practice=practice, sides=sides):
            return f"every feature must {' '.join((practice, ', '.join(sides))).strip()}"
        case NoneOver(kind=kind, most=most, unit=unit):
            return f"no {kind} over {most:_} {unit}"
        case AtMost(subject=subject, most=most):
            return f"{subject} at most {amount(most)}"
        case CallerAtLeast(level=level):
            return f"caller at least {level}"
        case MayWaive(practice=practice, sides=sides):
            return f"may waive {' '.join((practice, ', '.join(sides))).strip()}"


# Sources


def _sources(old: Version, new: Version) -> Iterator[Change]:
    before, after = _own_sources(old), _own_sources(new)
    for name in sorted(before.keys() & after.keys()):
        one, other = before[name], after[name]
        if one.trusted is not other.trusted:
            yield Change(
                rule=f"source {name}: trust",
                relation="looser" if other.trusted else "stricter",
                rise="patch",
                old="curated" if one.trusted else "open",
                new="curated" if other.trusted else "open",
            )
        if one.content_hash != other.content_hash:
            rows = f"{one.size:,} rows", f"{other.size:,} rows"
            yield Change(rule=f"source {name}: rows", relation="incomparable", rise="minor", old=rows[0], new=rows[1])
        if not same(one.columns, other.columns) or one.key != other.key or not same(one.live, other.live):
            yield Change(rule=f"source {name}", relation="incomparable", rise="minor", old="as it was", new="changed")


def _own_sources(version: Version) -> Mapping[str, Source]:
    return {
        source.name: source
        for module in version.modules
        for source in module.sources
        if source.origin.file == module.file
    }
