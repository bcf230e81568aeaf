"""The bases of generated models: what is closed stays closed, and inputs keep out of reprs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """A group of fields; unknown ones are refused, instances are judged again, and nothing can be changed later."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        defer_build=True,
        hide_input_in_errors=True,
        revalidate_instances="always",
        validate_default=True,
        validate_by_alias=True,
        validate_by_name=False,
        serialize_by_alias=True,
        arbitrary_types_allowed=True,
    )


class Input(Record):
    """The input of a feature. Its repr names the fields and shows none of what a caller sent."""

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        for name in type(self).model_fields:
            yield name, ...


class Row(BaseModel):
    """A row of a source, whose key is in *key_column*. Only the source makes rows; they are not judged again."""

    key_column: ClassVar[str]

    model_config = ConfigDict(frozen=True, defer_build=True, serialize_by_alias=True, arbitrary_types_allowed=True)
