"""Prompts: messages, and the templates that stand in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from promptspec.syntax.tree.expressions import Expr
from promptspec.syntax.tree.literals import StringLiteral
from promptspec.syntax.tree.nodes import Name, Node


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateText(Node):
    """Text of a template that is sent as it stands."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatePrint(Node):
    """`{{ expression }}`."""

    value: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateBranch(Node):
    """The condition of an `if` or `elif`, and what it shows."""

    condition: Expr
    body: tuple[TemplatePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateIf(Node):
    """`{% if %} … {% elif %} … {% else %} … {% endif %}`."""

    branches: tuple[TemplateBranch, ...]
    otherwise: tuple[TemplatePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateFor(Node):
    """`{% for x in xs %} … {% endfor %}`."""

    variable: Name
    over: Expr
    body: tuple[TemplatePart, ...]


TemplatePart: TypeAlias = TemplateText | TemplatePrint | TemplateIf | TemplateFor


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTemplate(Node):
    """`system \"\"\"…\"\"\"` or `user \"\"\"…\"\"\"`; *parts* is the text, parsed."""

    role: Literal["system", "user"]
    text: StringLiteral
    parts: tuple[TemplatePart, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnsMessage(Node):
    """`turns history` in a prompt."""

    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptClause(Node):
    """`prompt { messages }`."""

    messages: tuple[MessageTemplate | TurnsMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceClause(Node):
    """`fence tags`, `fence datamark`, `fence json`."""

    mode: Name
