"""What `run` and `render` share: the feature, its input, its caller, and the world that it is called in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

import typer

from promptspec.cli.desk import Desk
from promptspec.cli.ending import REFUSED, USAGE, Stop
from promptspec.cli.fields import Fields, given_fields
from promptspec.cli.reporting import seen_from_here, write_problems
from promptspec.cli.targets import choose_feature, read_target

if TYPE_CHECKING:
    from promptspec.contract.feature import Feature as Contract
    from promptspec.contract.feature import Module
    from promptspec.runtime.drafts import Rendered
    from promptspec.runtime.held import Held
    from promptspec.runtime.plan import Plan
    from promptspec.runtime.replies import Reply
    from promptspec.safety.callers import Anyone


class Feature(Protocol):
    """A feature of a generated module, as far as commands use it."""

    @property
    def plan(self) -> Plan: ...
    @property
    def contract(self) -> Contract: ...
    @property
    def module_contract(self) -> Module: ...
    def call_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Reply[Any] | Held[Any]: ...
    def render_fields(self, fields: Mapping[str, object], *, caller: Anyone | None = None) -> Rendered: ...
    def override(self, *, model: Any = None, world: Any = None, ledger: Any = None) -> AbstractContextManager[Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A feature and the input that it is called with."""

    feature: Feature
    fields: Fields
    caller: Anyone


def read_call(
    desk: Desk, *, target: str, pairs: Sequence[str], source: str | None, caller: str | None, json: bool
) -> Asked:
    """Return the call that a command line describes; on a terminal, what is missing is asked for."""
    feature = open_feature(desk, target, json=json)
    record = feature.contract.input
    fields = given_fields(desk, record, pairs, source)
    if desk.may_ask and source is None and not json:
        from promptspec.cli.asking import Questions

        questions = Questions(desk=desk, module=feature.module_contract, sources=feature.plan.sources)
        fields = questions.ask_missing(record, fields)
    return Asked(feature=feature, fields=fields, caller=read_caller(caller, feature.contract.caller))


def open_feature(desk: Desk, text: str, *, json: bool) -> Feature:
    """Return the feature that `SPEC:FEATURE` names. Stops where the spec does not compile, having said why."""
    target = read_target(text)
    compilation = desk.compiler.compile([target.path], trials=False)
    if compilation.has_errors():
        write_problems(desk, *seen_from_here(compilation), json=json)
        raise typer.Exit(REFUSED)
    features: Mapping[str, Feature] = desk.compiler.load(compilation)
    return features[choose_feature(target, features)]


def read_caller(text: str | None, level: str) -> Anyone:
    """Return the caller that `LEVEL:ID` names; without it a new session, or nobody where the feature asks for none."""
    from promptspec.safety.callers import LEVELS, Anyone, Session

    if text is None:
        import secrets

        return Anyone() if level == "anyone" else Session(secrets.token_hex(16))
    name, _, id = text.partition(":")
    if name not in LEVELS:
        listed = ", ".join(f"`{known}`" for known in LEVELS)
        raise Stop(USAGE, f"`{name}` is no level of callers", help=f"the levels are {listed}")
    if name == "anyone":
        return Anyone()
    if not id:
        raise Stop(USAGE, f"a caller of level `{name}` has an id", help=f"write `--caller {name}:u1`")
    return cast("type[Session]", LEVELS[name])(id)
