"""Labelled rows, passed through their own feature: what it makes of the reply that each says is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from promptspec.check.labelled import LabelledRow
from promptspec.contract.wire_value import wire_value
from promptspec.errors import PromptspecError, Violation
from promptspec.runtime.feature import Feature as Running
from promptspec.runtime.overrides import Wires
from promptspec.trials.calls import caller_of, let_through, quiet_world
from promptspec.trials.plain import output_of


def right_values(running: Running[Any], row: LabelledRow) -> Mapping[str, object] | str:
    """Return the fields of the reply that *row* says is right, as the feature delivers them, or why it refuses it."""
    module, feature = running.module_contract, running.contract
    text = wire_value(module, feature, row.returns, row.given)
    try:
        with running.override(model=Wires((text,)), world=quiet_world(row.on)):
            reply = let_through(running.call_fields(row.given, caller=caller_of(feature.caller, None)))
    except PromptspecError as error:
        found = error.violations or (Violation(path="call", rule=error.code, message=error.detail),)
        return "; ".join(f"`{violation.path}` {violation.message}" for violation in found[:3])
    if reply.dropped:
        return f"the reply would lose `{reply.dropped[0].path}`, which `{reply.dropped[0].rule}` drops"
    return output_of(module, feature, reply.value)


def refused_rows(running: Running[Any], rows: tuple[LabelledRow, ...]) -> Iterator[tuple[int, str]]:
    """Yield the line of each row that its own feature refuses, and why."""
    for row in rows:
        found = right_values(running, row)
        if isinstance(found, str):
            yield row.line, found
