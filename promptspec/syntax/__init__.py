"""Spec text to syntax tree, and back."""

from promptspec.syntax.parser import parse, parse_expression, parse_type, read_header
from promptspec.syntax.words import KEYWORDS, RESERVED

__all__ = ["KEYWORDS", "RESERVED", "parse", "parse_expression", "parse_type", "read_header"]
