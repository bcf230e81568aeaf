"""Environment variables and hosts that a spec names: the settings of the project list those that it may (rule 2)."""

from __future__ import annotations

from promptspec.check.desk import Desk
from promptspec.contract.models import Environment
from promptspec.models.origins import Origin, is_loopback, listed_for
from promptspec.syntax import tree
from promptspec.text import Span


def environment_of(desk: Desk, call: tree.EnvCall) -> Environment | None:
    """Return the variable that `env(…)` names; None after a report."""
    name = call.name.value
    if name not in desk.settings.environment:
        desk.add(
            "PS806",
            call.span,
            f"the project does not list the environment variable `{name}`",
            help=f'add it to `pyproject.toml`: `[tool.promptspec] env = ["{name}"]`',
        )
        return None
    return Environment(name=name)


def may_reach(desk: Desk, span: Span, origin: Origin, *, usual_ports: tuple[int, ...] = (80, 443)) -> bool:
    """Report a host that the project does not list, and plain http to another machine; say whether there is neither."""
    if origin.scheme == "http" and not is_loopback(origin.host):
        desk.add("PS807", span, "plain http goes to this machine only", help="write `https://…`")
        return False
    if not listed_for(origin, desk.settings.hosts):
        shown = origin.host if origin.port in usual_ports else f"{origin.host}:{origin.port}"
        desk.add(
            "PS807",
            span,
            f"the project does not list the host `{shown}`",
            help=f'add it to `pyproject.toml`: `[tool.promptspec] hosts = ["{shown}"]`',
        )
        return False
    return True
