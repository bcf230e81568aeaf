"""The keywords of JSON Schema, by what becomes of them in a closed schema."""

from __future__ import annotations

from typing import Final

#: Said of a value and never judged; all but `description` are left out.
ANNOTATIONS: Final = frozenset(
    {
        "$comment",
        "$defs",
        "$id",
        "$schema",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "default",
        "definitions",
        "deprecated",
        "description",
        "discriminator",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    }
)

#: Judged.
ASSERTIONS: Final = frozenset(
    {
        "additionalProperties",
        "const",
        "enum",
        "exclusiveMaximum",
        "exclusiveMinimum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maximum",
        "minItems",
        "minLength",
        "minimum",
        "multipleOf",
        "pattern",
        "properties",
        "required",
        "type",
        "unevaluatedProperties",
        "uniqueItems",
    }
)

#: A schema by way of others; nothing that judges may stand beside one of these.
CHOICES: Final = ("$ref", "anyOf", "oneOf", "allOf")

#: Keywords that no closed form has.
UNSUPPORTED: Final = frozenset(
    {
        "$anchor",
        "$dynamicAnchor",
        "$dynamicRef",
        "$recursiveAnchor",
        "$recursiveRef",
        "$vocabulary",
        "additionalItems",
        "contains",
        "dependencies",
        "dependentRequired",
        "dependentSchemas",
        "else",
        "if",
        "maxContains",
        "maxProperties",
        "minContains",
        "minProperties",
        "not",
        "patternProperties",
        "prefixItems",
        "propertyNames",
        "then",
        "unevaluatedItems",
    }
)

TYPES: Final = ("object", "array", "string", "integer", "number", "boolean", "null")
