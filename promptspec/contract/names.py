"""Names of the spec to names of Python."""

from __future__ import annotations

import keyword
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from promptspec.contract.feature import Module

#: What a field cannot be called in a class of pydantic or as a keyword of the call. Public names only: a leading
#: underscore never stays. Lists rather than `dir()`, so that every version of Python and pydantic gives the same
#: module; a test holds them against `dir()` of what is installed.
TAKEN_BY_MODELS: Final = frozenset(
    "construct copy dict from_orm json model_computed_fields model_config model_construct model_copy model_dump "
    "model_dump_json model_extra model_fields model_fields_set model_json_schema model_parametrized_name "
    "model_post_init model_rebuild model_validate model_validate_json model_validate_strings parse_file parse_obj "
    "parse_raw schema schema_json update_forward_refs validate key_column "
    # the call's own keywords, and what generated code itself says
    "caller idempotency_key self cls ps dt bool int str tuple Annotated Decimal Field Final Literal Mapping "
    "NotRequired Sequence TypedDict Iterator".split()
)

#: What a generated module imports or calls: no type, source, function or variable of a spec takes its place.
TAKEN_BY_MODULES: Final = frozenset(
    "Annotated Decimal Field Iterator Literal Mapping NotRequired STAMP Sequence TypedDict abs all any bool dt "
    "enumerate int len max min ps str tuple".split()
)

#: What a member of an enum of strings cannot be called.
TAKEN_BY_WORDS: Final = frozenset(
    [
        "capitalize",
        "casefold",
        "center",
        "count",
        "encode",
        "endswith",
        "expandtabs",
        "find",
        "format",
        "format_map",
        "index",
        "isalnum",
        "isalpha",
        "isascii",
        "isdecimal",
        "isdigit",
        "isidentifier",
        "islower",
        "isnumeric",
        "isprintable",
        "isspace",
        "istitle",
        "isupper",
        "join",
        "ljust",
        "lower",
        "lstrip",
        "maketrans",
        "partition",
        "removeprefix",
        "removesuffix",
        "replace",
        "rfind",
        "rindex",
        "rjust",
        "rpartition",
        "rsplit",
        "rstrip",
        "split",
        "splitlines",
        "startswith",
        "strip",
        "swapcase",
        "title",
        "translate",
        "upper",
        "zfill",
        "name",
        "value",
        "mro",
        "judge",
    ]
)


def function_name(name: str) -> str:
    """Return the function of a feature."""
    return python_name(name, TAKEN_BY_MODULES)


def source_name(name: str) -> str:
    """Return the constant of a source."""
    return python_name(python_name(name).upper(), TAKEN_BY_MODULES)


def member_name(name: str) -> str:
    """Return the attribute of an enum's member."""
    return python_name(name, TAKEN_BY_WORDS)


def field_name(name: str, top: AbstractSet[str]) -> str:
    """Return the attribute and keyword of a field, in a module whose names at the top are *top*."""
    return python_name(name, top | TAKEN_BY_MODELS)


def top_names(module: Module) -> frozenset[str]:
    """Return the names of classes and sources at the top of the module, which no field may hide."""
    found = {e.name for e in module.enums} | {r.name for r in module.records}
    found |= {source_name(s.name) for s in module.sources} | {s.row_class for s in module.sources}
    for feature in module.features:
        found |= {feature.class_name, feature.input.name, feature.output.name}
    return frozenset(found)


def python_name(name: str, taken: AbstractSet[str] = TAKEN_BY_MODELS) -> str:
    """Return *name* as Python can bear it: with a trailing underscore where it is a keyword or *taken*."""
    bare = name.lstrip("_") or "field"
    if bare != name or keyword.iskeyword(bare) or bare in taken:
        return f"{bare}_"
    return bare
