"""Rules of declarations."""

from __future__ import annotations

from typing import Any

from promptspec.syntax import tree
from promptspec.syntax.build.place import Build


class BuildDeclarations(Build):
    """What stands at the top level of a file."""

    def file(self, c: list[Any]) -> tree.SpecFile:
        """A whole file, without its comments."""
        return tree.SpecFile(header=c[0], declarations=tuple(c[1:]), span=self._span(c))

    def header(self, c: list[Any]) -> tree.Header:
        """`promptspec 1`."""
        major, _, minor = str(c[1]).partition(".")
        return tree.Header(major=int(major), minor=int(minor or 0), span=self._span(c))

    def names(self, c: list[Any]) -> tuple[tree.Name, ...]:
        """`a, b`."""
        return tuple(self._name(token) for token in c[::2])

    def use(self, c: list[Any]) -> tree.Use:
        """`use Mood, house from "common.spec"`."""
        return tree.Use(names=c[1], path=c[3], span=self._span(c))

    def enum(self, c: list[Any]) -> tree.EnumDeclaration:
        """`enum Mood { … }`."""
        return tree.EnumDeclaration(
            name=self._declared(c[1], "an enum"), members=c[3], doc=self._doc(c[0].start_pos), span=self._span(c)
        )

    def members(self, c: list[Any]) -> tuple[Any, ...]:
        """The members of an enum."""
        return self._nodes(c)

    def enum_member(self, c: list[Any]) -> tree.Member:
        """A member of an enum."""
        return tree.Member(name=self._name(c[0]), label=c[1], doc=self._doc(c[0].start_pos), span=self._span(c))

    def record(self, c: list[Any]) -> tree.RecordDeclaration:
        """`record Line { … }`."""
        return tree.RecordDeclaration(
            name=self._declared(c[1], "a record"), fields=c[3], doc=self._doc(c[0].start_pos), span=self._span(c)
        )

    def source(self, c: list[Any]) -> tree.SourceDeclaration:
        """`source films = csv("…") { … }`."""
        return tree.SourceDeclaration(
            name=self._declared(c[1], "a source"),
            kind=self._word(c[3]),
            arguments=c[5] or (),
            settings=c[8] or (),
            doc=self._doc(c[0].start_pos),
            span=self._span(c),
        )

    def source_settings(self, c: list[Any]) -> tuple[Any, ...]:
        """Settings and columns."""
        return self._nodes(c)

    def rows(self, c: list[Any]) -> tree.SourceDeclaration:
        """`source plans = rows { … }`."""
        return tree.SourceDeclaration(
            name=self._declared(c[1], "a source"),
            kind=self._word(c[3]),
            rows=c[5],
            doc=self._doc(c[0].start_pos),
            span=self._span(c),
        )

    def row_list(self, c: list[Any]) -> tuple[Any, ...]:
        """The rows of a source."""
        return self._nodes(c)

    def row(self, c: list[Any]) -> tree.RowLiteral:
        """`"free" "Free"`."""
        return tree.RowLiteral(key=c[0], label=c[1], span=self._span(c))

    def columns(self, c: list[Any]) -> tree.Columns:
        """`columns { … }`."""
        return tree.Columns(fields=c[2], span=self._span(c))

    def column_list(self, c: list[Any]) -> tuple[Any, ...]:
        """The columns of a source."""
        return self._nodes(c)

    def model(self, c: list[Any]) -> tree.ModelDeclaration:
        """`model small = openai("…") { … }`."""
        return tree.ModelDeclaration(
            name=self._declared(c[1], "a model"),
            kind=self._word(c[3]),
            arguments=c[5] or (),
            settings=c[8] or (),
            doc=self._doc(c[0].start_pos),
            span=self._span(c),
        )

    def first_model(self, c: list[Any]) -> tree.ModelDeclaration:
        """`model robust = first small, local`."""
        return tree.ModelDeclaration(
            name=self._declared(c[1], "a model"),
            kind=self._word(c[3]),
            members=c[4],
            doc=self._doc(c[0].start_pos),
            span=self._span(c),
        )

    def arguments(self, c: list[Any]) -> tuple[Any, ...]:
        """What a source or model is made of."""
        return self._nodes(c)

    def environment(self, c: list[Any]) -> tree.EnvCall:
        """`env("…")`."""
        word = self._word(c[0])
        if word.text != "env":
            self.place.findings.add(
                "PS117",
                word.span,
                f"`{word.text}(…)` is no value",
                help='the only one of this form is `env("NAME")`, a variable of the environment',
            )
        return tree.EnvCall(name=c[2], span=self._span(c))

    def settings(self, c: list[Any]) -> tuple[Any, ...]:
        """The settings of a model."""
        return self._nodes(c)

    def setting(self, c: list[Any]) -> tree.Setting:
        """`name value`."""
        return tree.Setting(name=self._word(c[0]), value=c[1], span=self._span(c))

    def tone_declaration(self, c: list[Any]) -> tree.ToneDeclaration:
        """`tone house { … }`."""
        return tree.ToneDeclaration(
            name=self._declared(c[1], "a tone"), rules=c[3], doc=self._doc(c[0].start_pos), span=self._span(c)
        )

    def defaults(self, c: list[Any]) -> tree.DefaultsDeclaration:
        """`defaults magazine { … }`."""
        return tree.DefaultsDeclaration(
            name=self._declared(c[1], "defaults"), clauses=c[3], doc=self._doc(c[0].start_pos), span=self._span(c)
        )

    def feature(self, c: list[Any]) -> tree.FeatureDeclaration:
        """`feature name with shared { … }`."""
        return tree.FeatureDeclaration(
            name=self._declared(c[1], "a feature"),
            defaults=c[3] or (),
            clauses=c[5] or (),
            doc=self._doc(c[0].start_pos),
            span=self._span(c),
        )

    def clauses(self, c: list[Any]) -> tuple[Any, ...]:
        """The clauses of a feature."""
        return tuple(c)

    def policy(self, c: list[Any]) -> tree.PolicyDeclaration:
        """`policy company { … }`."""
        return tree.PolicyDeclaration(
            name=self._declared(c[1], "a policy"), rules=c[3], doc=self._doc(c[0].start_pos), span=self._span(c)
        )

    def policy_rules(self, c: list[Any]) -> tuple[Any, ...]:
        """The rules of a policy."""
        return self._nodes(c)

    def must_rule(self, c: list[Any]) -> tree.PolicyRule:
        """`every feature must moderate input, output`."""
        return tree.PolicyRule(kind="must", subject=self._word(c[3]), targets=c[4] or (), span=self._span(c))

    def no_rule(self, c: list[Any]) -> tree.PolicyRule:
        """`no text over 2_000 chars`."""
        return tree.PolicyRule(kind="no", subject=self._word(c[1]), amount=c[3], unit=c[4], span=self._span(c))

    def at_most_rule(self, c: list[Any]) -> tree.PolicyRule:
        """`reply at most 800 tokens`."""
        return tree.PolicyRule(kind="at_most", subject=self._word(c[0]), amount=c[3], unit=c[4], span=self._span(c))

    def at_least_rule(self, c: list[Any]) -> tree.PolicyRule:
        """`caller at least signed_in`."""
        return tree.PolicyRule(kind="at_least", subject=self._word(c[0]), level=self._word(c[3]), span=self._span(c))

    def may_waive_rule(self, c: list[Any]) -> tree.PolicyRule:
        """`may waive review`."""
        return tree.PolicyRule(kind="may_waive", subject=self._word(c[2]), targets=c[3] or (), span=self._span(c))

    def practice_targets(self, c: list[Any]) -> tuple[tree.Name, ...]:
        """`input, output`."""
        return tuple(self._word(token) for token in c[::2])

    def unit(self, c: list[Any]) -> tree.Name:
        """A unit of an amount."""
        return self._word(c[0])
